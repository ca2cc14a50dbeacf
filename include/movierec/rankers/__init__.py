"""Rankers, one module each; `base` is what all of them keep, `registry` knows them all, `names` only their names."""
