"""Signatures of programs, networks and run folders by OpenSSF model-signing: who vouches for every byte of them."""
