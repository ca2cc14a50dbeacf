"""A saved model: its card, the manifest of its files, and the history that it was fitted on."""
