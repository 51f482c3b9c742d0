"""Dates and amounts as the gateway writes them, read leniently: no format of either is documented."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

import pendulum

_DATETIME = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?")
_DAY_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%m/%d/%Y")
"""Tried in this order: Indonesia writes the day first, so 05/06/2026 is in June."""

_ENGLISH = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_INDONESIAN = re.compile(r"[+-]?\d{1,3}((\.\d{3})+,\d+|(\.\d{3}){2,})")
_COMMA_DECIMAL = re.compile(r"[+-]?\d+,\d+")
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?")


def read_time(text: str, zone: str) -> datetime | None:
    """Return an aware time; one without a zone is read in ``zone``. None if it cannot be read.

    A date is never worth losing the rest of an answer for.
    """
    text = text.strip()
    if not _DATETIME.fullmatch(text):
        return None  # pendulum would read "now" and bare times too
    try:
        parsed = pendulum.parse(text, tz=zone)
    except ValueError:
        return None
    return parsed if isinstance(parsed, datetime) else None


def read_day(text: str, zone: str) -> date | None:
    """Return the day that a date or time names in ``zone``; None if it cannot be read (``0000-00-00`` included)."""
    moment = read_time(text, zone)
    if moment is not None:
        return moment.astimezone(pendulum.timezone(zone)).date()
    day = text.strip().partition(" ")[0]
    for form in _DAY_FORMATS:
        try:
            return datetime.strptime(day, form).date()
        except ValueError:
            continue
    return None


def read_amount(text: str) -> Decimal | None:
    """Return a balance; None if it cannot be read.

    ``1500``, ``1500.0``, ``1,500``, ``1,500.25``, ``1.500,25`` and ``1.500.000`` can be read one way only. A lone dot
    is a decimal point, so ``1.500`` is one and a half: were it meant as thousands, a credits gate would stop for
    nothing, which is seen at once; the other mistake would let a run start without credits.
    """
    text = "".join(text.split())
    if _ENGLISH.fullmatch(text):
        text = text.replace(",", "")
    elif _INDONESIAN.fullmatch(text) or _COMMA_DECIMAL.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    return Decimal(text) if _PLAIN.fullmatch(text) else None
