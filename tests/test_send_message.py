"""The send operator over a real socket: what it sends, what it says, and how it ends."""

from __future__ import annotations

import contextlib
import json
import logging
from datetime import datetime, timezone

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowException, AirflowFailException
from dag_runs import run
from sends import AISHA, BUDI, CITRA, Task

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.operators import NusaWaSendMessageOperator

pytestmark = pytest.mark.usefixtures("default_ledger")


def test_one_number_gives_one_receipt_masked(nusawa_gateway):
    receipt = Task(to="0812-3456-7810").run()

    (stored,) = nusawa_gateway.sent_to(AISHA)
    assert receipt == {
        "message_id": stored.id,
        "destination": "*********7810",
        "code": 0,
        "api": "v3",
        "outcome": "accepted",
        "repeated": False,
    }


def test_a_list_gives_receipts_in_its_order_and_each_person_one_message(nusawa_gateway):
    receipts = Task(to=[BUDI, "0812-3456-7810", int(CITRA), AISHA]).run()

    assert [receipt["destination"][-4:] for receipt in receipts] == ["7811", "7810", "7812", "7810"]
    assert receipts[1] == receipts[3]
    assert len(nusawa_gateway.messages) == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            {"to": ["0812-3456-7810", "021 555 0123", "abc"]},
            ["2 of 3", "number 2 (…0123)", "number 3"],
            id="bad-numbers",
        ),
        pytest.param({"to": []}, ["empty"], id="nobody"),
        pytest.param({"to": None}, ["NoneType"], id="none"),
        pytest.param(
            {"to": f"['{AISHA}', '{BUDI}']"}, [".output", "render_template_as_native_obj"], id="rendered-list"
        ),
        pytest.param({"to": [[AISHA]]}, ["list"], id="nested"),
        pytest.param({"to": 6281234567810.0}, ["float"], id="float"),
        pytest.param({"to": [AISHA] * 501}, ["501", "500", "campaign"], id="too-many"),
        pytest.param({"to": AISHA, "text": 12345}, ["int", "native"], id="text-natively-rendered"),
        pytest.param({"to": AISHA, "text": "x" * 1001}, ["1001", "1000"], id="text-too-long"),
        pytest.param({"to": AISHA, "text": " "}, ["empty"], id="no-text"),
        pytest.param({"to": AISHA, "idempotency_key": " "}, ["empty", "Nothing was sent"], id="empty-key"),
    ],
)
def test_bad_input_fails_at_once_and_before_any_request(nusawa_gateway, arguments, says):
    told = Task(**arguments).fails(AirflowFailException)

    assert not [piece for piece in says if piece not in told]
    assert nusawa_gateway.requests == []


@pytest.mark.parametrize(
    "arguments", [{"text": None}, {"text": "a", "text_path": "b"}, {"on_unknown": "x"}, {"on_partial": "x"}]
)
def test_an_author_hears_of_wrong_arguments_when_the_dag_is_parsed(arguments):
    with pytest.raises(ValueError, match=r"text|on_"):
        NusaWaSendMessageOperator(**{"task_id": "say", "to": AISHA, "text": "Halo", **arguments})


ENDS = [
    pytest.param(["00"], None, ["accepted"], id="all-accepted"),
    pytest.param(["00", "13"], AirflowFailException, ["accepted", "refused"], id="one-refused-for-good"),
    pytest.param(["00", "99"], AirflowException, ["accepted", "refused"], id="one-refused-for-now"),
    pytest.param(["13", "99"], AirflowException, ["refused", "refused"], id="for-now-comes-first"),
    pytest.param(["00", "61"], AirflowFailException, ["accepted", "unknown"], id="one-unknown"),
    pytest.param(["45"], AirflowFailException, ["refused"], id="a-code-nobody-knows"),
    pytest.param(["99", "61"], AirflowException, ["refused", "unknown"], id="unknown-and-for-now"),
]


@pytest.mark.parametrize(("fates", "ends", "outcomes"), ENDS)
def test_a_task_ends_by_what_can_still_be_cured(nusawa_gateway, fates, ends, outcomes):
    task = Task(to=[magic_number(fate) for fate in fates])

    if ends:
        told = task.fails(ends)
        assert "****" in told
    else:
        task.run()

    assert task.outcomes == outcomes


def test_a_429_that_stays_is_left_to_airflows_retries(nusawa_gateway, dialect):
    nusawa_gateway.fail_next(429, times=9, retry_after=0)

    assert "429" in Task(to=AISHA).fails(AirflowException)


@pytest.mark.parametrize(
    ("fates", "ends"),
    [
        pytest.param(["00", "13"], None, id="some-accepted"),
        pytest.param(["13", "61"], AirflowFailException, id="none-accepted"),
        pytest.param(["00", "99"], AirflowException, id="a-retry-can-help"),
    ],
)
def test_on_partial_succeed_takes_some_for_all_once_no_retry_can_help(nusawa_gateway, fates, ends):
    task = Task(to=[magic_number(fate) for fate in fates], on_partial="succeed")

    with pytest.raises(ends) if ends else contextlib.nullcontext():
        task.run()


@pytest.mark.parametrize("rate", [pytest.param(1, id="one-by-one"), pytest.param(3, id="in-one-group")])
def test_a_refusal_of_the_account_stops_the_run_and_no_retry_follows(nusawa_gateway, rate):
    nusawa_gateway.use(rate_per_second=rate)
    nusawa_gateway.fail_next(-2)
    task = Task(to=[AISHA, BUDI, CITRA])

    told = task.fails(AirflowFailException)

    assert sorted(task.outcomes) == ["not_tried", "not_tried", "refused"]
    assert "NOT_ENOUGH_CREDITS" in told
    assert told.count("the account was refused") == 2
    assert len(nusawa_gateway.requests) == 1


def test_five_silences_in_a_row_stop_the_run_and_a_retry_goes_on(nusawa_gateway):
    nusawa_gateway.use(rate_per_second=1)
    nusawa_gateway.backend.fail_next("drop_after", times=5)
    task = Task(to=[f"62812345678{n}" for n in range(20, 27)])

    told = task.fails(AirflowException)

    assert task.outcomes == ["unknown"] * 5 + ["not_tried"] * 2
    assert "5 sends in a row" in told
    assert len(nusawa_gateway.requests) == 5


def test_five_silences_that_are_not_in_a_row_stop_nothing(nusawa_gateway):
    nusawa_gateway.use(rate_per_second=1.9)
    people = [f"62812345678{n}" for n in range(20, 27)]
    for silent in [*people[:4], people[5]]:
        nusawa_gateway.fail_next("drop_after", number=silent)
    task = Task(to=people)

    task.fails(AirflowFailException)

    assert task.outcomes == [*["unknown"] * 4, "accepted", "unknown", "accepted"]


def test_safe_mode_holds_whatever_the_dag_says(nusawa_gateway):
    nusawa_gateway.use(only_to=AISHA)
    task = Task(to=[AISHA, BUDI])

    told = task.fails(AirflowFailException)

    assert task.outcomes == ["accepted", "refused"]
    assert "Change only_to in the connection, or the recipient" in told
    assert not nusawa_gateway.sent_to(BUDI)


def test_no_log_line_or_xcom_shows_a_whole_number_or_the_password(nusawa_gateway, caplog):
    caplog.set_level(logging.DEBUG)
    task = Task(to=[AISHA, magic_number("13"), magic_number("61")])

    told = task.fails(AirflowFailException) + caplog.text + json.dumps(task.ti.xcoms)

    secrets = [AISHA, AISHA[2:], magic_number("13"), magic_number("61"), nusawa_gateway.backend.account.password]
    assert not [secret for secret in secrets if secret in told]


def test_many_are_sent_at_the_connections_pace_and_not_one_by_one(nusawa_gateway):
    nusawa_gateway.backend.rules.latency_seconds["send"] = 0.2

    Task(to=[f"6281234500{n:03d}" for n in range(64)]).run()

    assert nusawa_gateway.backend.books.in_flight_peak > 5


@pytest.mark.parametrize("native", [False, True])
def test_a_text_may_stand_in_a_file_beside_the_dag(airflow_db, nusawa_gateway, tmp_path, native):
    (tmp_path / "halo.txt").write_text("{{ params.code }}")
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    dag = DAG(
        f"texts_{native}",
        schedule=None,
        start_date=start,
        template_searchpath=str(tmp_path),
        render_template_as_native_obj=native,
        params={"code": "12345"},
    )
    NusaWaSendMessageOperator.partial(task_id="say", text_path="halo.txt", dag=dag).expand(to=[AISHA, [BUDI]])

    states = run(dag)

    assert states == {"say[0]": "success", "say[1]": "success"}
    assert [message.text for message in nusawa_gateway.messages] == ["12345", "12345"]


def test_a_text_file_may_be_named_by_its_absolute_path(nusawa_gateway, tmp_path):
    (tmp_path / "halo.txt").write_text("Halo {{ ti.task_id }}")

    task = Task(to=AISHA, text=None, text_path=str(tmp_path / "halo.txt"))
    task.run(context={"dag": DAG("d", schedule=None)})

    assert nusawa_gateway.messages[0].text == "Halo task"


def test_a_text_file_that_is_missing_fails_at_once_and_says_where_it_was_looked_for(nusawa_gateway, tmp_path):
    dag = DAG("d", schedule=None, template_searchpath=str(tmp_path))

    told = Task(to=AISHA, text=None, text_path="halo.txt").fails(AirflowFailException, context={"dag": dag})

    assert "text_path 'halo.txt' cannot be read (there is no such file)" in told
    assert f"{tmp_path}: put it there, or name it by an absolute path" in told
    assert "Nothing was sent" in told


def test_a_text_that_ends_like_a_file_name_is_a_text(airflow_db, nusawa_gateway):
    dag = DAG("notes", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc))
    NusaWaSendMessageOperator(task_id="say", to=AISHA, text="lihat catatan.txt", dag=dag)

    assert run(dag) == {"say": "success"}
