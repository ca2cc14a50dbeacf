"""Judging rankers: what is held out, how lists are scored, and whether a difference is more than luck."""
