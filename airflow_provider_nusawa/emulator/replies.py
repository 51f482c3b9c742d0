"""Answers as values: what is said, and the manner in which it reaches the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in full. Header names are as they go on the wire."""

    body: bytes = b""
    content_type: str = "text/plain; charset=UTF-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        """Return every byte of it, for manners that HTTP libraries refuse to have."""
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}", f"Content-Type: {self.content_type}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Content-Length: {len(self.body)}", "Connection: close", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


@dataclass(frozen=True, slots=True)
class Plan:
    """A reply and how to give it.

    :param manner: A name of ``wire.MANNERS``; ``plain`` for the ordinary one.
    :param seconds: Before a ``plain`` or ``hang`` ends; between two bytes of a drip.
    """

    reply: Reply
    manner: str = "plain"
    seconds: float = 0.0
