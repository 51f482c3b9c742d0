"""What an alert says, and what never travels in it."""

from __future__ import annotations

import pytest

from airflow_provider_nusawa.gateway.messages import check_text
from airflow_provider_nusawa.notifications.event import Event, Kind
from airflow_provider_nusawa.notifications.wording import (
    HEADLINES,
    clean,
    cut,
    default_text,
    error_line,
    printable,
)

FAILED = Event(
    Kind.FAILED,
    dag_id="etl",
    task_id="load",
    run_id="manual__2026-11-22T10:00:00+00:00",
    map_index=3,
    try_number=2,
    tries=3,
    link="https://airflow.example/dags/etl/runs/r/tasks/load",
)


def test_a_failure_names_what_where_which_try_why_and_where_to_read_on():
    assert default_text(FAILED, error="ValueError: no such table").splitlines() == [
        "Airflow: task failed",
        "DAG etl, task load [3]",
        "run manual__2026-11-22T10:00:00+00:00",
        "try 2 of 3",
        "ValueError: no such table",
        "https://airflow.example/dags/etl/runs/r/tasks/load",
    ]


def test_a_note_stands_below_the_headline():
    lines = default_text(FAILED, note="template failed: UndefinedError: 'x' is undefined").splitlines()

    assert lines[1] == "template failed: UndefinedError: 'x' is undefined"


def test_a_missed_deadline_says_when_it_was():
    event = Event(Kind.DEADLINE, dag_id="etl", run_id="r1", due="2026-11-22 10:00:00+00:00")

    assert default_text(event) == "Airflow: deadline missed\nDAG etl\nrun r1\ndue 2026-11-22 10:00:00+00:00"


def test_a_failed_run_says_the_reason_that_airflow_gives():
    event = Event(Kind.RUN_FAILED, dag_id="etl", run_id="r1", reason="all_tasks_deadlocked")

    assert "reason: all_tasks_deadlocked" in default_text(event).splitlines()


@pytest.mark.parametrize(
    ("number", "tries", "line"),
    [
        pytest.param(1, 1, "try 1", id="of-one"),
        pytest.param(1, 4, "try 1 of 4", id="of-four"),
        pytest.param(2, 0, "try 2", id="how-many-unknown"),
        pytest.param(5, 3, "try 5", id="cleared-and-run-again"),
    ],
)
def test_the_tries_are_counted_where_airflow_says_how_many(number, tries, line):
    assert line in default_text(Event(dag_id="d", try_number=number, tries=tries)).splitlines()


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_event_has_a_text_that_the_gateway_takes(kind):
    text = default_text(Event(kind))

    check_text(text)
    assert text == HEADLINES[kind]


def test_the_longest_names_still_fit_and_half_a_link_is_never_sent():
    names = Event(dag_id="d" * 250, task_id="t" * 250, run_id="r" * 250, link="https://x/" + "p" * 900)

    text = default_text(names, error="E: " + "word " * 1000)

    assert len(text) <= 1000
    assert "https" not in text
    assert "E: word" in text


def test_a_long_error_leaves_room_for_the_link():
    text = default_text(FAILED, error="E: " + "word " * 1000)

    assert len(text) <= 1000
    assert text.splitlines()[-1] == FAILED.link


@pytest.mark.parametrize(
    ("text", "limit", "shortened"),
    [
        pytest.param("satu dua", 8, "satu dua", id="fits"),
        pytest.param("satu dua tiga", 10, "satu dua…", id="at-a-word"),
        pytest.param("satu dua tiga", 9, "satu dua…", id="where-a-word-ends"),
        pytest.param("satu\ndua tiga", 7, "satu…", id="at-a-line"),
        pytest.param("x" * 20, 10, "x" * 9 + "…", id="one-long-word"),
        pytest.param("a " + "x" * 20, 10, "a " + "x" * 7 + "…", id="a-word-too-long-to-drop"),
        pytest.param("🙂 " * 10, 9, "🙂 🙂 🙂 🙂…", id="emoji"),
    ],
)
def test_a_text_is_cut_at_the_end_of_a_word(text, limit, shortened):
    assert cut(text, limit) == shortened


@pytest.mark.parametrize(
    ("line", "cleaned"),
    [
        pytest.param("no such table: orders", "no such table: orders", id="nothing-to-hide"),
        pytest.param("postgresql://etl:p@ss@db.local/x is down", "postgresql://db.local/x is down", id="user-info"),
        pytest.param("https://user@host/path", "https://host/path", id="user-alone"),
        pytest.param("GET https://h/p?user=a&password=b gave 500", "GET https://h/p?… gave 500", id="query"),
        pytest.param(
            "with url: /api/command?user=x&p=y (Caused by E)", "with url: /api/command?… (Caused by E)", id="path"
        ),
        pytest.param("is it so? yes", "is it so? yes", id="a-question"),
        pytest.param("connect failed: password=hunter2 host=db", "connect failed: password=… host=db", id="key-value"),
        pytest.param("Authorization: Bearer abc.def refused", "Authorization: … refused", id="bearer"),
        pytest.param("{'password': 'abc def', 'n': 1}", "{'password': …, 'n': 1}", id="dict"),
        pytest.param('{"api-key": "a \\" b", "n": 1}', '{"api-key": …, "n": 1}', id="json"),
        pytest.param(r'"{\"token\": \"abc def\", \"n\": 1}"', r'"{\"token\": …, \"n\": 1}"', id="json-in-json"),
        pytest.param("password='abc def' host=db", "password=… host=db", id="quoted"),
        pytest.param("password=b'abc def' host=db", "password=… host=db", id="bytes"),
        pytest.param("password='abc def", "password=…", id="a-quote-that-is-not-closed"),
        pytest.param("aws_secret_access_key = XYZ", "aws_secret_access_key = …", id="a-longer-name"),
        pytest.param("{'Authorization': 'Bearer abc def'}", "{'Authorization': …}", id="bearer-in-quotes"),
        pytest.param("KeyError: 'token'", "KeyError: 'token'", id="a-name-alone"),
        pytest.param("customer 6281234567890 unknown", "customer … unknown", id="long-digits"),
        pytest.param("call 0812-3456-7890 now", "call … now", id="grouped-number"),
        pytest.param("call +62 812 3456 7890 now", "call … now", id="international"),
        pytest.param("call (0812) 3456 7890", "call …", id="brackets"),
        pytest.param("row 123456 of 200000", "row 123456 of 200000", id="short-digits"),
        pytest.param("no data for 2026-11-22 10:00", "no data for 2026-11-22 10:00", id="a-date"),
        pytest.param("took 0.25 of 0.5 s", "took 0.25 of 0.5 s", id="fractions"),
        pytest.param("10.0.12.30:5432 refused", "10.0.12.30:5432 refused", id="an-address"),
    ],
)
def test_what_must_not_travel_is_taken_out_of_a_line(line, cleaned):
    assert clean(line) == cleaned


@pytest.mark.parametrize(
    ("error", "said", "line"),
    [
        pytest.param(ValueError(), "boom", "ValueError: boom", id="class-and-words"),
        pytest.param(ValueError(), "\n\n first\nsecond", "ValueError: first", id="first-line"),
        pytest.param(KeyError(), "", "KeyError", id="no-words"),
        pytest.param("task was killed", "task was killed", "task was killed", id="a-string"),
        pytest.param(ValueError(), "\x1b[31mred\x1b[0m", "ValueError: [31mred[0m", id="control-characters"),
        pytest.param(ValueError(), "key 0812345678\nx", "ValueError: key …", id="cleaned"),
    ],
)
def test_an_error_is_its_class_and_its_first_line(error, said, line):
    assert error_line(error, said) == line


def test_what_the_gateway_refuses_is_dropped():
    text = printable("a\x00b\x1bc\td\ne\ud800f")

    assert text == "abc\td\nef"
    check_text(text)
