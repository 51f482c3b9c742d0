"""Whether a campaign that has ended is what its author can call done. A pure function over its equation."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from airflow_provider_nusawa.ledger.progress import Equation


@dataclass(frozen=True, slots=True)
class Shares:
    """What may be lacking, as shares of all whose message was tried: accepted, refused, unknown.

    :param may_leave_open: Whether people may be left to whom nothing was sent.
    """

    max_refused: float = 0.0
    max_unknown: float = 0.0
    may_leave_open: bool = False

    def lacks(self, now: Equation) -> list[str]:
        """Return clauses, one for each thing that is not as it should be; none if all is well."""
        tried = now.accepted + now.refused + now.unknown
        found = [
            "the equation does not add up" if not now.adds_up else "",
            f"{now.open} were left out" if now.open and not self.may_leave_open else "",
            _beyond(now.refused, tried, self.max_refused, "refused"),
            _beyond(now.unknown, tried, self.max_unknown, "unknown"),
            "nobody was accepted" if (tried or now.open) and not now.accepted else "",
        ]
        return [clause for clause in found if clause]


def _beyond(count: int, tried: int, most: float, what: str) -> str:
    # Decimal of the digits as written: in floats, 0.29 of 100 is less than 29.
    if count <= Decimal(str(most)) * tried:
        return ""
    return f"{count} of {tried} are {what}, and max_{what}_share is {most:g}"
