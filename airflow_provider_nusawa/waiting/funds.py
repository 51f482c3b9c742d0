"""The rule of the credits gate: whether a balance is large enough, and lasts long enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from airflow_provider_nusawa.gateway.errors import NusaWaError, Refused
from airflow_provider_nusawa.gateway.messages import Credits

_LACKING = (-2, -7)  # NOT_ENOUGH_CREDITS, BALANCE_EXPIRED: a top-up mends them


@dataclass(frozen=True, slots=True)
class Need:
    """What a balance must be.

    :param minimum: Credits, at least.
    :param min_days_left: Days until the balance expires, at least; None if only an expired one will not do.
    """

    minimum: Decimal
    min_days_left: int | None = None

    @classmethod
    def read(cls, minimum: Any, min_days_left: Any = None) -> Need:
        """Read what a Dag said, or what a template made of it.

        :raises ValueError: naming the argument and what it may be.
        """
        days = None if min_days_left is None else _number("min_days_left", min_days_left)
        if days is not None and days != int(days):
            raise ValueError(f"min_days_left is a whole number of days, not {min_days_left!r}")
        return cls(_number("minimum", minimum), None if days is None else int(days))

    def shortfalls(self, credits: Credits, today: date) -> list[str]:
        """Say in one clause each what the balance lacks; nothing if it will do.

        :param today: The day it is in the account's time zone.
        """
        clauses = []
        if credits.amount < self.minimum:
            clauses.append(f"the balance is {self.minimum - credits.amount:f} credits short of {self.minimum:f}")
        # Where no expiry is told, none is known of: v1.0 tells null for accounts that have none.
        if credits.expires is not None:
            clauses += self._expiry_clauses((credits.expires - today).days)
        return clauses

    def _expiry_clauses(self, days_left: int) -> list[str]:
        if days_left < 0:
            return [f"it expired {-days_left} day(s) ago"]
        if self.min_days_left is not None and days_left < self.min_days_left:
            return [f"it expires in {days_left} day(s), and {self.min_days_left} are needed"]
        return []


def today_in(timezone: str) -> date:
    """Return the day it is in a time zone."""
    import pendulum

    return pendulum.now(timezone).date()


def said(credits: Credits) -> str:
    """Say a balance in words."""
    until = f", usable until {credits.expires.isoformat()}" if credits.expires else ", no expiry told"
    return f"the balance is {credits.amount:f} credits{until}"


def lacks_credits(error: NusaWaError) -> bool:
    """Whether the gateway refused for want of credits, instead of telling a balance."""
    return isinstance(error, Refused) and error.code in _LACKING


def _number(name: str, raw: Any) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | str):
        raise ValueError(f"{name} must be a number, or a template that becomes one, not {type(raw).__name__}")
    try:
        number = Decimal(str(raw).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        # 1.500 is a thousand and a half in Jakarta, 1,500 in London: separators are never guessed at.
        raise ValueError(f"{name} must be a number of 0 or more, as digits without separators, not {str(raw)[:40]!r}")
    return number
