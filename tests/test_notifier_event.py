"""What a notifier makes of a context, whatever it holds."""

from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace

import pytest

from airflow_provider_nusawa.notifications.event import Event, Kind, read_event

PAGE = "https://airflow.example/dags/{dag_id}/runs/{run_id}"
NOTIFIER = object()


def test_an_empty_context_gives_an_event_without_names():
    assert read_event({}, NOTIFIER, PAGE) == Event()


def test_a_task_instance_names_all():
    ti = SimpleNamespace(
        dag_id="d", task_id="t", run_id="r", map_index=2, try_number=1, max_tries=3, state="failed",
        log_url="https://log", start_date=datetime.now(timezone.utc),
    )  # fmt: skip

    event = read_event({"ti": ti, "exception": ValueError()}, NOTIFIER, PAGE)

    assert event == Event(Kind.FAILED, "d", "t", "r", 2, 1, 4, link="https://log", has_store=True)


def test_a_deadline_brings_plain_dicts():
    context = {
        "dag_run": {"dag_id": "d", "dag_run_id": "manual__1+2"},
        "deadline": {"id": "1", "deadline_time": datetime(2026, 11, 22, 10, tzinfo=timezone.utc)},
    }

    event = read_event(context, NOTIFIER, PAGE)

    assert (event.kind, event.dag_id, event.run_id) == (Kind.DEADLINE, "d", "manual__1+2")
    assert event.due == "2026-11-22 10:00:00+00:00"
    assert event.link == "https://airflow.example/dags/d/runs/manual__1%2B2"


def test_a_deadline_time_that_was_json_is_told_as_it_stands():
    context = {"dag_run": {}, "deadline": {"deadline_time": "2026-11-22T10:00:00Z"}}

    assert read_event(context, NOTIFIER).due == "2026-11-22T10:00:00Z"


def _run_context(**more):
    ti = SimpleNamespace(dag_id="d", task_id="t", run_id="r", state=None, start_date=datetime.now(timezone.utc))
    return {"dag": SimpleNamespace(dag_id="d"), "run_id": "r", "ti": ti, **more}


@pytest.mark.parametrize(
    ("more", "kind", "task_id"),
    [
        pytest.param({"reason": "success"}, Kind.RUN_SUCCEEDED, "", id="success"),
        pytest.param({"reason": "task_failure"}, Kind.RUN_FAILED, "", id="up-to-3.2-any-task-is-handed-over"),
        pytest.param(
            {"reason": "task_failure", "task_state_store": 0}, Kind.RUN_FAILED, "t", id="3.3-names-the-culprit"
        ),
        pytest.param({"reason": "timed_out", "task_state_store": 0}, Kind.RUN_FAILED, "", id="no-task-is-to-blame"),
    ],
)
def test_a_dag_callback_is_about_the_run(more, kind, task_id):
    event = read_event(_run_context(**more), NOTIFIER)

    assert (event.kind, event.task_id, event.dag_id, event.run_id) == (kind, task_id, "d", "r")


def test_a_dag_callback_never_runs_in_the_tasks_process():
    assert not read_event(_run_context(reason="task_failure", task_state_store=0), NOTIFIER).has_store


def test_a_retry_callback_comes_after_airflow_has_renamed_the_task_instance():
    ti = SimpleNamespace(state="up_for_retry", start_date=datetime.now(timezone.utc))

    assert not read_event({"ti": ti}, NOTIFIER).has_store


def test_a_dag_processor_builds_a_task_instance_that_has_not_started_here():
    ti = SimpleNamespace(dag_id="d", task_id="t", run_id="r", try_number=1)

    assert not read_event({"ti": ti}, NOTIFIER).has_store


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("success", Kind.SUCCEEDED),
        ("failed", Kind.FAILED),
        ("up_for_retry", Kind.RETRY),
        ("skipped", Kind.SKIPPED),
    ],
)
@pytest.mark.parametrize("wrap", [str, lambda value: SimpleNamespace(value=value)], ids=["text", "enum"])
def test_the_tasks_state_tells_what_happened(state, kind, wrap):
    assert read_event({"ti": SimpleNamespace(state=wrap(state))}, NOTIFIER).kind is kind


@pytest.mark.parametrize(
    ("hook", "kind"),
    [
        ("on_failure_callback", Kind.FAILED),
        ("on_retry_callback", Kind.RETRY),
        ("on_success_callback", Kind.SUCCEEDED),
        ("on_skipped_callback", Kind.SKIPPED),
        ("on_execute_callback", Kind.STARTED),
        ("notifiers", Kind.WAITING),
    ],
)
@pytest.mark.parametrize("hang", [lambda one: one, lambda one: [print, one]], ids=["alone", "in-a-list"])
def test_without_a_state_the_hook_that_it_hangs_on_tells(hook, kind, hang):
    task = SimpleNamespace(**{hook: hang(NOTIFIER)})

    assert read_event({"ti": SimpleNamespace(state="running"), "task": task}, NOTIFIER).kind is kind


def test_a_notifier_on_two_hooks_goes_by_the_exception():
    task = SimpleNamespace(on_failure_callback=[NOTIFIER], on_success_callback=[NOTIFIER])

    assert read_event({"task": task, "exception": ValueError()}, NOTIFIER).kind is Kind.FAILED
    assert read_event({"task": task}, NOTIFIER).kind is Kind.OTHER


def test_a_context_whose_values_fail_still_gives_an_event():
    class Broken:
        def __getattr__(self, name):
            raise RuntimeError(name)

    event = read_event({"ti": Broken(), "dag": Broken(), "dag_run": Broken(), "task": Broken()}, NOTIFIER)

    assert event == Event()
