"""Takes the gateway's delivery callbacks and puts them into the ledger. Knows no Airflow: a host lends it both."""
