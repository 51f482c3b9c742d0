"""What a delivery sensor was given to wait for: ids and receipts, as they come out of XCom, sorted and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_nusawa.gateway.messages import Outcome

MAX_MESSAGES = 2000
"""So many ids still fit where the smallest of Airflow's databases keeps a trigger's arguments (64 KiB on MySQL)."""

_ID = re.compile(r"[^\s\[\]{}()'\",]{1,128}")
_WHAT_FITS = "pass the XCom itself (messages=send.output), or set render_template_as_native_obj=True on the Dag"


@dataclass(frozen=True, slots=True)
class Awaited:
    """The messages of one wait.

    :param message_ids: Each id once, in the order given.
    :param apis: The dialects that receipts say their ids belong to; empty where only ids were given.
    :param undeliverable: One clause for each receipt that stands for no message: refused, unknown or not tried.
    """

    message_ids: tuple[str, ...]
    apis: frozenset[str]
    undeliverable: tuple[str, ...]

    @property
    def total(self) -> int:
        return len(self.message_ids) + len(self.undeliverable)


def read_awaited(messages: Any) -> Awaited:
    """Sort what ``messages`` holds, however deeply mapped tasks have nested it.

    :raises ValueError: naming what cannot be waited for, and what would fit.
    """
    ids: dict[str, None] = {}
    apis: set[str] = set()
    undeliverable: list[str] = []
    for one in _flat(messages):
        if not isinstance(one, dict):
            ids[_read_id(one)] = None
        elif (outcome := _read_outcome(one)) is Outcome.ACCEPTED:
            ids[_read_id(one.get("message_id"))] = None
            apis.add(str(one.get("api") or ""))
        else:
            undeliverable.append(_clause(one, outcome))
    awaited = Awaited(tuple(ids), frozenset(apis - {""}), tuple(undeliverable))
    if not awaited.total:
        raise ValueError("messages is empty, so there is nothing to wait for")
    if awaited.total > MAX_MESSAGES:
        raise ValueError(f"messages holds {awaited.total} messages, and one sensor waits for at most {MAX_MESSAGES}")
    return awaited


def _flat(messages: Any) -> Iterator[Any]:
    # The XComs of mapped tasks come as a lazy sequence: neither a list nor a tuple, but to be iterated.
    if isinstance(messages, Iterable) and not isinstance(messages, str | bytes | dict):
        for part in messages:
            yield from _flat(part)
    else:
        yield messages


def _read_id(raw: Any) -> str:
    # Native rendering makes an int of an id that does not begin with 0.
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
        return str(raw)
    if raw is None or raw in ("", "None"):
        raise ValueError("messages holds None or an empty id: the task that it comes from returned nothing")
    if not isinstance(raw, str):
        raise ValueError(f"messages holds a {type(raw).__name__}, which is neither a message id nor a receipt")
    if raw.lstrip()[:1] in ("[", "{", "("):
        raise ValueError(f"messages holds a list or dict that a template has made text of: {_WHAT_FITS}")
    if not _ID.fullmatch(raw):
        raise ValueError(f"messages holds text of {len(raw)} characters that is no message id: {_WHAT_FITS}")
    return raw


def _read_outcome(receipt: dict[str, Any]) -> Outcome:
    try:
        return Outcome(receipt.get("outcome"))
    except ValueError:
        what = "messages holds a dict without an outcome, so it is not a receipt of NusaWaSendMessageOperator"
        raise ValueError(what) from None


def _clause(receipt: dict[str, Any], outcome: Outcome) -> str:
    last_four = str(receipt.get("destination") or "")[-4:]
    code = f", code {receipt['code']}" if receipt.get("code") is not None else ""
    return f"recipient …{last_four}: {outcome.value.replace('_', ' ')}{code}"
