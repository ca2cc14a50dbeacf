"""Lists and similar movies as versions: written, explained, audited, put live."""
