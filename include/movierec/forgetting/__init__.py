"""A viewer who asks to be forgotten: rows leave every table, histories every artifact, and sources may send neither."""
