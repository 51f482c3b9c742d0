"""The journal's first store: Airflow's task state (3.3+), which outlives a failed, killed or lost try."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Protocol

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.journal import Entry, Intent, JournalUnavailable, stronger


class Accessor(Protocol):
    """What ``context["task_state_store"]`` offers: JSON values by key, for one task instance through all its tries."""

    def get(self, key: str, default: Any = None) -> Any: ...

    def set(self, key: str, value: Any, *, retention: Any = None) -> None: ...


class TaskStateStore:
    """Remembers under write-once keys, one for each try and group, because task state has no compare-and-set.

    Anyone who may see the task may read task state, so people and texts stand there as HMACs. Their key is derived
    from dag, run and task alone: a credential may change between two tries. They are pseudonyms, not anonymous: who
    has a number can find out whether it is there.

    :param accessor: ``context["task_state_store"]``.
    :param ti: The task instance: its ids and ``try_number``.
    """

    def __init__(self, accessor: Accessor, ti: Any) -> None:
        self._accessor = accessor
        self._try = ti.try_number
        self._key = hashlib.sha256("\0".join((ti.dag_id, ti.run_id, ti.task_id)).encode()).digest()
        self._group = 0

    def mark(self, value: str) -> str:
        return hmac.new(self._key, value.encode(), hashlib.sha256).hexdigest()[:32]

    def holds_earlier_tries(self) -> bool:
        """Whether any try before this one has put somebody on record here. Raises JournalUnavailable."""
        return any(self._get(_key(number, 0, "intents")) is not None for number in range(1, self._try))

    def recorded(self, intents: Sequence[Intent]) -> list[Entry | None]:
        known: dict[str, Entry] = {}
        for try_number in range(1, self._try + 1):
            self._group = 0  # after the loop: the first group of this try that is free
            while (group := self._get(_key(try_number, self._group, "intents"))) is not None:
                outcomes = self._get(_key(try_number, self._group, "outcomes")) or [[Outcome.UNKNOWN.value]] * len(
                    group
                )
                for (person, text), row in zip(group, outcomes, strict=True):
                    known[person] = stronger(known.get(person), _entry(text, row))
                self._group += 1
        return [known.get(intent.person) for intent in intents]

    def intend(self, intents: Sequence[Intent]) -> str:
        group = str(self._group)
        self._set(_key(self._try, self._group, "intents"), [[intent.person, intent.text] for intent in intents])
        self._group += 1
        return group

    def conclude(self, group: str, entries: Sequence[Entry]) -> None:
        rows = [[entry.outcome.value, entry.message_id, entry.api, entry.code, entry.scope] for entry in entries]
        self._set(_key(self._try, int(group), "outcomes"), rows)

    def _get(self, key: str) -> Any:
        try:
            return self._accessor.get(key)
        except Exception as error:
            raise JournalUnavailable(f"Airflow's task state cannot be read ({type(error).__name__})") from error

    def _set(self, key: str, value: Any) -> None:
        from airflow.sdk import NEVER_EXPIRE  # type: ignore[attr-defined]  # 3.3+

        try:
            self._accessor.set(key, value, retention=NEVER_EXPIRE)
        except Exception as error:
            raise JournalUnavailable(f"Airflow's task state cannot be written ({type(error).__name__})") from error


def _key(try_number: int, group: int, what: str) -> str:
    return f"nusawa/try-{try_number}/group-{group}/{what}"


def _entry(text: str, row: list[Any]) -> Entry:
    outcome, *rest = row
    return Entry(Outcome(outcome), text, *rest)
