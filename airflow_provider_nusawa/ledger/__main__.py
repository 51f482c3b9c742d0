"""The ledger from a terminal: look, decide, forget. Works while Airflow does not."""

from __future__ import annotations

from airflow_provider_nusawa.ledger.cli import main

if __name__ == "__main__":
    main(prog_name="python -m airflow_provider_nusawa.ledger")
