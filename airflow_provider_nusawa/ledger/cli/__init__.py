"""The command line's commands, in groups of one thing each."""

from __future__ import annotations

from airflow_provider_nusawa.ledger.cli.deciding import retry
from airflow_provider_nusawa.ledger.cli.looking import campaigns, export, show
from airflow_provider_nusawa.ledger.cli.people import forget, person, purge, suppress
from airflow_provider_nusawa.ledger.cli.resolving import resolve
from airflow_provider_nusawa.ledger.cli.root import init, main

for command in (init, campaigns, show, export, retry, resolve, suppress, person, forget, purge):
    main.add_command(command)

__all__ = ["main"]
