"""The pipeline on one machine: set-up, dataset, embedded PostgreSQL, Airflow in the background, one night."""
