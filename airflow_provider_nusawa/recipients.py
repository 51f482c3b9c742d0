"""Whom a task is to message: what its author wrote, or Airflow rendered, checked in whole before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from airflow_provider_nusawa.gateway.errors import InvalidMessage

MOST = 500
"""Recipients of one task. Beyond that a run that was cut is too long to look through."""

_LIKE_A_LIST = re.compile(r"\s*(\[|\(\s*['\"]|\([^)]*,)")  # but "(0812) 3456" is how people write a number
_RENDERED = (
    "Airflow rendered it to text: pass the task's .output instead of a template, "
    "or set render_template_as_native_obj=True on the Dag"
)


def is_many(to: Any) -> bool:
    """Whether this names several: a list, or the XComs of mapped tasks, which come as a sequence of Airflow's own."""
    return isinstance(to, Sequence) and not isinstance(to, str | bytes)


def read_recipients(to: Any, normalise: Callable[[str | int], str]) -> list[str]:
    """Return the numbers in the author's order, normalised; a number named twice stands there twice.

    :param to: One number or a sequence of them, as people write them; ints are taken.
    :param normalise: Makes a number into what the gateway takes; raises InvalidMessage.
    :raises InvalidMessage: naming everyone who cannot be messaged, by place and last four digits.
    """
    listed = list(to) if is_many(to) else [to]
    if not listed:
        raise InvalidMessage("the list of recipients is empty")
    if len(listed) > MOST:
        what = f"{len(listed)} recipients are too many for one task, which takes {MOST}: make it a campaign"
        raise InvalidMessage(what)
    numbers, faults = [], []
    for place, raw in enumerate(listed, start=1):
        try:
            numbers.append(normalise(_one(raw)))
        except InvalidMessage as error:
            whom = f" (…{error.last_four})" if error.last_four else ""
            faults.append(f"number {place}{whom}: {error.what}")
    if faults:
        raise InvalidMessage(f"{len(faults)} of {len(listed)} recipients cannot be messaged: {'; '.join(faults)}")
    return numbers


def _one(raw: Any) -> str | int:
    if isinstance(raw, str) and _LIKE_A_LIST.match(raw):
        raise InvalidMessage(f"it is a text that looks like a list. {_RENDERED}")
    if not isinstance(raw, (str, int)) or isinstance(raw, bool):
        raise InvalidMessage(f"it is a {type(raw).__name__}, not a phone number as text")
    return raw


def read_text(text: Any) -> str:
    """Return the text, if it is one.

    :raises InvalidMessage: for what native rendering makes of a text that looks like a number or a list.
    """
    if isinstance(text, str):
        return text
    what = (
        f"the text is a {type(text).__name__}, not text: native rendering turned it into one. "
        "Keep it text in the template with a filter, as in {{ value | string }} beside a word, "
        "or leave render_template_as_native_obj off"
    )
    raise InvalidMessage(what)
