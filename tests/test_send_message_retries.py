"""What a second try of the send operator does: after refusals, lost answers, stops, and records that fail."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException
from faults import UNKNOWN, details_of
from sends import AISHA, BUDI, CITRA, REMEMBERS, Task, remembers
from tries import TaskState, Ti, context_of

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.journal import JournalUnavailable
from airflow_provider_nusawa.operators import NusaWaSendMessageOperator

pytestmark = pytest.mark.usefixtures("default_ledger")


@pytest.mark.parametrize(("fault", "cause"), UNKNOWN)
def test_a_lost_answer_fails_the_task_for_good_and_a_retry_sends_nothing(nusawa_gateway, dialect, fault, cause):
    nusawa_gateway.use(read_timeout_seconds=0.3, total_timeout_seconds=0.9)
    strike = nusawa_gateway.fail_next(fault, times=9, **details_of(fault))
    task = Task(to=AISHA)

    told = [task.fails(AirflowFailException), task.fails(AirflowFailException)]

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
    task = Task(to=AISHA)
    away = {**nusawa_gateway.connection(), **settings}
    monkeypatch.setenv("AIRFLOW_CONN_NUSAWA_DEFAULT", json.dumps(away))

    told = task.fails(AirflowException)

    assert says in told
    assert task.outcomes == ["not_tried"]
    nusawa_gateway.use()
    assert task.run()["outcome"] == "accepted"


def test_a_retry_sends_only_to_those_who_were_not_reached(nusawa_gateway):
    task = Task(to=[AISHA, BUDI, CITRA])
    nusawa_gateway.fail_next(-99, number=BUDI)
    nusawa_gateway.fail_next("drop_after", number=CITRA)
    task.fails(AirflowException)

    told = task.fails(AirflowFailException)

    assert task.outcomes == ["accepted", "accepted", "unknown"]
    assert [receipt["repeated"] for receipt in task.ti.xcoms["return_value"]] == [True, False, True]
    assert "an earlier try perhaps sent it" in told
    assert [len(nusawa_gateway.sent_to(number)) for number in (AISHA, BUDI, CITRA)] == [1, 1, 1]


def test_an_unknown_is_sent_again_where_the_author_chose_so(nusawa_gateway):
    task = Task(to=AISHA, on_unknown="retry")
    nusawa_gateway.fail_next("drop_before")
    task.fails(AirflowException)

    assert task.run()["outcome"] == "accepted"


def test_what_was_refused_for_good_is_not_asked_again(nusawa_gateway):
    task = Task(to=[magic_number("13"), magic_number("99")])
    task.fails(AirflowException)
    asked = len(nusawa_gateway.requests)

    task.fails(AirflowException)

    assert len(nusawa_gateway.requests) == asked + 1


def test_whom_the_safe_mode_left_out_is_sent_to_once_the_connection_lets_it(nusawa_gateway):
    nusawa_gateway.use(only_to=AISHA)
    task = Task(to=[AISHA, BUDI])
    task.fails(AirflowFailException)
    task.fails(AirflowFailException)
    nusawa_gateway.use()

    task.run()

    assert [receipt["repeated"] for receipt in task.ti.xcoms["return_value"]] == [True, False]
    assert [len(nusawa_gateway.sent_to(number)) for number in (AISHA, BUDI)] == [1, 1]


def test_a_try_that_finds_all_done_says_so_loudly_and_tells_the_same_message_id(nusawa_gateway, caplog, capsys):
    task = Task(to=AISHA)
    first = task.run()

    again = task.run()

    assert again == {**first, "repeated": True}
    assert "NOTHING WAS SENT" in caplog.text + capsys.readouterr().out  # Airflow 2 logs there, Airflow 3 here
    assert len(nusawa_gateway.messages) == 1


def test_a_changed_text_makes_no_second_message_and_is_logged(nusawa_gateway, caplog):
    task = Task(to=AISHA)
    task.run(text="try 1")

    task.run(text="try 2")

    assert [message.text for message in nusawa_gateway.messages] == ["try 1"]
    assert "has changed" in caplog.text


def test_a_rotated_password_is_no_other_person_and_a_redirection_is(nusawa_gateway):
    task = Task(to=AISHA)
    task.run()
    nusawa_gateway.backend.account.password = "rotated"
    nusawa_gateway.use()
    task.run()
    rotated = len(nusawa_gateway.messages)
    nusawa_gateway.use(redirect_to=BUDI)

    task.run()

    assert (rotated, len(nusawa_gateway.messages)) == (1, 2)


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
    task.fails(AirflowFailException)
    assert task.outcomes == ["unknown", "accepted"]


@remembers
def test_a_second_process_that_was_frozen_before_its_intent_cannot_send(nusawa_gateway):
    """Two live tries: the first wakes up when the second is done, and its writes fail, as the api-server sees to."""
    Task(to=AISHA).run()

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
def test_a_task_that_is_stopped_amid_a_send_leaves_it_on_record_as_unknown(nusawa_gateway, caplog, capsys, way):
    nusawa_gateway.use(rate_per_second=1)
    nusawa_gateway.fail_next("hang_after")
    task = Task(to=[AISHA, BUDI])
    started = time.monotonic()

    if way == "on-kill":
        threading.Thread(target=lambda: (_until_asked(nusawa_gateway), task.operator.on_kill())).start()
        assert "told to stop" in task.fails(AirflowException)
    else:
        with alarm_once_asked(nusawa_gateway), pytest.raises(TimeIsUp):
            task.run()

    assert time.monotonic() - started < 4
    assert task.outcomes == ["unknown", "not_tried"]
    assert "of 2 recipients: 1 unknown, 1 not_tried" in caplog.text + capsys.readouterr().out
    assert "unknown" in json.dumps(list(task.state.rows.values()))
    task.fails(AirflowFailException)
    assert task.outcomes == ["unknown", "accepted"]
    assert [len(nusawa_gateway.sent_to(number)) for number in (AISHA, BUDI)] == [1, 1]


@remembers
def test_a_try_that_is_stopped_leaves_the_word_of_a_later_one(nusawa_gateway):
    """As where it was frozen, taken for dead, and followed by another try, which has ended."""
    nusawa_gateway.fail_next("hang_after")
    task = Task(to=[AISHA, BUDI])

    def follow_and_stop():
        _until_asked(nusawa_gateway)
        task.ti.xcom_push("return_value", "the later one's")
        task.operator.on_kill()

    threading.Thread(target=follow_and_stop).start()
    task.fails(AirflowException)

    assert task.ti.xcoms == {"return_value": "the later one's"}


@remembers
def test_a_stop_is_what_ends_a_task_though_its_receipts_cannot_be_pushed(nusawa_gateway):
    class Mute(Ti):
        def xcom_push(self, key, value):
            raise ConnectionError("no api-server")

    nusawa_gateway.fail_next("hang_after")
    task = Task(to=AISHA, ti=Mute())

    with alarm_once_asked(nusawa_gateway), pytest.raises(TimeIsUp):
        task.run()


@remembers
def test_the_main_thread_neither_reads_nor_writes_a_record(nusawa_gateway):
    class Watched(TaskState):
        def get(self, key, default=None):
            threads.add(threading.current_thread())
            return super().get(key, default)

        def set(self, key, value, *, retention=None):
            threads.add(threading.current_thread())
            super().set(key, value, retention=retention)

    threads: set[threading.Thread] = set()
    task = Task(Watched(), to=AISHA)
    for _ in range(3):
        task.run()

    assert threads
    assert threading.main_thread() not in threads


def test_a_task_that_is_told_to_stop_before_it_starts_sends_nothing(nusawa_gateway):
    Task(to=AISHA).run()  # loads what a first send loads
    told = NusaWaSendMessageOperator(task_id="say", to=[f"62812345679{n:02d}" for n in range(30)], text="Halo")
    told.on_kill()

    with pytest.raises(AirflowException, match="told to stop"):
        told.execute(context_of(Ti(), TaskState() if REMEMBERS else None))

    assert len(nusawa_gateway.requests) == 1


def _until_asked(gateway) -> None:
    while not gateway.requests:
        time.sleep(0.01)
