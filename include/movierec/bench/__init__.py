"""Measurements of the pipeline at sizes that nobody ships: files are generated, a server of their own is started."""
