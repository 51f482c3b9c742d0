"""The gateway's books: every request received, every message accepted, whatever a test may ask for."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

SECRETS = frozenset({"password", "APIKey"})
LONGEST = 4000  # a file of half a megabyte in each of 20,000 requests would be 10 GB


@dataclass(slots=True)
class Media:
    """A file that came with a message.

    :param url: Where the gateway was told to fetch it; empty if it came with the request.
    """

    url: str = ""
    file_name: str = ""
    content: bytes = field(default=b"", repr=False)


@dataclass(slots=True, eq=False)
class Message:
    """One message that the gateway has accepted. Slim, for there may be a million.

    :param at: When it was accepted, by the gateway's clock, in seconds since 1970.
    :param letters: What becomes of it, a letter a step.
    :param told: Letters that somebody set by hand, each with its time; they overrule ``letters``.
    :param earlier: The message that the same recipient got before this one.
    """

    id: str
    api: str
    login: str
    number: str
    text: str
    at: float
    letters: str
    step_seconds: float
    err_code: str
    sms: bool = False
    media: Media | None = None
    told: tuple[tuple[float, str], ...] = ()
    earlier: Message | None = field(default=None, repr=False)

    def history(self) -> list[tuple[float, str]]:
        """Return all letters that it ever gets, each with its time."""
        if self.told:
            return list(self.told)
        return [(self.at + self.step_seconds * place, letter) for place, letter in enumerate(self.letters, 1)]

    def letter(self, now: float) -> str:
        """Return where it is: empty until anything is known."""
        return next((letter for at, letter in reversed(self.history()) if at <= now), "")

    def reached(self, letter: str, now: float) -> float | None:
        """Return when it got this letter, or None if it has not yet."""
        return next((at for at, got in self.history() if got == letter and at <= now), None)


@dataclass(slots=True, eq=False)
class Received:
    """One request, as it came. Passwords are starred.

    :param call: ``send``, ``credits``, ``dr``, ``check`` or ``other``.
    :param arrived: Real time, for pace checks (``time.monotonic``).
    :param at: The gateway's clock.
    :param outcome: What was answered: ``accepted``, ``refused -5``, ``answered``, or what went wrong instead.
    :param message_id: The message that it made, whether or not the caller was told.
    """

    serial: int
    api: str
    call: str
    method: str
    path: str
    fields: dict[str, str]
    number: str
    client_ip: str
    arrived: float
    at: float
    outcome: str = ""
    fault: str = ""
    message_id: str = ""
    took_seconds: float | None = None


def starred(fields: dict[str, str]) -> dict[str, str]:
    """Return fields fit for the books: secrets starred, files left out."""
    return {name: _fit(name, value) for name, value in fields.items()}


def _fit(name: str, value: str) -> str:
    if name in SECRETS and value:
        return "***"
    return value if len(value) <= LONGEST else f"{value[:100]}… ({len(value)} characters)"


class Books:
    """What happened. Messages are kept for ever, requests only the newest ``keep_requests``; counts hold for all."""

    def __init__(self, keep_requests: int) -> None:
        self.messages: dict[str, Message] = {}
        self.latest: dict[str, Message] = {}
        self.requests: deque[Received] = deque(maxlen=keep_requests)
        self.counts: Counter[str] = Counter()
        self.in_flight = 0
        self.in_flight_peak = 0
        self.received = 0
        self.twice = 0  # recipients that got more than one message

    def enter(self, request: Received) -> None:
        """Note a request, before anything is done about it."""
        self.received += 1
        self.requests.append(request)
        self.counts[request.call] += 1
        self.in_flight += 1
        self.in_flight_peak = max(self.in_flight_peak, self.in_flight)

    def leave(self, request: Received) -> None:
        """Note that it has got all the answer it will ever get."""
        self.in_flight -= 1
        request.took_seconds = time.monotonic() - request.arrived

    def accept(self, message: Message) -> None:
        message.earlier = self.latest.get(message.number)
        self.twice += message.earlier is not None and message.earlier.earlier is None
        self.latest[message.number] = self.messages[message.id] = message

    def sent_to(self, number: str, since: float = 0.0) -> Iterator[Message]:
        """Yield what a recipient got, newest first."""
        message = self.latest.get(number)
        while message is not None and message.at >= since:
            yield message
            message = message.earlier

    def busiest_second(self, call: str) -> int:
        """Return the most requests of a kind that came within any one second, among those still held in full."""
        arrivals = [request.arrived for request in self.requests if request.call == call]
        most, first = 0, 0
        for last, arrived in enumerate(arrivals):
            while arrived - arrivals[first] >= 1.0:
                first += 1
            most = max(most, last - first + 1)
        return most
