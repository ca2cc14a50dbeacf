"""The embedded database server: its cluster, its processes, its socket and its roles."""
