"""One real Airflow and one emulator, each in processes of its own, for all tests of the session that ask for them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from airflow_provider_nusawa.emulator.remote import Remote, spawn
from dev.house import House


@pytest.fixture(scope="session")
def spawned_gateway() -> Iterator[Remote]:
    with spawn() as remote:
        yield remote


@pytest.fixture(scope="session")
def real_airflow(spawned_gateway: Remote) -> Iterator[House]:
    """A real Airflow whose ``nusawa_default`` is the session's emulator. Give each test's Dag a name of its own."""
    with House(environ={"AIRFLOW_CONN_NUSAWA_DEFAULT": json.dumps(spawned_gateway.connection)}, say=print) as house:
        yield house


@pytest.fixture
def gateway(spawned_gateway: Remote) -> Remote:
    """The session's emulator, its books empty."""
    spawned_gateway.order("reset")
    return spawned_gateway
