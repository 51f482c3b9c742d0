"""Numbers as spreadsheets leave them: some can be put right, some have lost digits for good."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_nusawa.gateway.errors import InvalidMessage
from airflow_provider_nusawa.gateway.numbers import normalise_number

_SCIENTIFIC = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
_QUOTED = re.compile(r"""\s*(?:="\s*([^"]*)"|'\s*(.*))\s*""")
_ROUNDED = 10**5
"""A float that ends in so many zeros has most likely been 6.2812E+12 before."""


class NumberDamaged(InvalidMessage):
    """The number's digits are lost: whose it was cannot be told."""


def number_of(raw: Any, region: str = "ID") -> str:
    """Return the digits of a mobile number, as ``normalise_number`` does, also of one that a spreadsheet has marked.

    ``812…`` without its 0, ``="0812…"`` and ``'0812…`` are put right, and so is a float that is a whole number.

    :raises NumberDamaged: for ``6.2812E+12``, and for a float that looks rounded.
    :raises InvalidMessage: for all else that is no mobile number.
    """
    if isinstance(raw, float):
        raw = _whole(raw)
    try:
        return normalise_number(raw, region)
    except InvalidMessage:
        if not isinstance(raw, str):
            raise
        if _SCIENTIFIC.fullmatch(raw.strip()):
            what = "Excel has shortened the number, and its digits are lost: format the column as text, enter it anew"
            raise NumberDamaged(what) from None
        marked = _QUOTED.fullmatch(raw)
        if not marked:
            raise
        return normalise_number(marked[1] or marked[2] or "", region)


def _whole(raw: float) -> int:
    if not raw.is_integer():
        raise InvalidMessage("the number is a fraction: give it as text")
    if raw % _ROUNDED == 0:
        raise NumberDamaged("the number is a float and looks rounded: read its column as text")
    return int(raw)
