"""Learned rankers: candidates of the base rankers, described and put in order."""
