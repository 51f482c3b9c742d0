"""The connection that a person names at a command line, wherever it stands; of one that is nowhere, a sentence."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from airflow.models.connection import Connection
from airflow.utils.session import create_session

from airflow_provider_nusawa.connection_lookup import settings_of
from airflow_provider_nusawa.gateway.errors import InvalidSettings
from airflow_provider_nusawa.gateway.settings import Secret

WRITTEN = json.dumps({"conn_type": "nusawa", "login": "budi", "password": "rahasia-2026", "host": "https://x.example"})
URI = "nusawa://budi:rahasia-2026@x.example"


@pytest.mark.parametrize(
    ("named", "environment", "typed"),
    [
        pytest.param(WRITTEN, "", "", id="json"),
        pytest.param(f" {URI}\n", "", "", id="uri"),
        pytest.param("mine", URI, "", id="id-in-the-environment"),
        pytest.param("-", "", f"{WRITTEN}\n", id="typed"),
        pytest.param("-", WRITTEN, "mine\n", id="id-typed"),
    ],
)
def test_a_connection_is_found_in_each_form(
    monkeypatch: pytest.MonkeyPatch, named: str, environment: str, typed: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MINE", environment)
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))

    settings = settings_of(named)

    assert (settings.login, settings.password, settings.host) == ("budi", Secret("rahasia-2026"), "https://x.example")


@pytest.mark.usefixtures("airflow_db")
def test_a_connection_in_airflows_database_is_found_from_outside_of_airflow() -> None:
    """In a process that Airflow has not started, as a command line is."""
    with create_session() as session:
        session.add(Connection.from_json(WRITTEN, conn_id="in_the_database"))
    code = f"from {settings_of.__module__} import settings_of; print(settings_of('in_the_database').host)"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stdout.splitlines()[-1:]) == (0, ["https://x.example"]), ran.stderr


@pytest.mark.usefixtures("airflow_db")
def test_a_connection_that_is_nowhere_is_told_in_a_sentence() -> None:
    with pytest.raises(InvalidSettings, match=r"Airflow gives no connection 'nowhere' \(AirflowNotFound") as caught:
        settings_of("nowhere")

    assert caught.value.field == "connection"
