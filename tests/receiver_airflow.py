"""An API server of a real Airflow that takes callbacks, without the rest of Airflow: up in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow_provider_nusawa.ledger.store import open_ledger
from dev.house import House
from dev.house.house import lay_database

TOKEN = "t0ken-CANARY_abcdefghijklmnop"
TAKES_CALLBACKS = {
    "AIRFLOW__NUSAWA__RECEIVER": "True",
    # The very first is the one that a rotation leaves behind.
    "AIRFLOW__NUSAWA__CALLBACK_TOKEN_CMD": f"echo an-older-0ne-CANARY,{TOKEN}",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
}


@contextmanager
def api_server(**environ: str) -> Iterator[House]:
    """Run it over an empty ledger in its home."""
    house = House(environ={**TAKES_CALLBACKS, **environ}, say=print)
    lay_database(house.home, print)
    open_ledger(f"sqlite:///{house.home}/nusawa-ledger.sqlite", create=True).close()
    try:
        house.start_part("api-server")
        house.until(lambda: house.web.fetch("GET", "/api/v2/monitor/health")[0] == 200, 180, house.last_words)
        yield house
    finally:
        house.stop()
