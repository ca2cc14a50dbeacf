"""Evaluating rankers: how their lists are scored, and whether a difference is more than luck."""
