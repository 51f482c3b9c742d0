"""The ledger's own fixtures, so that tests run on a SQLite file and on a real PostgreSQL; and legs over both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ledger.conftest import house, ledger, postgres, url
from ledger_house import House
from leg_house import Ahead, LegHouse

from airflow_provider_nusawa.emulator import Account, Backend
from airflow_provider_nusawa.emulator.serving import serve
from airflow_provider_nusawa.ledger.store import open_ledger

__all__ = ["house", "ledger", "postgres", "url"]


@pytest.fixture
def api(url: str) -> str:
    """Each dialect beside one kind of ledger: neither knows of the other, and time is dear."""
    return "v3" if url.startswith("sqlite") else "v1"


@pytest.fixture
def legs(url: str, api: str) -> Iterator[LegHouse]:
    """A ledger whose time passes, and may be set; and a gateway that has credits for all."""
    clock, backend = Ahead(), Backend(Account(balance=1_000_000))
    with serve(backend) as gateway, open_ledger(url, create=True, clock=clock) as opened:
        yield LegHouse(House(opened, clock), clock, backend, gateway, api)
