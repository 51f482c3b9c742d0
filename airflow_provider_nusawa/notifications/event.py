"""What a callback's context tells of one event, read so that nothing missing, and nothing odd, can lose the alert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any
from urllib.parse import quote


class Kind(str, Enum):
    """What happened. Airflow does not tell a callback; it has to be seen from the context."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETRY = "retry"
    SKIPPED = "skipped"
    WAITING = "waiting"
    RUN_SUCCEEDED = "run succeeded"
    RUN_FAILED = "run failed"
    DEADLINE = "deadline"
    RECOVERED = "recovered"
    RUN_RECOVERED = "run recovered"
    OTHER = "other"


FAILURES = (Kind.FAILED, Kind.RETRY, Kind.RUN_FAILED)
RECOVERIES = {Kind.SUCCEEDED: Kind.RECOVERED, Kind.RUN_SUCCEEDED: Kind.RUN_RECOVERED}
"""What a success is called where it is told only after a failure."""

_BY_STATE = {
    "success": Kind.SUCCEEDED,
    "failed": Kind.FAILED,
    "up_for_retry": Kind.RETRY,
    "skipped": Kind.SKIPPED,
}
_BY_HOOK = {
    "on_failure_callback": Kind.FAILED,
    "on_retry_callback": Kind.RETRY,
    "on_success_callback": Kind.SUCCEEDED,
    "on_skipped_callback": Kind.SKIPPED,
    "on_execute_callback": Kind.STARTED,
    "notifiers": Kind.WAITING,  # HITL operators
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing to tell. Whatever the context did not say is empty.

    :param map_index: -1 where the task is not mapped.
    :param tries: How many tries the task has in all; 0 if not known.
    :param due: The deadline that was missed.
    :param has_store: Whether the task's own state store answers. It does in the task's process, but not to a retry
        callback: Airflow has given the task instance another id by then, and no longer knows the one in the context.
    """

    kind: Kind = Kind.OTHER
    dag_id: str = ""
    task_id: str = ""
    run_id: str = ""
    map_index: int = -1
    try_number: int = 0
    tries: int = 0
    reason: str = ""
    due: str = ""
    link: str = ""
    has_store: bool = False

    @property
    def identity(self) -> str:
        """What makes it the same event again, within one Dag and task."""
        return f"{self.kind.value}|{self.run_id}|{self.map_index}|{self.try_number}|{self.due}"


def as_recovery(event: Event) -> Event:
    """Return a success as a recovery; any other event as it is."""
    return replace(event, kind=RECOVERIES.get(event.kind, event.kind))


def read_event(context: Mapping[str, Any], notifier: object, run_page: str = "") -> Event:
    """Return what the context tells; an empty one gives an event without names.

    :param notifier: The callback itself: where no state tells what happened, the hook it hangs on does.
    :param run_page: Where Airflow shows a run, with ``{dag_id}`` and ``{run_id}``; linked where no task log can be.
    """
    deadline, reason = _get(context, "deadline"), _text(_get(context, "reason"))
    run = _get(context, "dag_run")
    ti = _get(context, "ti") or _get(context, "task_instance")
    if deadline or (reason and not _caused(context, ti, reason)):
        ti = None
    dag_id = _text(_get(ti, "dag_id") or _get(_get(context, "dag"), "dag_id") or _get(run, "dag_id"))
    run_id = _text(_get(ti, "run_id") or _get(context, "run_id") or _get(run, "run_id") or _get(run, "dag_run_id"))
    kind = _kind(context, ti, notifier, bool(deadline), reason)
    return Event(
        kind=kind,
        dag_id=dag_id,
        task_id=_text(_get(ti, "task_id")),
        run_id=run_id,
        map_index=_number(_get(ti, "map_index"), -1),
        try_number=_number(_get(ti, "try_number"), 0),
        tries=_number(_get(ti, "max_tries"), -1) + 1,
        reason=reason,
        due=_time(_get(deadline, "deadline_time")),
        link=_text(_get(ti, "log_url")) or _run_link(run_page, dag_id, run_id),
        has_store=kind is not Kind.RETRY and not reason and _get(ti, "start_date") is not None,
    )


def _caused(context: Mapping[str, Any], ti: object, reason: str) -> bool:
    """Whether a Dag-level callback was handed the task that failed the run. Before 3.3 it is any task of the run."""
    known = "task_state_store" in context or _text(_get(ti, "state")) == "failed"
    return reason == "task_failure" and known


def _kind(context: Mapping[str, Any], ti: object, notifier: object, deadline: bool, reason: str) -> Kind:
    if deadline:
        return Kind.DEADLINE
    if reason:
        return Kind.RUN_SUCCEEDED if reason == "success" else Kind.RUN_FAILED
    state = _get(ti, "state")
    if by_state := _BY_STATE.get(_text(getattr(state, "value", state))):
        return by_state
    task = _get(context, "task")
    hung = [kind for hook, kind in _BY_HOOK.items() if _hangs_on(_get(task, hook), notifier)]
    if len(hung) == 1:
        return hung[0]
    return Kind.FAILED if isinstance(_get(context, "exception"), (BaseException, str)) else Kind.OTHER


def _hangs_on(hook: object, notifier: object) -> bool:
    return hook is notifier or (isinstance(hook, (list, tuple)) and any(one is notifier for one in hook))


def _get(thing: object, name: str) -> Any:
    """Read a key or an attribute; a deadline's context brings dicts where others bring objects."""
    try:
        return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
    except Exception:  # noqa: BLE001  (a lazy value may fail in any way, and must not cost the alert)
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


def _time(value: object) -> str:
    return value.isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else _text(value)


def _run_link(run_page: str, dag_id: str, run_id: str) -> str:
    return run_page.format(dag_id=quote(dag_id), run_id=quote(run_id)) if run_page and dag_id and run_id else ""
