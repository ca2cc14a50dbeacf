"""Compiled loops, and the threads that share out their rows."""
