"""The quality of lists, measured under published protocols and stricter ones."""
