"""Each test of the ledger runs on a SQLite file and on a real PostgreSQL, with a clock that the test may turn."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from ledger_house import Clock, House
from postgres import Postgres, postgres_or_skip

from airflow_provider_nusawa.ledger.store import Ledger, open_ledger


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with postgres_or_skip() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a ledger, with none there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.sqlite"
    return str(request.getfixturevalue("postgres").new_place())


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """An empty ledger by the database's own clock."""
    with open_ledger(url, create=True) as opened:
        yield opened


@pytest.fixture
def house(url: str) -> Iterator[House]:
    """A ledger whose time passes only when the test says so."""
    clock = Clock()
    with open_ledger(url, create=True, clock=clock) as opened:
        yield House(opened, clock)
