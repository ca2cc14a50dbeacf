"""Airflow as a background group: its processes, its API, the chain of a night."""
