"""Faults on command: what may go wrong, which calls it is waiting for, and how often it has struck. Never random."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from airflow_provider_nusawa.emulator.fates import fate_of

FOREVER = -1


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can go wrong.

    :param accepts: Whether the gateway acts on the call before it goes wrong, unless the fault says otherwise.
    """

    about: str
    manner: str = "plain"
    accepts: bool = False
    seconds: float = 0.0


KINDS: dict[str, Kind] = {
    "code": Kind("refuse with a status code of the manual, or any other"),
    "http": Kind("answer with a bare HTTP status; 429 takes retry_after"),
    "drop_before": Kind("close the connection without an answer, having done nothing", "drop"),
    "drop_after": Kind("act, then close the connection without an answer", "drop", accepts=True),
    "reset_before": Kind("reset the connection (RST), having done nothing", "reset"),
    "reset_after": Kind("act, then reset the connection (RST)", "reset", accepts=True),
    "reset_headers": Kind("act, then reset the connection amid the answer's headers", "reset_headers", accepts=True),
    "hang_before": Kind("give no answer, having done nothing", "hang", seconds=3600),
    "hang_after": Kind("act, then give no answer", "hang", accepts=True, seconds=3600),
    "slow": Kind("act, and answer after so many seconds", accepts=True, seconds=3),
    "truncated": Kind("act, then close the connection amid the answer's body", "truncated", accepts=True),
    "drip_headers": Kind("act, then answer a byte every so many seconds", "drip_headers", accepts=True, seconds=1),
    "drip_body": Kind("act, then give the body a byte every so many seconds", "drip_body", accepts=True, seconds=1),
    "html": Kind("answer with a maintenance page"),
    "huge": Kind("act, then give an answer larger than 1 MiB", accepts=True),
    "empty": Kind("act, then give an answer without a body", accepts=True),
    "redirect": Kind("redirect (302) to another path of this gateway"),
    "xml_bomb": Kind("answer with XML whose entities expand to gigabytes"),
    "no_id": Kind("act, then answer status 0 without a message id", accepts=True),
}
CALLS = ("send", "credits", "dr", "check", "any")


@dataclass(slots=True)
class Fault:
    """One fault, waiting for calls.

    :param call: The call that it waits for, a name of ``CALLS``.
    :param number: The only recipient that it waits for; None for all.
    :param times: How many calls it will still strike; ``FOREVER`` for all.
    :param accepts: Whether the gateway acts first; None as its kind does.
    :param seconds: How long a hang, a slow answer, or the pause between two bytes is; None as its kind has it.
    :param fired: How many calls it has struck.
    """

    kind: str
    code: int = 0
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    call: str = "send"
    number: str | None = None
    times: int = 1
    accepts: bool | None = None
    seconds: float | None = None
    fired: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such fault: {self.kind!r}. There are: {', '.join(KINDS)}")
        if self.call not in CALLS:
            raise ValueError(f"no such call: {self.call!r}. There are: {', '.join(CALLS)}")

    @property
    def acts(self) -> bool:
        """Whether the gateway does what the call asks before things go wrong."""
        return KINDS[self.kind].accepts if self.accepts is None else self.accepts

    @property
    def pause_seconds(self) -> float:
        return KINDS[self.kind].seconds if self.seconds is None else self.seconds

    def waits_for(self, call: str, number: str) -> bool:
        return self.times != 0 and self.call in (call, "any") and self.number in (number, None)

    def __str__(self) -> str:
        return {"code": f"code {self.code}", "http": f"HTTP {self.status}"}.get(self.kind, self.kind)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "headers": dict(self.headers)}


def fault(what: str | int, *, retry_after: float | None = None, **details: Any) -> Fault:
    """Make a fault of a kind's name, a negative status code, or an HTTP status."""
    if retry_after is not None:
        details["headers"] = {**details.get("headers", {}), "Retry-After": f"{retry_after:g}"}
    if isinstance(what, str):
        return Fault(what, **details)
    return Fault("code", code=what, **details) if what < 0 else Fault("http", status=what, **details)


class Faults:
    """Those waiting, first in, first struck; a recipient's own fate strikes where none of them does."""

    def __init__(self) -> None:
        self.all: list[Fault] = []

    def take(self, call: str, number: str) -> Fault | None:
        """Return the fault that this call meets, counting it."""
        for waiting in self.all:
            if waiting.waits_for(call, number):
                waiting.fired += 1
                waiting.times -= waiting.times > 0
                return waiting
        fate = fate_of(number) if call == "send" else None
        return fault(fate.fault) if fate is not None and fate.fault is not None else None
