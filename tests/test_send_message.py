"""The send operator over a real socket: what it sends, what it says, how it ends, and what a second try does."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import threading
import time
from datetime import datetime, timezone
from importlib.util import find_spec
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException
from dag_runs import run
from faults import UNKNOWN, details_of
from tries import TaskState, Ti, context_of

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.journal import JournalUnavailable
from airflow_provider_nusawa.operators import NusaWaSendMessageOperator

AISHA, BUDI, CITRA, DEWI = (f"62812345678{n}" for n in (10, 11, 12, 13))
REMEMBERS = find_spec("airflow.sdk") is not None
remembers = pytest.mark.skipif(not REMEMBERS, reason="task state came with Airflow 3.3")


class Task:
    """One task and its tries."""

    def __init__(self, state: TaskState | None = None, **arguments: Any) -> None:
        self.arguments = {"task_id": "say", "text": "Halo", **arguments}
        self.state = state
        self.ti = Ti(try_number=0)

    def run(self, **changed: Any) -> Any:
        self.ti = Ti(self.ti.try_number + 1)
        self.operator = NusaWaSendMessageOperator(**{**self.arguments, **changed})
        return self.operator.execute(context_of(self.ti, self.state))

    def fails(self, error: type[BaseException] = AirflowFailException, **changed: Any) -> str:
        with pytest.raises(error) as caught:
            self.run(**changed)
        assert type(caught.value) is error
        return str(caught.value)

    @property
    def outcomes(self) -> list[str]:
        told = self.ti.xcoms["return_value"]
        return [receipt["outcome"] for receipt in (told if isinstance(told, list) else [told])]


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
        pytest.param({"to": AISHA, "idempotency_key": "k"}, ["ledger", "Nothing was sent"], id="key-without-ledger"),
    ],
)
def test_bad_input_fails_at_once_and_before_any_request(nusawa_gateway, arguments, says):
    told = Task(TaskState(), **arguments).fails()

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


@pytest.mark.parametrize(("fault", "cause"), UNKNOWN)
def test_a_lost_answer_fails_the_task_for_good_and_a_retry_sends_nothing(nusawa_gateway, fault, cause):
    nusawa_gateway.use(read_timeout_seconds=0.3, total_timeout_seconds=0.9)
    strike = nusawa_gateway.fail_next(fault, times=9, **details_of(fault))
    task = Task(TaskState() if REMEMBERS else None, to=AISHA)

    told = [task.fails(), task.fails()]

    assert "may have been sent" in told[0]
    assert strike.fired == 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        pytest.param({"host": "http://127.0.0.1:1"}, "could not be made", id="connection-refused"),
        pytest.param({"host": "https://no..such.host.invalid"}, "could not be resolved", id="no-such-name"),
    ],
)
def test_where_no_connection_came_about_a_retry_sends(nusawa_gateway, monkeypatch, settings, says):
    task = Task(TaskState() if REMEMBERS else None, to=AISHA)
    away = {**nusawa_gateway.connection(), **settings}
    monkeypatch.setenv("AIRFLOW_CONN_NUSAWA_DEFAULT", json.dumps(away))

    told = task.fails(AirflowException)

    assert says in told
    assert task.outcomes == ["not_tried"]
    if REMEMBERS:
        nusawa_gateway.use()
        assert task.run()["outcome"] == "accepted"


def test_a_429_that_stays_is_left_to_airflows_retries(nusawa_gateway):
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

    told = task.fails()

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

    task.fails()

    assert task.outcomes == [*["unknown"] * 4, "accepted", "unknown", "accepted"]


def test_safe_mode_holds_whatever_the_dag_says(nusawa_gateway):
    nusawa_gateway.use(only_to=AISHA)
    task = Task(to=[AISHA, BUDI])

    told = task.fails()

    assert task.outcomes == ["accepted", "refused"]
    assert "only_to" in told
    assert not nusawa_gateway.sent_to(BUDI)


@remembers
def test_a_retry_sends_only_to_those_who_were_not_reached(nusawa_gateway):
    task = Task(TaskState(), to=[AISHA, BUDI, CITRA])
    nusawa_gateway.fail_next(-99, number=BUDI)
    nusawa_gateway.fail_next("drop_after", number=CITRA)
    task.fails(AirflowException)

    told = task.fails()

    assert task.outcomes == ["accepted", "accepted", "unknown"]
    assert [receipt["repeated"] for receipt in task.ti.xcoms["return_value"]] == [True, False, True]
    assert "an earlier try perhaps sent it" in told
    assert [len(nusawa_gateway.sent_to(number)) for number in (AISHA, BUDI, CITRA)] == [1, 1, 1]


@remembers
def test_an_unknown_is_sent_again_where_the_author_chose_so(nusawa_gateway):
    task = Task(TaskState(), to=AISHA, on_unknown="retry")
    nusawa_gateway.fail_next("drop_before")
    task.fails(AirflowException)

    assert task.run()["outcome"] == "accepted"


@remembers
def test_what_was_refused_for_good_is_not_asked_again(nusawa_gateway):
    task = Task(TaskState(), to=[magic_number("13"), magic_number("99")])
    task.fails(AirflowException)
    asked = len(nusawa_gateway.requests)

    task.fails(AirflowException)

    assert len(nusawa_gateway.requests) == asked + 1


@remembers
def test_a_try_that_finds_all_done_says_so_loudly_and_tells_the_same_message_id(nusawa_gateway, caplog, capsys):
    task = Task(TaskState(), to=AISHA)
    first = task.run()

    again = task.run()

    assert again == {**first, "repeated": True}
    assert "NOTHING WAS SENT" in caplog.text + capsys.readouterr().out  # Airflow 2 logs there, Airflow 3 here
    assert len(nusawa_gateway.messages) == 1


@remembers
def test_a_changed_text_makes_no_second_message_and_is_logged(nusawa_gateway, caplog):
    task = Task(TaskState(), to=AISHA)
    task.run(text="try 1")

    task.run(text="try 2")

    assert [message.text for message in nusawa_gateway.messages] == ["try 1"]
    assert "has changed" in caplog.text


@remembers
def test_a_rotated_password_is_no_other_person_and_a_redirection_is(nusawa_gateway):
    task = Task(TaskState(), to=AISHA)
    task.run()
    nusawa_gateway.backend.account.password = "rotated"
    nusawa_gateway.use()
    task.run()
    rotated = len(nusawa_gateway.messages)
    nusawa_gateway.use(redirect_to=BUDI)

    task.run()

    assert (rotated, len(nusawa_gateway.messages)) == (1, 2)


def test_without_task_state_a_second_try_sends_nothing_and_names_the_ways_on(nusawa_gateway):
    task = Task(None, to=AISHA)
    task.run()

    told = task.fails()

    assert "try 2" in told
    assert "3.3" in told
    assert len(nusawa_gateway.messages) == 1


@remembers
def test_where_the_intent_cannot_be_written_nothing_is_sent(nusawa_gateway):
    told = Task(TaskState(writes_left=0), to=AISHA).fails(JournalUnavailable)

    assert "cannot be written" in told
    assert nusawa_gateway.requests == []


@remembers
def test_where_an_outcome_cannot_be_written_no_further_group_starts(nusawa_gateway):
    nusawa_gateway.use(rate_per_second=1)
    task = Task(TaskState(writes_left=1), to=[AISHA, BUDI])
    task.fails(JournalUnavailable)

    assert task.outcomes == ["accepted", "not_tried"]
    task.state.writes_left = None
    task.fails()
    assert task.outcomes == ["unknown", "accepted"]


@remembers
def test_a_second_process_that_was_frozen_before_its_intent_cannot_send(nusawa_gateway):
    """Two live tries: the first wakes up when the second is done, and its writes fail, as the api-server sees to."""
    Task(TaskState(), to=AISHA).run()

    Task(TaskState(writes_left=0), to=AISHA).fails(JournalUnavailable)

    assert len(nusawa_gateway.messages) == 1


class TimeIsUp(BaseException):
    """As AirflowTaskTimeout: raised by a signal, in the main thread, and no Exception."""


@contextlib.contextmanager
def alarm_once_asked(gateway):
    def ring(*_):
        raise TimeIsUp

    def watch():
        while not gateway.requests:
            time.sleep(0.01)
        signal.pthread_kill(main, signal.SIGALRM)

    main, before = threading.main_thread().ident, signal.signal(signal.SIGALRM, ring)
    threading.Thread(target=watch).start()
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


@remembers
@pytest.mark.parametrize("way", ["execution-timeout", "on-kill"])
def test_a_task_that_is_stopped_amid_a_send_leaves_it_on_record_as_unknown(nusawa_gateway, way):
    nusawa_gateway.use(rate_per_second=1)
    nusawa_gateway.fail_next("hang_after")
    task = Task(TaskState(), to=[AISHA, BUDI])
    started = time.monotonic()

    if way == "on-kill":
        threading.Thread(target=lambda: (_until_asked(nusawa_gateway), task.operator.on_kill())).start()
        assert "told to stop" in task.fails(AirflowException)
    else:
        with alarm_once_asked(nusawa_gateway), pytest.raises(TimeIsUp):
            task.run()

    assert time.monotonic() - started < 4
    assert "unknown" in json.dumps(list(task.state.rows.values()))
    task.fails()
    assert task.outcomes == ["unknown", "accepted"]
    assert [len(nusawa_gateway.sent_to(number)) for number in (AISHA, BUDI)] == [1, 1]


def _until_asked(gateway) -> None:
    while not gateway.requests:
        time.sleep(0.01)


def test_no_log_line_or_xcom_shows_a_whole_number_or_the_password(nusawa_gateway, caplog):
    caplog.set_level(logging.DEBUG)
    task = Task(to=[AISHA, magic_number("13"), magic_number("61")])

    told = task.fails() + caplog.text + json.dumps(task.ti.xcoms)

    secrets = [AISHA, AISHA[2:], magic_number("13"), magic_number("61"), nusawa_gateway.backend.account.password]
    assert not [secret for secret in secrets if secret in told]


def test_many_are_sent_at_the_connections_pace_and_not_one_by_one(nusawa_gateway):
    nusawa_gateway.backend.rules.latency_seconds["send"] = 0.2

    Task(to=[f"6281234500{n:03d}" for n in range(64)]).run()

    assert nusawa_gateway.backend.books.in_flight_peak > 5


@pytest.mark.parametrize("native", [False, True])
def test_a_text_may_stand_in_a_file_beside_the_dag(airflow_db, nusawa_gateway, tmp_path, native):
    from airflow.providers.common.compat.sdk import DAG

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


def test_a_text_that_ends_like_a_file_name_is_a_text(airflow_db, nusawa_gateway):
    from airflow.providers.common.compat.sdk import DAG

    dag = DAG("notes", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc))
    NusaWaSendMessageOperator(task_id="say", to=AISHA, text="lihat catatan.txt", dag=dag)

    assert run(dag) == {"say": "success"}
