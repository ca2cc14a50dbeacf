"""Airflow as a group of background processes: starting and ending it, its REST API, following a night through it."""
