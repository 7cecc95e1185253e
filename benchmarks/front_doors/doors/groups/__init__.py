"""The groups of networks: each file lists its Subjects by `list_subjects()`, and imports nothing of theirs to do so."""
