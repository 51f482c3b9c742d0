"""Magic numbers: recipients whose messages always end the same way, so that bad days need no configuration.

They are ``62840000NNxx``: NN names the fate, xx is free, so that each fate has a hundred people. No operator has been
given 0840, so they are mobile numbers that belong to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_nusawa.emulator.vocabulary import CODES, name_of, words_of

PREFIX = "62840000"
UNLISTED = -45  # a code that the manual does not hold: its table has grown before


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of every message to one family of numbers.

    :param letters: Its delivery letters, one a step; None as the rules say.
    :param pace: How many times slower than ordinary its steps are.
    :param fault: The fault that every send to it meets: a name of ``faults.KINDS``, a code, or an HTTP status.
    """

    about: str
    letters: str | None = None
    pace: float = 1.0
    err_code: str = "0"
    opted_out: bool = False
    fault: str | int | None = None


FATES: dict[str, Fate] = {
    "00": Fate("accepted, then as any other number"),
    "50": Fate("accepted, sent, delivered", letters="SD"),
    "51": Fate("accepted, sent, failed (F)", letters="SF", err_code="1"),
    "52": Fate("accepted, sent, aborted (A)", letters="SA", err_code="2"),
    "53": Fate("accepted, and never anything more", letters=""),
    "54": Fate("accepted and sent, never delivered", letters="S"),
    "55": Fate("accepted, sent, delivered, read (R)", letters="SDR"),
    "56": Fate("accepted, each step 600 times slower", letters="SD", pace=600.0),
    "57": Fate("failed (F), then delivered after all", letters="SFD"),
    "58": Fate("accepted, then a letter that nobody documented", letters="SX"),
    "60": Fate("connection closed without an answer; not accepted", fault="drop_before"),
    "61": Fate("connection closed without an answer; accepted all the same", fault="drop_after"),
    "62": Fate("no answer, ever; not accepted", fault="hang_before"),
    "63": Fate("no answer, ever; accepted all the same", fault="hang_after"),
    "64": Fate("answer cut in half; accepted", fault="truncated"),
    "65": Fate("an HTML page instead of an answer; not accepted", fault="html"),
    "66": Fate("HTTP 500; not accepted", fault=500),
    "67": Fate("HTTP 429; not accepted", fault=429),
    "68": Fate("HTTP 503; not accepted", fault=503),
    "69": Fate("status 0 without a message id; accepted", fault="no_id"),
    "70": Fate("has opted out: refused, by v3 with -88", opted_out=True),
    "71": Fate("the answer takes 3 seconds; accepted", fault="slow"),
    **{
        f"{-code:02d}": Fate(f"refused with {code} {name_of(code)}: {words_of(code)}", fault=code)
        for code in (*CODES, UNLISTED)
        if code < 0
    },
}


def fate_of(number: str) -> Fate | None:
    """Return what a magic number brings about; None for all other numbers."""
    if len(number) == len(PREFIX) + 4 and number.startswith(PREFIX):
        return FATES.get(number[len(PREFIX) : len(PREFIX) + 2])
    return None


def magic_number(family: str, member: int = 1) -> str:
    """Return a number of a family: ``magic_number("51", 7)`` is ``628400005107``."""
    return f"{PREFIX}{family}{member:02d}"


def table() -> str:
    """Return all fates as text, a line each."""
    return "\n".join(f"{PREFIX}{family}xx  {fate.about}" for family, fate in sorted(FATES.items()))
