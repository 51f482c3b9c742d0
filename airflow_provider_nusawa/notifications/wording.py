"""What an alert says: its default text, cut to what the gateway takes, and errors without what must not travel."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from airflow_provider_nusawa.gateway.messages import MAX_TEXT
from airflow_provider_nusawa.notifications.event import RECOVERIES, Kind

if TYPE_CHECKING:
    from airflow_provider_nusawa.notifications.event import Event

HEADLINES = {
    Kind.STARTED: "Airflow: task started",
    Kind.SUCCEEDED: "Airflow: task succeeded",
    Kind.FAILED: "Airflow: task failed",
    Kind.RETRY: "Airflow: task failed and will be tried again",
    Kind.SKIPPED: "Airflow: task skipped",
    Kind.WAITING: "Airflow: task waits for a person's answer",
    Kind.RUN_SUCCEEDED: "Airflow: DAG run succeeded",
    Kind.RUN_FAILED: "Airflow: DAG run failed",
    Kind.DEADLINE: "Airflow: deadline missed",
    Kind.RECOVERED: "Airflow: a task works again",
    Kind.RUN_RECOVERED: "Airflow: a DAG works again",
    Kind.OTHER: "Airflow: an alert without details",
}

_LINE = 160  # characters of one line of names: four such lines leave room for an error and a link
_ERROR = 300

_USER_INFO = re.compile(r"(?<=://)\S*@")
_QUERY = re.compile(r"(?<=\S)\?\S+")
_SECRET = re.compile(
    r"""(?ix)
    (passw(?:or)?d | pwd | secret | token | api[_-]?key | authorization)
    ([\w-]{0,40} \\*["']? \s* [=:] \s*)         # the rest of the name, as code or JSON may write it
    (?:
        b?"(?:\\.|[^"\\])*(?:"|$)               # a value in quotes goes to the last of them, or to the line's end
      | b?'(?:\\.|[^'\\])*(?:'|$)
      | \\+(["']).*?(?:\\+\3|$)
      | (?:(?:basic|bearer)\s+)?\S+
    )"""
)
_LONG_DIGITS = re.compile(r"\d{7,}")
# A number as people write it, in groups. ISO dates begin with neither +, 0 nor 62, so they stay.
_WRITTEN_NUMBER = re.compile(r"(?<!\w)\(?(?:\+\d|0|62)\d*(?:[\s.()/-]{1,2}\d+)+")


def default_text(event: Event, *, error: str = "", note: str = "", limit: int = MAX_TEXT) -> str:
    """Return the text of an alert that was given none: what, where, which try, why, and where to read on.

    :param error: One line, already cleaned; empty for none.
    :param note: One line that stands directly below the headline, such as why the Dag's own text is not used.
    """
    if event.kind in RECOVERIES.values() and not note:
        return cut(_recovery_line(event), limit)
    head = [HEADLINES[event.kind], *([note] if note else []), *_names(event)]
    fixed = "\n".join(cut(line, _LINE) for line in head)
    why = cut(error, _ERROR)
    with_link = "\n".join(filter(None, (fixed, why, event.link)))
    # Half a link leads nowhere, so it stands in full or not at all.
    return with_link if len(with_link) <= limit else cut("\n".join(filter(None, (fixed, why))), limit)


def _recovery_line(event: Event) -> str:
    if not (names := _names(event)):
        return HEADLINES[event.kind]
    where, *more = names
    return f"Airflow: {where} works again" + (f" ({', '.join(more)})" if more else "")


def _names(event: Event) -> list[str]:
    where = f"DAG {event.dag_id}" if event.dag_id else ""
    if event.task_id:
        where += f", task {event.task_id}" + (f" [{event.map_index}]" if event.map_index >= 0 else "")
    run = f"run {event.run_id}" if event.run_id else ""
    tries = f"try {event.try_number}" if event.try_number else ""
    if event.tries > 1 and event.tries >= event.try_number > 0:
        tries += f" of {event.tries}"
    reason = f"reason: {event.reason}" if event.reason and event.kind is Kind.RUN_FAILED else ""
    due = f"due {event.due}" if event.due else ""
    return [line for line in (where, run, tries, reason, due) if line]


def cut(text: str, limit: int) -> str:
    """Return the text, if need be shortened to ``limit`` characters at the end of a word."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if not text[limit - 1].isspace():
        words = re.match(r"(?s)(.*\S)\s", head)
        # One long word (a URL, a hash) has no better place than the limit.
        head = words[1] if words and len(words[1]) * 2 > limit else head
    return head.rstrip() + "…"


def printable(text: str) -> str:
    """Return the text without what the gateway refuses: control characters and halves of surrogate pairs."""
    return "".join(char for char in text if char in "\t\n\r" or unicodedata.category(char) not in ("Cc", "Cs"))


def error_line(error: object, redacted: str) -> str:
    """Return an error's class and the first line of what it says, without what must not leave the house.

    :param redacted: The error's words after Airflow's ``redact``.
    """
    name = "" if isinstance(error, str) else type(error).__name__
    lines = printable(redacted).strip().splitlines()
    return ": ".join(filter(None, (name, clean(lines[0]) if lines else "")))


def clean(line: str) -> str:
    """Return a line without URL user-infos, query strings, values named like secrets, and long runs of digits."""
    line = _USER_INFO.sub("", line)
    line = _QUERY.sub("?…", line)
    line = _SECRET.sub(r"\1\2…", line)
    line = _WRITTEN_NUMBER.sub(_hide_number, line)
    return _LONG_DIGITS.sub("…", line)


def _hide_number(found: re.Match[str]) -> str:
    return "…" if sum(map(str.isdigit, found[0])) >= 9 else found[0]
