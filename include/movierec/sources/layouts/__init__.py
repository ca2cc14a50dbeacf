"""Datasets whose tables are laid out otherwise than the contracts, and how each is rewritten to match them."""
