"""What the ledger and the connection say of people before anything is planned for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_nusawa.ledger.foresight import DAY_SECONDS, known_among, planned_campaign, refused_lately
from airflow_provider_nusawa.ledger.limits import NO_LIMITS, Limits, sated_among, suppressed_among
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.tx import Tx

EQUAL_TEXTS = 10
"""So many equal messages to one recipient a day are let through; the next is refused with -77."""

_SPAM_PATTERN, _LIMIT_REACHED = -77, -78


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a campaign would be sent from.

    :param ledger: None where there is none yet: then nobody is known, has said no or has had messages.
    :param redirect_to: The connection's; then all texts would go to one number.
    :param only_to: The connection's; then nobody else would get any.
    :param limits: What one person may get, as the campaign's terms have it.
    """

    name: str
    ledger: Ledger | None = None
    redirect_to: str = ""
    only_to: frozenset[str] = frozenset()
    limits: Limits = NO_LIMITS


class Record:
    """Answers about numbers, a batch at a time. It changes nothing."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._campaign_id: int | None = None
        if setting.ledger:
            redirected = bool(setting.redirect_to)
            self._campaign_id = setting.ledger.read(
                lambda tx: planned_campaign(tx, setting.name, redirected=redirected)
            )

    @property
    def has_elders(self) -> bool:
        """Whether an earlier run has planned the campaign."""
        return self._campaign_id is not None

    def known(self, numbers: Sequence[str]) -> set[str]:
        """Return those whom the campaign has already."""
        ledger, campaign_id = self._setting.ledger, self._campaign_id
        if ledger is None or campaign_id is None:
            return set()
        marks = {ledger.person(number): number for number in numbers}
        found = ledger.read(lambda tx: known_among(tx, campaign_id, list(marks)))
        return {marks[person] for person in found}

    def foresee(self, numbers: Sequence[str]) -> dict[str, int]:
        """Count those who would get nothing, each once, and those whom the gateway would refuse."""
        ledger, only_to = self._setting.ledger, self._setting.only_to
        allowed = [number for number in numbers if not only_to or number in only_to]
        counts = {"not_allowed": len(numbers) - len(allowed)}
        if ledger is not None:
            persons = [ledger.person(number) for number in allowed]
            counts |= ledger.read(lambda tx: self._count(tx, persons))
        return counts

    def _count(self, tx: Tx, persons: list[int]) -> dict[str, int]:
        suppressed = suppressed_among(tx, persons)
        rest = [person for person in persons if person not in suppressed]
        capped = sated_among(tx, rest, self._setting.limits)
        rest = [person for person in rest if person not in capped]
        often = sated_among(tx, rest, Limits(max_per_person=EQUAL_TEXTS, person_seconds=DAY_SECONDS))
        return {
            "suppressed": len(suppressed),
            "capped": len(capped),
            "spam_pattern": len(often | refused_lately(tx, rest, [_SPAM_PATTERN])),
            "limit_reached": len(refused_lately(tx, rest, [_LIMIT_REACHED])),
        }
