"""One call as it came over the wire, what is said to it, and what a dialect must be able to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from airflow_provider_nusawa.emulator.backend import Backend
    from airflow_provider_nusawa.emulator.replies import Reply


@dataclass(frozen=True, slots=True)
class Call:
    """What a client asked.

    :param api: ``v3`` or ``v1``; empty for a path that the gateway does not have.
    :param name: ``send``, ``credits``, ``dr``, ``check`` or ``other``.
    :param fields: What query and body said, as text; v1.0's JSON and its ``APIKey`` header too.
    :param readable: Whether the body could be read at all.
    """

    api: str
    name: str
    method: str
    path: str
    fields: dict[str, str] = field(default_factory=dict, repr=False)
    client_ip: str = "127.0.0.1"
    readable: bool = True

    @property
    def number(self) -> str:
        return self.fields.get("GSM") or self.fields.get("destination") or ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway says to a call, and what that is for its books.

    :param outcome: ``accepted``, ``refused -5``, ``answered``.
    """

    reply: Reply
    outcome: str = "answered"
    message_id: str = ""


class Face(Protocol):
    """One dialect of the gateway, spoken over the same backend."""

    def answer(self, backend: Backend, call: Call) -> Answer:
        """Do what a call asks, and say so."""

    def refusal(self, call: Call, code: int) -> Reply:
        """Say that a call is refused with a code of the manual."""

    def without_id(self, call: Call) -> Reply:
        """Say that a message was accepted, and leave out its id."""
