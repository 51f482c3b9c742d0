"""What a notifier does not tell, because it was told or would be too much; and that it tells all else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alerts import ON_CALL, SECOND, failed_task

from airflow_provider_nusawa.notifications import NusaWaNotifier
from airflow_provider_nusawa.notifications.memory import ProcessStore


def test_the_same_event_is_not_told_twice(told, caplog):
    store = ProcessStore()

    for _ in range(2):
        NusaWaNotifier(to=[ON_CALL], text="{{ ti.task_id }}")(failed_task(task_state_store=store))
    NusaWaNotifier(to=[ON_CALL, SECOND], text="{{ ti.task_id }}")(failed_task(task_state_store=store))

    assert [message.number[-4:] for message in told.messages] == ["7890", "5432"]
    assert caplog.text.count("is not told of this event again") == 2


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"try_number": 2}, id="another-try"),
        pytest.param({"state": "up_for_retry"}, id="another-kind"),
        pytest.param({"map_index": 1}, id="another-mapped-task"),
        pytest.param({"run_id": "r2"}, id="another-run"),
        pytest.param({"text": "{{ ti.dag_id }}"}, id="another-text"),
    ],
)
def test_another_event_is_told(told, other):
    store = ProcessStore()
    text = other.pop("text", "Halo")

    NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task(task_state_store=store))
    NusaWaNotifier(to=ON_CALL, text=text)(failed_task(task_state_store=store, **other))

    assert len(told.messages) == 2


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        pytest.param(-99, 2, id="refused-so-again"),
        pytest.param("drop_after", 1, id="perhaps-sent-so-not"),
    ],
)
def test_what_was_certainly_not_sent_may_be_told_again(told, fault, requests):
    told.fail_next(fault)
    store = ProcessStore()

    for _ in range(2):
        NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task(task_state_store=store))

    assert len(told.requests) == requests
    assert len(told.messages) == 1


def test_events_without_names_are_never_taken_for_one(told):
    for _ in range(2):
        NusaWaNotifier(to=ON_CALL, text="Halo", min_interval=3600)({})

    assert len(told.messages) == 2


def test_a_store_that_fails_costs_no_alert(told, caplog):
    class Broken:
        def get(self, key, default=None):
            raise RuntimeError

        set = get

    NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task(task_state_store=Broken()))

    assert len(told.messages) == 1
    assert "could not be read" in caplog.text
    assert "could not be written down" in caplog.text


def test_the_tasks_store_is_never_asked_where_nobody_answers(told):
    class Deaf:
        def get(self, key, default=None):
            pytest.fail("nobody answers: in a Dag processor this would hang")

        set = get

    NusaWaNotifier(to=ON_CALL)(failed_task(task_state_store=Deaf(), reason="task_failure"))
    NusaWaNotifier(to=SECOND)(failed_task(task_state_store=Deaf(), start_date=None))
    NusaWaNotifier(to=ON_CALL)(failed_task(task_state_store=Deaf(), state="up_for_retry"))

    assert len(told.messages) == 3


def test_alerts_within_min_interval_are_held_back_and_counted(told, caplog):
    store = ProcessStore()
    notifier = NusaWaNotifier(to=ON_CALL, text="Halo " * 300, min_interval=timedelta(hours=1))
    for number in (1, 2, 3):
        notifier(failed_task(task_state_store=store, try_number=number))

    notifier(failed_task(task_state_store=store, try_number=4, state="success"))

    first, last = (message.text for message in told.messages)
    assert "more since" not in first
    assert last.splitlines()[-1].startswith("+2 more since ")
    assert len(last) <= 1000
    assert caplog.text.count("min_interval holds within this task instance only") == 1


def test_what_was_held_back_is_counted_again_where_the_alert_was_refused(told):
    store = ProcessStore()
    notifier = NusaWaNotifier(to=ON_CALL, text="Halo", min_interval=3600)
    for number in (1, 2):
        notifier(failed_task(task_state_store=store, try_number=number))
    told.fail_next(-99)

    for _ in range(2):
        notifier(failed_task(task_state_store=store, try_number=3, state="success"))

    assert told.messages[-1].text.splitlines()[-1].startswith("+1 more since ")


def test_without_a_store_min_interval_holds_within_the_process(told, caplog):
    notifier = NusaWaNotifier(to=ON_CALL, text="Halo", min_interval=3600)
    for run in ("r1", "r2"):
        notifier(failed_task(task_state_store=None, dag_id="no-store", run_id=run))

    assert len(told.messages) == 1
    assert "min_interval holds within this process only" in caplog.text


def test_task_state_shows_no_number(told):
    store = ProcessStore()

    NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task(task_state_store=store))

    assert "7890" not in str(store.__dict__)


def test_one_persons_pseudonym_differs_from_run_to_run(told):
    store = ProcessStore()

    for run_id in ("r1", "r2"):
        NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task(task_state_store=store, run_id=run_id))

    assert len(store._values) == 2


def test_what_was_redirected_was_not_told_to_the_person(told):
    store = ProcessStore()
    told.use(redirect_to=SECOND)
    NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task(task_state_store=store))
    told.use()

    NusaWaNotifier(to=ON_CALL, text="Halo")(failed_task(task_state_store=store))

    assert [(message.number[-4:], message.text) for message in told.messages] == [
        ("5432", "[for …7890] Halo"),
        ("7890", "Halo"),
    ]
