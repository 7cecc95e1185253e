"""Networks on this computer: other people's runtimes, their threads and precisions, and the clock that times them"""
