"""How to wait for what the gateway does, and when to stop. Knows no Airflow."""
