"""What was planned, sent, refused and delivered, so that it survives whoever sends. Knows no Airflow."""
