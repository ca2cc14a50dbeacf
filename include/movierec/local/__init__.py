"""One machine's pipeline: set-up, data, embedded PostgreSQL, Airflow as a background group, one night."""
