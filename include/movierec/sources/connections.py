"""The Airflow connection that every installation has. Without imports, so that a DAG file can name it."""

WAREHOUSE = "movierec_warehouse"
