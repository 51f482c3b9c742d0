"""What a notifier remembers of one recipient: events already told, and alerts held back between two that were told."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any, Protocol

_CLOCKS_APART_SECONDS = 60.0  # so far may two machines' clocks be; further back, a clock was set
_KEEP = 50  # events remembered for one recipient; a task has seldom more tries


class Store(Protocol):
    """Where memories are kept: Airflow's task state (3.3+), this process, or a ledger. Values are plain JSON."""

    def get(self, key: str, default: Any = None) -> Any: ...

    def set(self, key: str, value: Any) -> None: ...


class ProcessStore:
    """Remembers for as long as this process lives: at most ``size`` keys, the oldest forgotten first."""

    def __init__(self, size: int = 1000) -> None:
        self._size = size
        self._values: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str, default: Any = None) -> Any:
        return self._values.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._size:
            self._values.popitem(last=False)


def changed(store: Store, key: str, make: Callable[[Any], Any]) -> Any:
    """Replace a value by what ``make`` makes of it, and return what it was."""
    before = store.get(key)
    store.set(key, make(before))
    return before


def store_of(context: Mapping[str, Any], *, has_store: bool, process: Store) -> Store:
    """Return the task's own store where it answers, else the process's.

    A Dag processor has the task's store in its context too, but nobody there answers, and a question would hang until
    Airflow kills the process.
    """
    store = context.get("task_state_store") if has_store else None
    return process if store is None else store


def memory_key(number: str, *scope: str) -> str:
    """Return the key of one recipient's memory. Task state is public, so it holds a pseudonym and never the number."""
    secret = hashlib.sha256("\0".join(scope).encode()).digest()
    return "nusawa_alert_" + hmac.new(secret, number.encode(), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Memory:
    """One recipient's.

    :param told: Events that need not be told again, the oldest first; told perhaps counts as told.
    :param last: When each kind of event was last told, in seconds since 1970.
    :param down: When which of a task's mapped instances (-1 if it is not mapped) was told as failed, and has not been
        told as recovered since.
    :param held: How many alerts were held back since, and ``since`` when the first of them.
    """

    told: list[str] = field(default_factory=list)
    last: dict[str, float] = field(default_factory=dict)
    held: int = 0
    since: float = 0.0
    down: dict[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: Any) -> Memory:
        """Read what ``to_json`` wrote; what anything else wrote is no memory, and must not cost an alert."""
        try:
            known = list(value["told"]), dict(value["last"]), int(value["held"]), float(value["since"])
            return cls(*known, dict(value.get("down", {})))
        except (TypeError, KeyError, ValueError):
            return cls()

    def to_json(self) -> dict[str, Any]:
        down = dict(list(self.down.items())[-_KEEP:])
        return {"told": self.told[-_KEEP:], "last": self.last, "held": self.held, "since": self.since, "down": down}

    def is_too_soon(self, kind: str, now: float, min_seconds: float) -> bool:
        """Whether one of the same kind was told less than ``min_seconds`` ago. A failure never waits for a retry."""
        return kind in self.last and -_CLOCKS_APART_SECONDS <= now - self.last[kind] < min_seconds

    def holding(self, event: str, now: float) -> Memory:
        """Return the memory as it is once the event has been held back."""
        return replace(self, told=[*self.told, event], held=self.held + 1, since=self.since if self.held else now)

    def telling(self, event: str, kind: str, now: float) -> Memory:
        """Return the memory as it is once the event has been told, with the count of what was held back."""
        return Memory([*self.told, event], {**self.last, kind: now}, down=self.down)

    def failing(self, which: str, now: float) -> Memory:
        """Return the memory as it is once the recipient knows that ``which`` has failed."""
        return replace(self, down={**self.down, which: now})

    def recovering(self, which: str) -> Memory:
        """Return the memory as it is once the recipient knows that ``which`` works again."""
        return replace(self, down={one: since for one, since in self.down.items() if one != which})

    def without(self, told: Memory, before: Memory) -> Memory:
        """Return the memory as it is once it turns out that an alert was not told.

        :param told: The memory as that alert left it, and ``before`` as it had found it.
        """
        if self == told:
            return before
        # Others were told meanwhile: theirs stays.
        kept = [event for event in self.told if event in before.told or event not in told.told]
        since = before.since if before.held else self.since
        untold = {which for which, at in told.down.items() if before.down.get(which) != at}
        others = {which: at for which, at in self.down.items() if which not in untold or told.down[which] != at}
        changed = {which: at for which, at in before.down.items() if told.down.get(which) != at}
        return replace(self, told=kept, held=self.held + before.held, since=since, down={**changed, **others})

    def backlog(self, zone: tzinfo) -> str:
        """Return the line that tells of what was held back; empty if nothing was."""
        since = datetime.fromtimestamp(self.since, zone).strftime("%H:%M")
        return f"+{self.held} more since {since}" if self.held else ""
