"""Rankers, one module each; `registry` knows them all, `names` only what they are called."""
