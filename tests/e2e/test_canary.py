"""Canaries for passwords and phone numbers: neither is in anything that a real Airflow at DEBUG writes or answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS
from canary_dags import LEAK, NUMBERS, SECRETS, STATES, spelled
from canary_house import PAGE, RESOLVE, TEXTS, WAITS, canaries

from airflow_provider_nusawa.site_config import web_server_takes_parts

pytestmark = pytest.mark.e2e

AIRFLOWS_OWN_TABLES = {"dag_code", "serialized_dag", "rendered_task_instance_fields"}
"""Where Airflow keeps the Dag's source and its rendered fields, and with them whatever number stands there."""


def places(written: dict[str, bytes], *words: str) -> list[str]:
    """Return where one of the words stands, in capitals or not."""
    wanted = [word.lower().encode() for word in words]
    return sorted(name for name, content in written.items() if any(word in content.lower() for word in wanted))


@pytest.fixture(scope="module")
def tour():
    with canaries() as led:
        yield led


@pytest.fixture(scope="module")
def written(tour) -> dict[str, bytes]:
    """All that was written and answered before anything leaked on purpose."""
    return tour.every_byte()


def test_everything_was_done_that_touches_a_password(tour, written):
    assert tour.states() == STATES
    assert {conn_id for conn_id, well in tour.buttons.items() if well} == {"canary_v3", "canary_v1"}
    assert places(written, "GET /api/command HTTP/1.1"), "urllib3 was not at DEBUG"
    assert places(written, "GET /nusasms_api/1.0/balance HTTP/1.1"), "urllib3 was not at DEBUG"
    assert places(tour.answers, "GET /api/command HTTP/1.1"), "the API showed no logs"
    assert places(tour.answers, "Connection success!"), "the command line tested no connection"
    assert b"nothing was decided" in tour.answers[f"{RESOLVE} canary_v3"]
    assert b"told nothing (the gateway refused" in tour.answers[f"{RESOLVE} canary_v1"]
    assert len(places(written, "Unknown: perhaps sent")) >= 2, "no report was written"


@pytest.mark.skipif(not web_server_takes_parts(), reason="Airflow has no such pages before 3.1.2")
def test_the_pages_were_looked_at(tour):
    shown = {name: answer for name, answer in tour.answers.items() if name.startswith(PAGE)}

    assert len(places(shown, "What may help to decide")) == len(SECRETS)
    assert len(places(shown, "*********0001")) >= len(SECRETS)


@pytest.mark.parametrize("api", SECRETS)
def test_no_byte_holds_a_password(written, api):
    assert places(written, *spelled(SECRETS[api])) == []


def test_a_password_that_leaks_would_be_found(tour, written):
    tour.house.add_dag("leak", LEAK)
    run_id, state = tour.house.run("leak")
    after = tour.every_byte()

    assert state == "success"
    assert "shown: *** *** *** ***" in tour.house.books.task_logs("leak", run_id)
    for spelling in spelled(SECRETS["v3"])[:4]:
        found = places(after, spelling)
        assert any(name.startswith("airflow.db") for name in found)  # an XCom is masked by nobody
        assert "scheduler.out" in found or not AIRFLOW_V_3_0_PLUS  # which repeats there what tasks print


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"ends in {number[-4:]}")
def test_full_numbers_are_in_no_log_trigger_or_text(written, number):
    looked_at = {
        name: without_rendered_fields(content) for name, content in written.items() if is_free_of_numbers(name)
    }

    assert WAITS in places(looked_at, "NusaWaDeliveryTrigger")
    assert places(looked_at, number) == []


def is_free_of_numbers(name: str) -> bool:
    return name.startswith(("logs/", "reports/", PAGE, RESOLVE)) or name.endswith(".out") or name in (WAITS, TEXTS)


def without_rendered_fields(log: bytes) -> bytes:
    """Leave out the lines in which Airflow 3 shows at DEBUG what the rendered fields of a task are."""
    return b"\n".join(line for line in log.split(b"\n") if b"SetRenderedFields" not in line)


def test_full_numbers_are_only_in_tables_that_are_airflows_own(tour):
    books = tour.house.books
    tables = [row["name"] for row in books.ask("SELECT name FROM sqlite_master WHERE type = 'table'")]
    content = {name: repr([[*row.values()] for row in books.ask(f'SELECT * FROM "{name}"')]) for name in tables}

    holding = {name for name, rows in content.items() if any(number in rows for number in NUMBERS)}

    assert {"xcom", "rendered_task_instance_fields"} <= set(tables)
    assert "rendered_task_instance_fields" in holding
    assert holding <= AIRFLOWS_OWN_TABLES


def test_the_api_shows_full_numbers_in_rendered_fields_alone(tour):
    answers = {
        asked: json.dumps(pruned(json.loads(answer))).encode()
        for asked, answer in tour.answers.items()
        if "dagRuns" in asked
    }

    assert places(tour.answers, *NUMBERS)
    assert places(answers, *NUMBERS) == []


def pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: pruned(inner) for name, inner in value.items() if name != "rendered_fields"}
    return [pruned(inner) for inner in value] if isinstance(value, list) else value
