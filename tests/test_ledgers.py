"""Which ledger a connection has, and that it is the one used before."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from ledger.conftest import postgres, url
from sends import name_ledger, note_ledger

from airflow_provider_nusawa import ledgers
from airflow_provider_nusawa.gateway.errors import InvalidSettings
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.ledger.errors import LedgerMissing, LedgerUnfit
from airflow_provider_nusawa.ledger.schema_shared import meta
from airflow_provider_nusawa.ledger.store import open_ledger

__all__ = ["postgres", "url"]

CONN_ID = "nusawa_default"


def connection(**fields: Any) -> Any:
    empty = {"conn_id": "db", "host": "", "login": "", "password": "", "port": None, "schema": "", "extra_dejson": {}}
    return SimpleNamespace(**{**empty, **fields})


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        pytest.param({"conn_type": "sqlite", "host": "/var/l.sqlite"}, "sqlite:////var/l.sqlite", id="file"),
        pytest.param(
            {"conn_type": "postgres", "host": "db", "login": "u", "password": "p", "schema": "s", "port": 5433},
            "postgresql://u:p@db:5433/s",
            id="postgres",
        ),
        pytest.param(
            {"conn_type": "postgres", "host": "db", "extra_dejson": {"sslmode": "require", "cursor": "x"}},
            "postgresql://db?sslmode=require",
            id="only-what-libpq-knows",
        ),
        pytest.param({"conn_type": "postgresql"}, "postgresql://", id="all-of-it-elsewhere"),
    ],
)
def test_a_connection_leads_to_a_place(fields, place):
    assert ledgers.url_of(connection(**fields)).render_as_string(hide_password=False) == place


def test_another_kind_of_database_is_refused_by_name():
    with pytest.raises(LedgerUnfit, match=r"'db' of type 'mysql'.*PostgreSQL"):
        ledgers.url_of(connection(conn_type="mysql"))


def test_the_connections_own_comes_before_the_one_for_all(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_CONN_ONE", '{"conn_type": "sqlite", "host": "/one"}')
    monkeypatch.setenv("AIRFLOW_CONN_ALL", '{"conn_type": "sqlite", "host": "/all"}')
    monkeypatch.setenv("AIRFLOW__NUSAWA__LEDGER_CONN_ID", "all")

    places = [ledgers.place_of(settings).database for settings in (Settings(ledger_conn_id="one"), Settings())]
    later = [
        asyncio.run(ledgers.place_of_async(NusaWaHook(), settings)).database
        for settings in (Settings(ledger_conn_id="one"), Settings())
    ]

    assert places == later == ["/one", "/all"]
    assert ledgers.is_named(Settings())


def test_without_either_it_is_a_file_in_airflows_home(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))

    assert ledgers.place_of(Settings()).database == str(tmp_path / "nusawa-ledger.sqlite")
    assert asyncio.run(ledgers.place_of_async(NusaWaHook(), Settings())) == ledgers.place_of(Settings())
    assert not ledgers.is_named(Settings())


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        pytest.param({}, "", id="nothing-said"),
        pytest.param({"AIRFLOW__CORE__EXECUTOR": "LocalExecutor"}, "", id="local"),
        pytest.param({"AIRFLOW__CORE__EXECUTOR": "LocalExecutor,my.module.MyExecutor"}, "MyExecutor", id="one-of-two"),
        pytest.param(
            {"AIRFLOW__CORE__EXECUTOR": "here:LocalExecutor,there=CeleryExecutor"}, "CeleryExecutor", id="team"
        ),
        pytest.param({"AIRFLOW_IS_K8S_EXECUTOR_POD": "True"}, "KubernetesExecutor", id="in-a-pod"),
    ],
)
def test_an_executor_of_other_machines_is_known(monkeypatch, environment, named):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert ledgers.remote_executor() == named


def test_the_ledger_used_before_is_opened(monkeypatch, url):
    note_ledger(monkeypatch, url)
    settings = Settings("budi", ledger_conn_id=name_ledger(monkeypatch, url))

    with open_ledger(url) as known, ledgers.open_for_sending(settings, CONN_ID) as opened:
        assert opened.id == known.id


@pytest.mark.parametrize("named", [True, False], ids=["by-the-site", "by-nobody"])
def test_an_account_without_a_name_is_not_sent_for(monkeypatch, tmp_path, named):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_NUSAWA_DEFAULT", '{"password": "a-key", "extra": {"api_version": "v1"}}')
    if named:
        monkeypatch.setenv("AIRFLOW_CONN_ALL", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "all")}))
        monkeypatch.setenv("AIRFLOW__NUSAWA__LEDGER_CONN_ID", "all")

    with pytest.raises(InvalidSettings, match="a ledger tells accounts apart by it") as caught:
        ledgers.open_for_sending(NusaWaHook().settings, CONN_ID)

    assert caught.value.field == "login"
    assert list(tmp_path.iterdir()) == []


def test_who_sends_holds_to_the_ledger_that_was_opened(monkeypatch, url):
    note_ledger(monkeypatch, url)
    settings = Settings(login="me", ledger_conn_id=name_ledger(monkeypatch, url))

    with ledgers.open_for_sending(settings, CONN_ID) as opened, open_ledger(url) as other:
        other.write(lambda tx: tx.run(sa.update(meta).values(ledger_id="another")))
        opened.engine.dispose()

        with pytest.raises(LedgerUnfit, match="another"):
            opened.read(lambda tx: tx.now)


def test_another_ledger_is_refused_and_the_way_on_named(monkeypatch, url):
    note_ledger(monkeypatch, url)
    monkeypatch.setenv("AIRFLOW_VAR_NUSAWA_LEDGER_NUSAWA_DEFAULT", "the one before")
    settings = Settings("budi", ledger_conn_id=name_ledger(monkeypatch, url))

    with pytest.raises(LedgerUnfit, match=r"the one before knows who has been messaged.*delete the Variable"):
        ledgers.open_for_sending(settings, CONN_ID)


def test_an_empty_database_is_no_ledger_once_one_was_used(monkeypatch, url):
    monkeypatch.setenv("AIRFLOW_VAR_NUSAWA_LEDGER_NUSAWA_DEFAULT", "the one before")
    settings = Settings("budi", ledger_conn_id=name_ledger(monkeypatch, url))

    with pytest.raises(LedgerMissing, match="the one before"):
        ledgers.open_for_sending(settings, CONN_ID)
    with pytest.raises(LedgerMissing):
        ledgers.open_for_reading(settings)
