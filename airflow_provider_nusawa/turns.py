"""Who may be sent to together: those whose moments lie so close that one intent holds for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from airflow_provider_nusawa.journal import Intent


@dataclass(frozen=True, slots=True)
class Turn:
    """One message that is to be sent.

    :param place: Among all of the task.
    :param at: When it may leave by the account's pace, as a ``time.monotonic()`` time.
    """

    place: int
    intent: Intent
    at: float


def in_groups(
    waiting: Iterable[tuple[int, Intent]], moment_of: Callable[[int], float], *, most: int, span_seconds: float
) -> Iterator[list[Turn]]:
    """Deal out who waits, each with his moment.

    :param moment_of: Reserves the moment of a place, when it is needed and not before.
    :param most: So many in one group.
    :param span_seconds: Between the first moment of a group and its last, at most.
    """
    group: list[Turn] = []
    for place, intent in waiting:
        if len(group) == most:
            yield group
            group = []
        at = moment_of(place)
        if group and at - group[0].at > span_seconds:
            yield group
            group = []
        group.append(Turn(place, intent, at))
    if group:
        yield group
