"""The contract check: what it asks, what it says of each answer, and that it tells no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_nusawa.connection_settings import read_settings
from airflow_provider_nusawa.connection_text import read_connection
from airflow_provider_nusawa.emulator.books import Received
from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.gateway.__main__ import main
from airflow_provider_nusawa.gateway.contract import NOBODYS_ID, Check, Finding
from airflow_provider_nusawa.gateway.dialects import DIALECTS
from airflow_provider_nusawa.gateway.errors import InvalidSettings
from airflow_provider_nusawa.gateway.expectations import EXPECTED

AISHA = "6281234567890"
ASKED = {"v3": ["credits", "dr"], "v1": ["check", "credits", "dr"]}


@pytest.fixture
def check(nusawa_gateway, dialect, capsys):
    """Run the command on the connection; return how it ended, and all that it said."""

    def run(*arguments: str, **changed: Any) -> tuple[int, str]:
        connection = json.dumps({**nusawa_gateway.connection(), **changed})
        ended = main(["check", "--connection", connection, *arguments])
        said = "".join(capsys.readouterr())
        account = nusawa_gateway.backend.account
        assert not [secret for secret in (account.password, account.api_key, AISHA, AISHA[2:]) if secret in said]
        return ended, said

    return run


def sends(gateway) -> list[Received]:
    return [request for request in gateway.requests if request.call == "send"]


def test_only_harmless_calls_are_made_unless_a_number_is_given(check, nusawa_gateway, dialect):
    ended, said = check()

    assert ended == 0, said
    assert [request.call for request in nusawa_gateway.requests] == ASKED[dialect]
    assert f"All {len(ASKED[dialect])} answers are as expected." in said
    assert f"contract check of API {dialect}" in said
    assert "nothing sent" in said


def test_one_message_goes_to_the_number_that_is_given(check, nusawa_gateway, dialect):
    nusawa_gateway.backend.rules.step_seconds = 0.5

    ended, said = check("--send-to", "0812-3456-7890")

    assert ended == 0, said
    assert [request.call for request in nusawa_gateway.requests] == [*ASKED[dialect], "send", "dr"]
    assert [message.number for message in nusawa_gateway.messages] == [AISHA]
    assert "one message to *********7890" in said
    assert "status: letter (1)" in said


def test_fields_are_told_by_kind_and_not_by_value(check, nusawa_gateway, dialect):
    nusawa_gateway.backend.account.balance = 987_654_321

    _, said = check()

    assert "987654321" not in said
    assert {"v3": "value: digits (9)", "v1": "data.wa_balance: JSON number"}[dialect] in said
    assert {"v3": "date (10)", "v1": "data.wa_expired_date: date (10)"}[dialect] in said


@pytest.mark.parametrize(
    ("fault", "call", "says"),
    [
        pytest.param("html", "credits", "the answer is not one that the gateway gives", id="html"),
        pytest.param("drop_before", "credits", "no answer after", id="dropped"),
        pytest.param(503, "credits", "HTTP 503", id="http-503"),
        pytest.param(403, "dr", "white list", id="forbidden"),
        pytest.param("truncated", "credits", "DIFFERS", id="cut-short"),
        pytest.param("no_id", "send", "DIFFERS", id="no-message-id"),
        pytest.param("empty", "send", "the reader says", id="empty"),
    ],
)
def test_an_answer_that_is_not_as_expected_is_told(check, nusawa_gateway, fault, call, says):
    strike = nusawa_gateway.fail_next(fault, call=call)

    ended, said = check("--send-to", AISHA)

    assert (ended, strike.fired) == (1, 1)
    assert says in said
    assert "Please report this" in said


OF_NOBODY = {"ref_no": NOBODYS_ID, "status": "D"}
FOR_EVER = {"v3": {"value": 5, "expiredDate": "never"}, "v1": {"wa_balance": 5, "wa_expired_date": "never"}}


@pytest.mark.parametrize(
    ("call", "answers", "says"),
    [
        pytest.param("dr", {"v3": OF_NOBODY, "v1": OF_NOBODY}, "no message has is answered with a report", id="report"),
        pytest.param("credits", FOR_EVER, "is text (5), and date", id="date"),
    ],
)
def test_a_readable_answer_that_is_not_as_expected_is_told(check, nusawa_gateway, dialect, call, answers, says):
    answer = answers[dialect] if dialect == "v3" else {"error": False, "data": answers[dialect]}
    nusawa_gateway.fail_next("html", call=call, body=json.dumps(answer))

    ended, said = check()

    assert ended == 1
    assert says in said


def test_a_status_that_nobody_knows_is_told(check, nusawa_gateway):
    nusawa_gateway.backend.rules.step_seconds = 0

    ended, said = check("--send-to", magic_number("58"))

    assert ended == 1
    assert "the status is none that is known" in said


def test_a_message_that_is_refused_is_not_asked_after(check, nusawa_gateway, dialect):
    nusawa_gateway.fail_next(-13, call="send")

    ended, said = check("--send-to", AISHA)

    assert ended == 1
    assert [request.call for request in nusawa_gateway.requests] == [*ASKED[dialect], "send"]
    assert "read as Refused" in said


def test_a_wrong_login_is_told(check, nusawa_gateway):
    ended, said = check(password="e" * 31 + "f")

    assert ended == 1
    assert "read as Refused" in said
    assert "eeef" not in said


def test_safe_mode_holds(check, nusawa_gateway):
    extra = {**nusawa_gateway.settings_extra, "only_to": "0811-1111-1111"}

    ended, said = check("--send-to", AISHA, extra=extra)

    assert (ended, sends(nusawa_gateway)) == (2, [])
    assert "only_to" in said


@pytest.mark.parametrize(
    ("connection", "says"),
    [
        pytest.param("{half", "neither JSON nor a URI", id="no-json"),
        pytest.param("nusawa://u:rahasia123@[half", "neither JSON nor a URI", id="no-uri"),
        pytest.param('{"password": "rahasia123"}', "login is empty", id="no-login"),
        pytest.param("no_such_connection", "no_such_connection", id="no-such-id"),
    ],
)
def test_a_connection_that_cannot_be_read_is_told_in_a_sentence(capsys, airflow_db, connection, says):
    assert main(["check", "--connection", connection]) == 2

    said = "".join(capsys.readouterr())
    assert says in said
    assert "rahasia123" not in said


def test_json_uri_and_environment_say_the_same(nusawa_gateway, monkeypatch):
    connection = nusawa_gateway.connection(api_version="v1")
    where = nusawa_gateway.url.removeprefix("http://")
    key = connection["password"]
    uris = [
        f"nusawa://demo:{key}@http%3A%2F%2F{where}/?api_version=v1&rate_per_second=100",
        f"nusawa://demo:{key}@http%3A%2F%2F{where}?__extra__=%7B%22api_version%22%3A+%22v1%22%7D",
    ]

    wanted = read_settings(read_connection(json.dumps(connection)))

    for uri in uris:
        told = read_settings(read_connection(uri))
        assert (told.host, told.login, told.password) == (wanted.host, wanted.login, wanted.password)
        assert told.api_version == "v1"
    assert replace(wanted, rate_per_second=1).api_version == "v1"


def test_it_works_where_no_airflow_is(nusawa_gateway, monkeypatch):
    """As a person runs it: a process, the connection in the environment or on standard input."""
    code = "import sys, runpy; sys.modules['airflow'] = None; sys.argv[0] = 'gateway'; "
    code += "runpy.run_module('airflow_provider_nusawa.gateway', run_name='__main__')"
    connection = json.dumps(nusawa_gateway.connection(api_version="v1"))

    for arguments, text, environ in (
        (["--connection", "mine"], "", {"AIRFLOW_CONN_MINE": connection}),
        (["--connection", "-"], connection, {}),
    ):
        ran = subprocess.run(
            [sys.executable, "-c", code, "check", *arguments],
            input=text,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, "")
        assert "All 3 answers are as expected." in ran.stdout

    command = [sys.executable, "-c", code, "check", "--connection", "nowhere"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "AIRFLOW_CONN_NOWHERE is not set, and there is no Airflow here to ask" in ran.stderr


def test_what_is_expected_is_of_dialects_and_marks_that_there_are() -> None:
    assert {name for name, _ in EXPECTED} == set(DIALECTS)
    assert {field.mark for fields in EXPECTED.values() for field in fields} <= {"D", "C", "A"}


def test_calls_keep_the_connections_pace(nusawa_gateway) -> None:
    pauses: list[float] = []
    settings = replace(read_settings(read_connection(json.dumps(nusawa_gateway.connection()))), rate_per_second=4)

    findings: list[Finding] = list(Check(settings, pause=pauses.append).run())

    assert pauses == [0.25] * (len(findings) - 1)


def test_a_connection_shows_no_password() -> None:
    assert "rahasia" not in repr(read_connection('{"password": "rahasia"}'))
    with pytest.raises(InvalidSettings):
        read_connection("[1]")


def test_a_refusal_that_repeats_the_password_is_told_without(nusawa_gateway, capsys):
    connection = {**nusawa_gateway.connection(api_version="v1"), "password": "rahasia-2026"}
    body = json.dumps({"error": True, "message": "API key rahasia-2026 is not valid"})
    nusawa_gateway.fail_next("html", call="any", times=3, body=body)

    ended = main(["check", "--connection", json.dumps(connection)])

    said = "".join(capsys.readouterr())
    assert ended == 1
    assert '"API key *** is not valid"' in said
    assert "rahasia" not in said


def test_an_answer_that_repeats_the_secrets_is_not_repeated(check, nusawa_gateway):
    account = nusawa_gateway.backend.account
    words = f"{account.password} {account.api_key} {AISHA}"
    body = json.dumps({"error": True, "message": f"key {account.api_key} of {AISHA}", words: words, "data": [words]})
    nusawa_gateway.fail_next("html", call="credits", body=body)

    ended, said = check()

    assert ended == 1
    assert "(a name not shown): text" in said
