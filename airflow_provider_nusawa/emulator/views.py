"""The books as plain JSON, for the API and for programs in other processes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_provider_nusawa.emulator.clock import at_jakarta
from airflow_provider_nusawa.emulator.vocabulary import LETTERS

if TYPE_CHECKING:
    from airflow_provider_nusawa.emulator.backend import Backend
    from airflow_provider_nusawa.emulator.books import Message, Received


def message_json(message: Message, now: float) -> dict[str, Any]:
    letter = message.letter(now)
    media = message.media
    return {
        "id": message.id,
        "api": message.api,
        "login": message.login,
        "number": message.number,
        "text": message.text,
        "sms": message.sms,
        "accepted_at": at_jakarta(message.at).isoformat(),
        "letter": letter,
        "state": LETTERS.get(letter, "unheard of"),
        "err_code": message.err_code if letter in ("F", "A") else "0",
        "history": [[at_jakarta(at).isoformat(), letter] for at, letter in message.history() if at <= now],
        "media": None
        if media is None
        else {"url": media.url, "file_name": media.file_name, "bytes": len(media.content)},
    }


def received_json(request: Received) -> dict[str, Any]:
    return {**asdict(request), "at": at_jakarta(request.at).isoformat()}


def newest(backend: Backend, number: str | None, limit: int | None) -> list[dict[str, Any]]:
    """Return accepted messages, newest first."""
    with backend.lock:
        books, now = backend.books, backend.clock.seconds()
        found: Iterable[Message] = reversed(books.messages.values()) if number is None else books.sent_to(number)
        return [message_json(message, now) for message in islice(found, limit)]


def newest_requests(
    backend: Backend, limit: int | None, *, number: str | None = None, call: str | None = None
) -> list[Received]:
    """Return requests, newest first."""
    with backend.lock:
        found = (
            request
            for request in reversed(backend.books.requests)
            if number in (None, request.number) and call in (None, request.call)
        )
        return list(islice(found, limit))


def summary(backend: Backend) -> dict[str, Any]:
    """Return what a test asks first: how many, how many at once, and whom twice."""
    with backend.lock:
        books = backend.books
        return {
            "requests": books.received,
            "calls": dict(books.counts),
            "accepted": len(books.messages),
            "recipients": len(books.latest),
            "accepted_twice": {
                number: [message.id for message in messages] for number, messages in backend.accepted_twice().items()
            },
            "in_flight": books.in_flight,
            "in_flight_peak": books.in_flight_peak,
            "busiest_second": books.busiest_second("send"),
            "clock": backend.clock.now().isoformat(),
        }
