"""Datasets whose tables lie otherwise than in contracts, put into those: a module each, and what they share."""
