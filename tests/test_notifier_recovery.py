"""``recovered=True``: one line when what was told as failed works again, and only to those who were told."""

from __future__ import annotations

import pytest
from alerts import BOTH_WAYS, ON_CALL, SECOND, failed_task

from airflow_provider_nusawa.notifications import NusaWaNotifier
from airflow_provider_nusawa.notifications.memory import Memory, ProcessStore


def notifier(to=ON_CALL, **more):
    return NusaWaNotifier(to=to, recovered=True, **more)


def succeeded(store, **more):
    return failed_task(task_state_store=store, **{"state": "success", "try_number": 2, **more})


def texts(gateway):
    return [message.text for message in gateway.messages]


@BOTH_WAYS
def test_a_task_that_was_told_as_failed_is_told_in_one_line_when_it_works_again(told, tell):
    store = ProcessStore()
    tell(notifier(), failed_task(task_state_store=store))

    tell(notifier(), succeeded(store))

    assert texts(told)[1:] == ["Airflow: DAG etl, task load works again (run r1, try 2 of 3)"]


def test_a_failure_is_told_as_ever(told):
    notifier()(failed_task())

    assert texts(told)[0].startswith("Airflow: task failed\n")


def test_a_success_without_a_failure_is_not_told(told, caplog):
    notifier()(succeeded(ProcessStore()))

    assert texts(told) == []
    assert "no failure was told before" in caplog.text


def test_only_those_are_told_who_were_told_of_the_failure(told):
    store = ProcessStore()
    NusaWaNotifier(to=ON_CALL, text="rusak")(failed_task(task_state_store=store))

    notifier(to=[ON_CALL, SECOND], text="pulih")(succeeded(store))

    assert [(message.number[-4:], message.text) for message in told.messages] == [("7890", "rusak"), ("7890", "pulih")]


def test_it_is_told_once(told):
    store = ProcessStore()
    notifier(text="rusak")(failed_task(task_state_store=store))
    for number in (2, 3):
        notifier(text="pulih")(succeeded(store, try_number=number))

    assert texts(told) == ["rusak", "pulih"]


def test_after_another_failure_it_is_told_again(told):
    store = ProcessStore()
    for number in (1, 3):
        notifier(text="rusak")(failed_task(task_state_store=store, try_number=number))
        notifier(text="pulih")(succeeded(store, try_number=number + 1))

    assert texts(told) == ["rusak", "pulih"] * 2


@pytest.mark.parametrize(
    ("fault", "number"),
    [pytest.param(-99, 0, id="refused-so-not-told"), pytest.param("drop_after", 1, id="perhaps-told")],
)
def test_who_was_certainly_not_told_of_the_failure_is_not_told_of_its_end(told, fault, number):
    store = ProcessStore()
    told.fail_next(fault)
    notifier(text="rusak")(failed_task(task_state_store=store))

    notifier(text="pulih")(succeeded(store))

    assert texts(told).count("pulih") == number


def test_one_mapped_task_does_not_recover_for_another(told):
    store = ProcessStore()
    notifier(text="rusak")(failed_task(task_state_store=store, map_index=0))

    notifier(text="pulih")(succeeded(store, map_index=1))
    assert texts(told) == ["rusak"]

    notifier(text="pulih")(succeeded(store, map_index=0))
    assert texts(told) == ["rusak", "pulih"]


def test_a_plain_success_is_told_without_it(told):
    NusaWaNotifier(to=ON_CALL)(succeeded(ProcessStore()))

    assert texts(told)[0].startswith("Airflow: task succeeded\n")


def test_a_retry_that_was_told_counts_as_a_failure(told):
    # A retry callback has no task state; within one process the memory is the process's.
    context = failed_task(state="up_for_retry", task_id="flaky", task_state_store=None)
    notifier(text="rusak")(context)

    notifier(text="pulih")(succeeded(None, task_id="flaky"))

    assert texts(told) == ["rusak", "pulih"]


def test_a_memory_of_an_earlier_version_knows_of_nothing_down():
    old = {"told": ["e"], "last": {"failed": 1.0}, "held": 0, "since": 0.0}

    assert Memory.from_json(old) == Memory(["e"], {"failed": 1.0})


def test_what_is_down_is_kept_through_json_and_bounded():
    memory = Memory()
    for which in range(60):
        memory = memory.failing(str(which), float(which))

    kept = Memory.from_json(memory.to_json()).down
    assert list(kept) == [str(which) for which in range(10, 60)]


def test_a_failure_that_was_not_told_is_taken_back_amid_others():
    before = Memory().failing("1", 1.0)
    told = before.telling("e2", "failed", 2.0).failing("2", 2.0)
    meanwhile = told.telling("e3", "failed", 3.0).failing("3", 3.0)

    assert meanwhile.without(told, before).down == {"1": 1.0, "3": 3.0}


def test_a_recovery_that_was_not_told_is_still_to_be_told():
    before = Memory().failing("1", 1.0)
    told = before.telling("e2", "recovered", 2.0).recovering("1")
    meanwhile = told.telling("e3", "failed", 3.0).failing("3", 3.0)

    assert meanwhile.without(told, before).down == {"1": 1.0, "3": 3.0}
