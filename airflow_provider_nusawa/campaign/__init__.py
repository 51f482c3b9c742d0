"""From a list of people to messages sent, each one accounted for. Knows no Airflow."""
