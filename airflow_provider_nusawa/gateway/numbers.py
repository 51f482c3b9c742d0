"""Phone numbers as people write them, turned into what the gateway takes: digits with country code, nothing else."""

from __future__ import annotations

import re
import unicodedata

from airflow_provider_nusawa.gateway.errors import InvalidMessage

# How nearly all Indonesian mobile numbers are written. A property test proves it equal to the library's answer, and
# whoever gets by with it never loads the library's metadata.
_COMMON = re.compile(r"(?:\+?62|0)?(8[1-35-9][0-9]{7,10})")
_COMMON_GAPS = str.maketrans("", "", " -")

_GAPS = frozenset(" -.()\t")
_GAP_CATEGORIES = frozenset({"Zs", "Cf", "Pd"})  # spaces, invisible marks that pasting brings along, dashes
_SEVERAL = frozenset(",;/|\r\n")
_FOREIGN = re.compile(r"(?!^\+)[^0-9]")
_TOO_LONG = 10**18
_LEAST_ECHO = 6  # digits that an echoed number must share with the one posted
_LIKE_A_FLOAT = re.compile(r"\+?\d+\.\d{1,2}")


def normalise_number(raw: str | int, region: str = "ID") -> str:
    """Return the digits of a mobile number, country code first.

    Mobile means: the phonenumbers library knows the number as a mobile, or as one that may be either (North America).
    Landlines and service numbers are refused although a few have WhatsApp, because most have not. Newly issued
    prefixes that the library does not know yet are refused abroad (a newer library mends it) and taken in Indonesia.
    A number of another country needs its ``+`` or ``00``: without it, a slip of the finger would be somebody abroad.

    :param raw: What somebody typed. An int is taken, because Airflow's native rendering turns ``"6281…"`` into one.
    :param region: The country whose numbers may be written without country code, as two letters.
    :raises InvalidMessage: saying why, with the last four digits only.
    :raises InvalidSettings: for a region that does not exist.
    """
    text = _text_of(raw)
    if region == "ID" and (common := _COMMON.fullmatch(text) or _COMMON.fullmatch(text.translate(_COMMON_GAPS))):
        return "62" + common[1]
    return _by_library(text, region.upper())


def is_echo(echo: str, number: str) -> bool:
    """Whether an answer's number is the one that was posted, which may come back as 0851… for 62851…."""
    significant = "".join(filter(str.isdecimal, echo)).lstrip("0")
    return len(significant) >= _LEAST_ECHO and number.endswith(significant)


def _text_of(raw: object) -> str:
    if isinstance(raw, str):
        return raw.strip()
    if raw is None:
        raise InvalidMessage("the recipient is missing (None)")
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise InvalidMessage(f"the recipient is of type {type(raw).__name__}, and must be text")
    if not 0 < raw < _TOO_LONG:
        raise InvalidMessage("the recipient is a number without sense: give it as text")
    return str(raw)


def _by_library(text: str, region: str) -> str:
    from airflow_provider_nusawa.gateway.number_plans import mobile_digits  # loads phonenumbers

    return mobile_digits(_clean(text), region)


def _clean(text: str) -> str:
    """Return ASCII digits, led by a plus if there was one."""
    if not text:
        raise InvalidMessage("the recipient is empty")
    cleaned = "".join(map(_plain, text))
    digits = "".join(filter(str.isdecimal, cleaned))
    foreign = _FOREIGN.search(cleaned)
    if foreign:
        raise InvalidMessage(_complaint(foreign[0]), destination=digits)
    if _LIKE_A_FLOAT.fullmatch(text):
        # 6281234567890.0 is what pandas makes of a column with a gap; with the dot left out it is somebody else.
        raise InvalidMessage("the number is written as a fraction: read its column as text", destination=digits)
    if not digits:
        raise InvalidMessage("the recipient holds no digits")
    return cleaned


def _plain(char: str) -> str:
    """Return an ASCII digit or plus, nothing for a gap, or the very character where it is neither."""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    narrow = unicodedata.normalize("NFKC", char)
    if narrow in _GAPS or unicodedata.category(char) in _GAP_CATEGORIES:
        return ""
    return "+" if narrow == "+" else char


def _complaint(char: str) -> str:
    if char in _SEVERAL:
        return f"the recipient holds {char!r}, as if it were several numbers: give them as a list"
    if char == "+":
        return "the number holds a + that does not lead it"
    return f"the number holds the {'letter' if char.isalpha() else 'character'} {char!r}"
