"""Tables of other people's databases."""
