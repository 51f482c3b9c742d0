"""What a notifier remembers, and for whom."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_nusawa.notifications.memory import Memory, ProcessStore, memory_key, store_of

JAKARTA = ZoneInfo("Asia/Jakarta")


def test_the_first_alert_is_never_too_soon():
    assert not Memory().is_too_soon("failed", now=0.0, min_seconds=1e9)


@pytest.mark.parametrize(
    ("kind", "now", "held_back"),
    [
        pytest.param("failed", 1059.9, True, id="within"),
        pytest.param("failed", 1060.0, False, id="after"),
        pytest.param("retry", 1001.0, False, id="another-kind"),
        pytest.param("failed", 999.0, True, id="another-machines-clock"),
        pytest.param("failed", 900.0, False, id="a-clock-that-went-back"),
    ],
)
def test_an_alert_is_held_back_within_the_interval_after_one_of_its_kind(kind, now, held_back):
    memory = Memory().telling("e1", "failed", 1000.0)

    assert memory.is_too_soon(kind, now, min_seconds=60.0) is held_back


def test_what_was_held_back_is_counted_from_the_first_until_one_is_told():
    memory = Memory().holding("e1", 1763780520.0).holding("e2", 1763790000.0)

    assert memory.backlog(JAKARTA) == "+2 more since 10:02"
    assert memory.telling("e3", "failed", 0.0).backlog(JAKARTA) == ""
    assert memory.told == ["e1", "e2"]


def test_a_memory_survives_json():
    memory = Memory().telling("e1", "failed", 1000.5).holding("e2", 1001.0)

    assert Memory.from_json(json.loads(json.dumps(memory.to_json()))) == memory


@pytest.mark.parametrize("value", [None, {}, [], "x", {"told": 1, "last": 2, "held": 3, "since": 4}, {"told": None}])
def test_what_is_no_memory_is_read_as_none(value):
    assert Memory.from_json(value) == Memory()


def test_the_events_kept_are_bounded():
    memory = Memory()
    for number in range(60):
        memory = memory.telling(str(number), "retry", 0.0)

    assert memory.to_json()["told"] == [str(number) for number in range(10, 60)]


def test_a_key_is_of_one_recipient_and_scope_and_shows_no_number():
    key = memory_key("6281234567890", "dag", "task")

    assert key == memory_key("6281234567890", "dag", "task")
    assert "7890" not in key
    assert len({key, memory_key("6281234567891", "dag", "task"), memory_key("6281234567890", "dagt", "ask")}) == 3


def test_the_tasks_store_is_asked_only_where_it_answers():
    own, process = ProcessStore(), ProcessStore()

    assert store_of({"task_state_store": own}, has_store=True, process=process) is own
    assert store_of({"task_state_store": own}, has_store=False, process=process) is process
    assert store_of({}, has_store=True, process=process) is process


def test_a_process_forgets_the_oldest_first():
    store = ProcessStore(size=2)
    for key in ("a", "b", "a", "c"):
        store.set(key, key)

    assert [store.get(key) for key in ("a", "b", "c")] == ["a", None, "c"]
