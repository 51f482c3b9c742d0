"""Our side of the wire: what the gateway speaks, and one small client that speaks it. Knows no Airflow."""
