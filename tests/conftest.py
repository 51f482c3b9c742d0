"""A throw-away AIRFLOW_HOME for the whole session, set before anything imports Airflow."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dev.house.house import lay_database

HOME = Path(tempfile.mkdtemp(prefix="nusawa-tests-"))

for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "AIRFLOW__"))]:
    del os.environ[name]  # whoever runs the tests may have a real gateway in AIRFLOW_CONN_NUSAWA_DEFAULT
os.environ |= {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(HOME / "dags"),
    "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
}

pytest.register_assert_rewrite("promise", "campaign_run")
pytest_plugins = ["airflow_provider_nusawa.testing", "real_airflow", "alerts", "clients", "sends", "at_once"]


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def airflow_db() -> Path:
    """Airflow's own database, fresh and empty, in the AIRFLOW_HOME returned."""
    lay_database(HOME, print)
    return HOME


@pytest.fixture(autouse=True)
def masked_for_one_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Airflow forget at a test's end what the test had masked: 2.11 stars a password of one line break too."""
    for masker in logging.getLogger("airflow.task").filters:
        if hasattr(masker, "patterns"):
            monkeypatch.setattr(masker, "patterns", set(masker.patterns))
            monkeypatch.setattr(masker, "replacer", masker.replacer)


@pytest.fixture
def suspend(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Suspend the machine for so many seconds: one clock goes on meanwhile, and ``time.monotonic`` does not."""
    slept, clock_gettime = list[float](), time.clock_gettime

    def told(clock: int) -> float:
        return clock_gettime(clock) + (sum(slept) if clock == time.CLOCK_BOOTTIME else 0.0)

    monkeypatch.setattr(time, "clock_gettime", told)
    return slept.append
