"""Comparing rankers on a person's own files, as `make evaluate` does."""
