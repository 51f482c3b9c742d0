"""Campaigns seen inside Airflow 3: pages to look at, behind Airflow's own login and permission. Nothing acts here."""
