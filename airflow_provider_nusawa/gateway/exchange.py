"""One request and what came of it, as values: what passes between a dialect and a transport."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_provider_nusawa.gateway.errors import Cause

MAX_ANSWER = 1024 * 1024
"""Bytes of an answer that are read. The gateway's own are under 1 KiB."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a dialect wants asked. Its ``repr`` shows neither query nor body nor headers: they hold the password.

    :param path: The path below the connection's host, without query: fit for logs.
    :param query: The query string, already encoded; empty for none.
    :param body: The body, already encoded; empty for none.
    :param sends: Whether this asks for a message to be sent, so that losing its answer leaves it unknown.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    sends: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in full. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer.

    :param cause: What came between.
    :param bytes_left: The fact that decides: whether a byte of the request had been handed to the socket.
    :param detail: One clause for people, free of secrets.
    """

    cause: Cause
    bytes_left: bool
    detail: str
