"""One connection, written in every way that Airflow knows, gives one Settings; a bad one says what to mend."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from airflow.models.connection import Connection as StoredConnection
from airflow.providers.common.compat.sdk import Connection

from airflow_provider_nusawa.connection_fields import FIELDS
from airflow_provider_nusawa.gateway.errors import InvalidSettings
from airflow_provider_nusawa.gateway.settings import Secret, Settings
from airflow_provider_nusawa.hooks import NusaWaHook, settings_from

PASSWORD = "p@ss+w&rd/1"  # with all that a URI spells otherwise, and that a header can carry, as v1 wants it
ENV = "AIRFLOW_CONN_NUSAWA_DEFAULT"
HOST = {"host": "http://127.0.0.1", "login": "budi", "password": PASSWORD}

EXPECTED = Settings(
    login="budi",
    password=Secret(PASSWORD),
    host="http://127.0.0.1:8025",
    api_version="v1",
    default_region="SG",
    connect_timeout_seconds=2.0,
    read_timeout_seconds=2.5,
    total_timeout_seconds=10.0,
    rate_per_second=0.5,
    timezone="Asia/Singapore",
    allow_insecure_http=True,
    ledger_conn_id="ledger",
    only_to=frozenset({"6281234567890", "6581234567"}),
    redirect_to="6281111111111",
)
TYPED = {
    "api_version": "v1",
    "default_region": "sg",
    "connect_timeout_seconds": 2,
    "read_timeout_seconds": 2.5,
    "total_timeout_seconds": 10,
    "rate_per_second": 0.5,
    "timezone": "Asia/Singapore",
    "ca_bundle": None,
    "allow_insecure_http": True,
    "ledger_conn_id": "ledger",
    "only_to": ["+62 812-3456-7890", 6581234567],
    "redirect_to": "+6281111111111",
}
URI = (
    "nusawa://http://budi:p%40ss%2Bw%26rd%2F1@127.0.0.1:8025/?api_version=V1&default_region=SG"
    "&connect_timeout_seconds=2&read_timeout_seconds=2.5&total_timeout_seconds=10&rate_per_second=.5"
    "&timezone=Asia%2FSingapore&ca_bundle=&allow_insecure_http=true&ledger_conn_id=ledger"
    "&only_to=%2B6281234567890%2C%2B65+8123+4567&redirect_to=%2B6281111111111"
)
AS_UI = {**TYPED, "only_to": "+6281234567890\n8123 4567", "redirect_to": "+62 811 1111 1111"}
FORM_2 = {name: "y" if value is True else str(value) for name, value in AS_UI.items() if value is not None}
PREFIXED = {f"extra__nusawa__{name}": value for name, value in FORM_2.items()}
BUTTON_2 = FORM_2 | PREFIXED | {"extra__smtp__timeout": "30"}


def made(extra: Any, cls: Any = Connection, **fields: Any) -> Any:
    """A connection as a task gets it; as the database holds it, which checks more, with ``StoredConnection``."""
    text = extra if isinstance(extra, str) else json.dumps(extra)
    return cls(conn_id="nusawa_default", conn_type="nusawa", **{**HOST, "port": 8025, **fields}, extra=text)


def from_env(value: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(ENV, value)
    return NusaWaHook().settings


def as_json(extra: Any) -> str:
    return json.dumps({"conn_type": "nusawa", **HOST, "port": "8025", "extra": extra})


@pytest.mark.parametrize(
    "connection",
    [
        pytest.param(lambda: StoredConnection(conn_id="x", uri=URI), id="uri"),
        pytest.param(lambda: StoredConnection.from_json(as_json(TYPED), conn_id="x"), id="json"),
        pytest.param(lambda: StoredConnection.from_json(as_json(json.dumps(TYPED)), conn_id="x"), id="json-in-json"),
        pytest.param(lambda: made(AS_UI), id="ui-of-3"),
        pytest.param(lambda: made(AS_UI, StoredConnection), id="ui-of-3-stored"),
        pytest.param(lambda: made(FORM_2, StoredConnection), id="ui-of-2"),
        pytest.param(lambda: made(BUTTON_2), id="test-button-of-2"),
        pytest.param(lambda: made(PREFIXED), id="prefixed-as-of-old"),
        pytest.param(lambda: made(TYPED, host="http://127.0.0.1:8025/", port=0), id="port-in-host"),
        pytest.param(
            lambda: StoredConnection(conn_id="x", uri=made(TYPED, cls=StoredConnection).get_uri()),
            id="airflows-own-uri",
        ),
    ],
)
def test_a_connection_gives_the_same_settings_however_it_is_written(connection: Any) -> None:
    assert settings_from(connection()) == EXPECTED


@pytest.mark.parametrize("value", [URI, as_json(TYPED)], ids=["uri", "json"])
def test_a_connection_in_the_environment_gives_the_same_settings(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert from_env(value, monkeypatch) == EXPECTED


@pytest.mark.parametrize("value", [URI, as_json(TYPED)], ids=["uri", "json"])
def test_an_event_loop_reads_the_same_settings(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV, value)

    assert asyncio.run(NusaWaHook().get_async_settings()) == EXPECTED


UNSET: list[Any] = [
    pytest.param(lambda: StoredConnection(conn_id="x", uri="nusawa://budi:secret@"), id="uri"),
    pytest.param(
        lambda: StoredConnection.from_json('{"conn_type": "nusawa", "login": "budi", "password": "secret"}', "x"),
        id="json",
    ),
    pytest.param(
        lambda: made(dict.fromkeys(TYPED), host=None, port=None, password="secret"),  # the UI writes nulls
        id="ui-nulls",
    ),
    pytest.param(lambda: made(dict.fromkeys(TYPED, ""), host="", port=0, password="secret"), id="ui-empty-port-0"),
    pytest.param(lambda: made("", host=None, port=0, password="secret"), id="no-extra"),
]


@pytest.mark.parametrize("connection", UNSET)
def test_what_is_not_set_has_its_default(connection: Any) -> None:
    assert settings_from(connection()) == Settings(login="budi", password=Secret("secret"))


def test_a_login_of_digits_is_text_as_well() -> None:
    value = json.dumps({"conn_type": "nusawa", "login": 628123, "password": "secret"})

    assert settings_from(StoredConnection.from_json(value, conn_id="x")).login == "628123"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(True, True), (False, False), (1, True), (0, False), ("True", True), ("no", False), ("on", True), (" y ", True)],
)
def test_a_flag_is_read_from_all_its_spellings(raw: object, expected: bool) -> None:
    assert settings_from(made({"allow_insecure_http": raw})).allow_insecure_http is expected


@pytest.mark.parametrize(
    "raw",
    [
        ["0812-3456-7890", "08123456781"],
        [6281234567890, "+628123456781"],
        "081234567890, 08123456781,",
        "081234567890\r\n08123456781\n",
        "081234567890;08123456781",
        '["081234567890", "08123456781"]',
    ],
)
def test_only_to_takes_a_list_however_it_is_written(raw: object) -> None:
    assert settings_from(made({"only_to": raw})).only_to == {"6281234567890", "628123456781"}


BAD: list[Any] = [
    pytest.param({"api_version": "v2"}, {}, "api_version", "'v2', and must be one of v3, v1", id="choice"),
    pytest.param({"api_version": 3}, {}, "api_version", "'3'", id="choice-a-number"),
    pytest.param({"default_region": "Indonesia"}, {}, "default_region", "'Indonesia'", id="region"),
    pytest.param({"rate_per_second": 0}, {}, "rate_per_second", "'0', and must be a number from 0.01 to 100", id="low"),
    pytest.param({"rate_per_second": 101}, {}, "rate_per_second", "'101'", id="high"),
    pytest.param({"read_timeout_seconds": "NaN"}, {}, "read_timeout_seconds", "'NaN'", id="nan"),
    pytest.param({"read_timeout_seconds": "inf"}, {}, "read_timeout_seconds", "'inf'", id="infinite"),
    pytest.param({"read_timeout_seconds": "30s"}, {}, "read_timeout_seconds", "'30s'", id="with-unit"),
    pytest.param({"total_timeout_seconds": True}, {}, "total_timeout_seconds", "'True'", id="bool-for-number"),
    pytest.param({"connect_timeout_seconds": []}, {}, "connect_timeout_seconds", "'[]'", id="list-for-number"),
    pytest.param({"allow_insecure_http": "maybe"}, {}, "allow_insecure_http", "must be true or false", id="flag"),
    pytest.param({"timezone": "WIB"}, {}, "timezone", "such as Asia/Jakarta", id="timezone"),
    pytest.param({"timezone": "Asia"}, {}, "timezone", "'Asia'", id="timezone-a-directory"),
    pytest.param({"timezone": "../etc/passwd"}, {}, "timezone", "'../etc/passwd'", id="timezone-a-path"),
    pytest.param({"ca_bundle": "/no/such.pem"}, {}, "ca_bundle", "'/no/such.pem'", id="ca-bundle"),
    pytest.param({"ledger_conn_id": {}}, {}, "ledger_conn_id", "not text", id="dict-for-text"),
    pytest.param({"only_to": "0812345"}, {}, "only_to", "'***2345'", id="only-to-short"),
    pytest.param({"only_to": [None]}, {}, "only_to", "only_to holds", id="only-to-null"),
    pytest.param({"only_to": []}, {}, "only_to", "holds no number", id="only-to-nobody"),
    pytest.param({"only_to": " , "}, {}, "only_to", "holds no number", id="only-to-commas"),
    pytest.param({"only_to": "[0812"}, {}, "only_to", "only_to holds", id="only-to-half-json"),
    pytest.param({"redirect_to": "08123456789a"}, {}, "redirect_to", "789a'", id="redirect-letters"),
    pytest.param({"redirect_to": "081234567890,081234567891"}, {}, "redirect_to", "must be one", id="redirect-two"),
    pytest.param({"only-to": "081234567890"}, {}, "only-to", "if only_to is meant", id="misspelt-hyphen"),
    pytest.param({"onlyto": "081234567890"}, {}, "onlyto", "if only_to is meant", id="misspelt-joined"),
    pytest.param({"redirect": "081234567890"}, {}, "redirect", "if redirect_to is meant", id="misspelt-short"),
    pytest.param("[1]", {}, "extra", "not a JSON object", id="extra-a-list"),
    pytest.param("{", {}, "extra", "not a JSON object", id="extra-broken"),
    pytest.param({}, {"host": "http://10.0.0.1"}, "host", "plain http to 10.0.0.1", id="plain-http"),
    pytest.param({}, {"login": " "}, "login", "v3 wants the API user", id="no-login"),
    pytest.param({"api_version": "v1", "ledger_conn_id": "l"}, {"login": ""}, "login", "a ledger", id="ledger-account"),
    pytest.param({}, {"password": None}, "password", "v3 wants the API password", id="no-password"),
    pytest.param({"api_version": "v1"}, {"password": ""}, "password", "v1 wants the API key", id="no-key"),
    pytest.param({"api_version": "v1"}, {"password": "\n"}, "password", "v1 wants the API key", id="no-key-but-a-line"),
    pytest.param({"api_version": "v1"}, {"password": "no key"}, "password", "without spaces or line", id="no-such-key"),
    pytest.param({"api_version": "v1"}, {"password": "a\nkey"}, "password", "without spaces or line", id="two-lines"),
]


@pytest.mark.parametrize(("extra", "fields", "field", "says"), BAD)
def test_a_bad_setting_is_named_with_what_is_allowed(extra: Any, fields: Any, field: str, says: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        settings_from(made(extra, **fields))

    assert caught.value.field == field
    assert says in caught.value.what


@pytest.mark.parametrize("field", [field.name for field in FIELDS if field.name != "ledger_conn_id"])
def test_a_password_in_the_wrong_field_is_not_shown(field: str) -> None:
    password = "hunter2&hunter2"

    with pytest.raises(InvalidSettings) as caught:
        settings_from(made({field: password}, password=password))

    assert caught.value.field == field
    assert password not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("version", ["v3", "v1"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_password_loses_the_line_break_of_the_file_that_it_came_from(version: str, end: str) -> None:
    assert settings_from(made({"api_version": version}, password=f"ab-cd{end}")).password == Secret("ab-cd")


def test_a_password_of_v3_keeps_its_spaces() -> None:
    assert settings_from(made({}, password=" ab cd ")).password == Secret(" ab cd ")


def test_full_numbers_of_the_safe_mode_are_not_shown() -> None:
    with pytest.raises(InvalidSettings) as caught:
        settings_from(made({"only_to": "0812 3456 7890 12345 678"}))

    assert "3456" not in str(caught.value)


def test_v1_does_without_a_login() -> None:
    assert settings_from(made({"api_version": "v1"}, login=None)).login == ""


def test_a_certificate_file_that_exists_is_taken(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----")

    assert settings_from(made({"ca_bundle": f" {bundle} "})).ca_bundle == str(bundle)


def test_unknown_extras_are_told_by_name_without_their_values(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        settings_from(made({"sender": "hidden-value", "api_user": None}))

    assert "api_user, sender" in caplog.text
    assert "hidden-value" not in caplog.text
