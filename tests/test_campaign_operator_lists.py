"""What a campaign's task can be told, and what it refuses: lists from files and queries, dry runs, trials, mistakes."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import nullcontext
from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

import psycopg2
import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowException, AirflowFailException
from campaign_tasks import number, people, tasks
from ledger.conftest import postgres

from airflow_provider_nusawa.campaign.sources import from_cursor
from airflow_provider_nusawa.operators.campaign.lists import described, streaming_cursor

__all__ = ["postgres", "tasks"]


@pytest.fixture
def shop(tasks, monkeypatch, tmp_path):
    """A database of customers, and an Airflow connection to it."""
    with sqlite3.connect(tmp_path / "shop.sqlite") as connection:
        connection.execute("CREATE TABLE customers (number TEXT, nama TEXT, city TEXT)")
        rows = [(number(n), f"N{n}", "Bogor" if n % 2 else "Bandung") for n in range(6)]
        connection.executemany("INSERT INTO customers VALUES (?, ?, ?)", rows)
    place = {"conn_type": "sqlite", "host": str(tmp_path / "shop.sqlite")}
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps(place))
    return tasks


def test_a_query_through_an_airflow_connection_names_the_people(shop):
    assert shop.run(recipients_sql="SELECT * FROM customers WHERE city = '{{ params.city }}'", sql_conn_id="shop",
                    params={"city": "Bogor"}) == "success"  # fmt: skip

    assert sorted(shop.sent) == [number(1), number(3), number(5)]


def test_people_may_be_excluded_or_picked_by_another_list(shop, tmp_path):
    (tmp_path / "no.csv").write_text(f"nomor\n{number(2)}\n")
    only = "SELECT number FROM customers WHERE city = 'Bandung'"

    told = shop.execute(recipients=people(6), only_sql=only, sql_conn_id="shop", exclude_path=str(tmp_path / "no.csv"))

    assert sorted(shop.sent) == [number(0), number(4)]
    assert told["excluded"] == 4


@pytest.fixture(params=["sqlite", "postgresql"])
def connection(request, tmp_path):
    if request.param == "sqlite":
        opened = sqlite3.connect(tmp_path / "x.sqlite")
    else:
        opened = psycopg2.connect(request.getfixturevalue("postgres").new_place())
    yield opened
    opened.close()


def test_a_cursor_of_either_database_is_read_as_a_list(connection):
    cursor = streaming_cursor(connection)
    cursor.execute("SELECT '0812' AS number, 'x' AS nama UNION ALL SELECT '0813', 'y'")

    with_columns = described(cursor)

    rows = [(row.line, row.number, row.fields["nama"]) for row in from_cursor(lambda: nullcontext(with_columns))()]
    assert rows == [(1, "0812", "x"), (2, "0813", "y")]


def test_postgresql_keeps_the_rows_until_they_are_fetched(postgres):
    with psycopg2.connect(postgres.new_place()) as connection:
        cursor = streaming_cursor(connection)
        cursor.execute("SELECT n AS number FROM generate_series(1, 1000000) AS n")

        assert cursor.name
        assert cursor.fetchmany(2) == [(1,), (2,)]


def test_a_compressed_file_in_an_object_storage_is_read(tasks, tmp_path):
    (tmp_path / "list.csv.gz").write_bytes(gzip.compress(f"hp;nama\n{number(1)};Budi\n".encode()))

    assert tasks.run(recipients_path=f"file://{tmp_path}/list.csv.gz", number_field="hp") == "success"
    assert tasks.sent == [number(1)]


def test_the_text_may_stand_in_a_file_and_airflow_leaves_its_braces_alone(tasks, tmp_path):
    (tmp_path / "halo.txt").write_text("Halo {{ nama }}: {{ values.what }}")
    by_name = {"template_searchpath": str(tmp_path)}

    with DAG("d", **by_name) as dag:
        tasks.execute(text_path="halo.txt", values={"what": "{{ ds }}"}, recipients=people(1), context={"dag": dag})
    path = str(tmp_path / "halo.txt")
    tasks.execute("another", text_path=path, campaign_id="b", values={"what": 1}, recipients=people(1))

    assert [message.text for message in tasks.gateway.messages] == ["Halo N0: {{ ds }}", "Halo N0: 1"]


def test_a_dry_run_sends_nothing_and_tells_what_would_come(tasks):
    told = tasks.execute(dry_run=True, recipients=[*people(3), *people(1)], rate_per_second=1)

    assert tasks.sent == []
    assert tasks.ti.xcoms["return_value"] == told
    assert {name: told[name] for name in ("campaign_id", "planned", "doubles", "to_send", "balance")} == {
        "campaign_id": "halo",
        "planned": 3,
        "doubles": 1,
        "to_send": 3,
        "balance": "100000",
    }
    assert number(0) not in json.dumps(told)
    assert tasks.execute(recipients=people(3))["accepted"] == 3


def test_a_dry_run_needs_no_ledger(tasks):
    assert tasks.run(dry_run=True) == "success"
    assert tasks.xcoms[0]["to_send"] == 5


def test_a_dry_run_fails_where_the_campaign_would_be_refused(tasks):
    with pytest.raises(AirflowFailException, match="max_bad_share"):
        tasks.execute(dry_run=True, recipients=[*people(3), {"number": "abc", "nama": "x"}])


def test_a_dry_run_knows_who_has_had_enough_and_what_is_full_today(tasks):
    tasks.execute(recipients=people(2))

    told = tasks.execute(
        "later", campaign_id="b", dry_run=True, recipients=people(3), max_per_recipient=(1, 7), max_per_day=1
    )

    assert (told["capped"], told["to_send"]) == (2, 1)


def test_a_trial_goes_to_its_author_alone_and_is_forgotten(tasks):
    own = "0812-9999-9999"

    told = tasks.execute(test_to=[own], recipients=people(30))

    assert set(tasks.sent) == {"6281299999999"}
    assert 0 < len(tasks.sent) <= 5
    assert told["to_send"] == 30
    assert tasks.execute(recipients=people(30))["accepted"] == 30


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param({"campaign_id": " "}, "campaign_id is empty", id="no-id"),
        pytest.param({"campaign_id": "x" * 251}, "251 characters", id="long-id"),
        pytest.param({"recipients": "['0812']"}, ".output", id="rendered-list"),
        pytest.param({"recipients": 812}, "is a int", id="no-list"),
        pytest.param({"values": "{'a': 1}"}, "values is a str", id="rendered-values"),
        pytest.param({"text": "Halo {{ nama"}, "no template", id="text"),
        pytest.param({"text_path": "/nowhere/x.txt"}, "'/nowhere/x.txt' cannot be read", id="no-text-file"),
        pytest.param({"holidays": "besok"}, "holidays", id="holidays"),
        pytest.param({"not_after": "besok"}, "not_after", id="not-after"),
        pytest.param({"recipients": [{"number": "0812"}] * 3}, "3 of 3 rows are bad", id="wrong-list"),
        pytest.param({"text": "Halo {{ name }}"}, "'name'", id="missing-field"),
    ],
)
def test_what_no_retry_can_mend_fails_at_once(tasks, arguments, says):
    with pytest.raises(AirflowFailException) as caught:
        tasks.execute(**arguments)

    assert says in str(caught.value)
    assert tasks.sent == []


def test_a_file_that_is_not_there_yet_may_be_waited_for(tasks):
    with pytest.raises(AirflowException, match="cannot be read") as caught:
        tasks.execute(recipients_path="/nowhere/list.csv")

    assert not isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param({"text_path": "a", "text": "b"}, "either text or text_path", id="two-texts"),
        pytest.param({"recipients": [], "recipients_path": "x"}, "only one of", id="two-lists"),
        pytest.param({"recipients_path": None}, "give recipients", id="no-list"),
        pytest.param({"recipients_sql": "SELECT 1"}, "sql_conn_id", id="no-database"),
        pytest.param({"exclude": [], "exclude_sql": "SELECT 1", "sql_conn_id": "x"}, "only one of", id="two-excluded"),
        pytest.param({"send_window": "8-20"}, "send window", id="window"),
        pytest.param({"on_partial": "ignore"}, "on_partial", id="on-partial"),
        pytest.param({"on_new_recipients": "maybe"}, "on_new_recipients", id="on-new"),
        pytest.param({"max_bad_share": 5}, "max_bad_share", id="bad-share"),
        pytest.param({"max_refused_share": 5}, "max_refused_share", id="refused-share"),
        pytest.param({"max_unknown_share": -1}, "max_unknown_share", id="unknown-share"),
        pytest.param({"rate_per_second": 0}, "rate_per_second", id="rate"),
        pytest.param({"max_leg": -1}, "max_leg", id="leg"),
        pytest.param({"max_per_recipient": (2,)}, "max_per_recipient", id="cap"),
        pytest.param({"dry_run": True, "test_to": ["0812"]}, "either dry_run or test_to", id="dry-trial"),
    ],
)
def test_a_dag_that_cannot_work_is_not_parsed(tasks, arguments, says):
    with pytest.raises(ValueError, match=says):
        tasks.campaign(**arguments)


@pytest.mark.parametrize(
    ("holidays", "dates"),
    [
        pytest.param(["2026-12-25", date(2026, 12, 26)], {25, 26}, id="list"),
        pytest.param("['2026-12-25', '2026-12-26']", {25, 26}, id="rendered"),
        pytest.param("2026-12-25,2026-12-26", {25, 26}, id="text"),
        pytest.param(None, set(), id="none"),
    ],
)
def test_holidays_are_read_however_they_were_rendered(tasks, holidays, dates):
    terms = tasks.campaign(holidays=holidays).terms("Asia/Jakarta")

    assert terms.holidays == {date(2026, 12, day) for day in dates}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-12-24T18:00", datetime(2026, 12, 24, 18, tzinfo=ZoneInfo("Asia/Jakarta")), id="local"),
        pytest.param("2026-12-24 11:00:00+00:00", datetime(2026, 12, 24, 11, tzinfo=timezone.utc), id="rendered"),
        pytest.param("2026-12-24T11:00:00Z", datetime(2026, 12, 24, 11, tzinfo=timezone.utc), id="z"),
        pytest.param("None", None, id="none"),
    ],
)
def test_the_last_moment_is_read_in_the_connections_zone(tasks, text, moment):
    assert tasks.campaign(not_after=text).terms("Asia/Jakarta").not_after == moment


def test_the_text_is_never_airflows_to_render(tasks):
    fields = tasks.campaign().template_fields

    assert not {"text", "text_path"} & set(fields)
    assert {"campaign_id", "recipients_sql", "values", "test_to"} <= set(fields)
