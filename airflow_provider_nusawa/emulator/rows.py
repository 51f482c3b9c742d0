"""What the inbox shows of one request to send: in words and ticks, nothing that needs thinking about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_nusawa.emulator.clock import at_jakarta
from airflow_provider_nusawa.emulator.vocabulary import LETTERS, words_of

if TYPE_CHECKING:
    from airflow_provider_nusawa.emulator.books import Message, Received

TICKS = {"": "…", "S": "✓", "D": "✓✓", "R": "✓✓", "F": "✕", "A": "✕"}
STATES = {"": "accepted", "S": "sent", "D": "delivered", "R": "read", "F": "failed", "A": "failed"}
TEXTS = ("text", "SMSText", "message", "caption")


@dataclass(frozen=True, slots=True)
class Row:
    """One request to send.

    :param state: A class of the style sheet.
    :param note: What the sender cannot know, or must not miss.
    """

    request: Received
    state: str
    ticks: str
    label: str
    note: str = ""
    message_id: str = ""
    media: str = ""

    @property
    def serial(self) -> int:
        return self.request.serial

    @property
    def number(self) -> str:
        return spaced(self.request.number) or "no number"

    @property
    def text(self) -> str:
        return next((self.request.fields[name] for name in TEXTS if self.request.fields.get(name)), "")

    @property
    def time(self) -> str:
        return clock_time(self.request.at)

    @property
    def took(self) -> str:
        took = self.request.took_seconds
        return "" if took is None else f"{took * 1000:.0f} ms"


def clock_time(seconds: float) -> str:
    return at_jakarta(seconds).strftime("%H:%M:%S")


def spaced(number: str) -> str:
    """Write a number as people read it: +62 812-3456-7890."""
    if not (number.isascii() and number.isdigit() and number.startswith("62") and len(number) > 9):
        return number
    return f"+62 {number[2:5]}-{number[5:9]}-{number[9:]}"


def row_of(request: Received, message: Message | None, now: float) -> Row:
    """Return what is shown of a request, and of the message that it made, if it made one."""
    if message is not None:
        return _accepted(request, message, message.letter(now))
    if not request.fault and request.outcome.startswith("refused"):
        return _refused(request, request.outcome.removeprefix("refused").lstrip(": "))
    if request.fault.startswith("code"):
        return _refused(request, request.fault.removeprefix("code "))
    return Row(request, "lost", "!", "not accepted", f"instead of an answer: {request.fault or request.outcome}")


def _accepted(request: Received, message: Message, letter: str) -> Row:
    is_lost = request.fault not in ("", "slow")
    how = "lost" if is_lost else "late"
    notes = [f"accepted; the answer was {how} on purpose (fault {request.fault})"] if request.fault else []
    if message.earlier is not None:
        notes.append("not the first message to this number")
    state = "lost" if is_lost else STATES.get(letter, "sent")
    media = "" if message.media is None else message.media.file_name or message.media.url
    ticks, label = TICKS.get(letter, "?"), LETTERS.get(letter, f"letter {letter}")
    return Row(request, state, ticks, label, "; ".join(notes), message.id, media)


def _refused(request: Received, code: str) -> Row:
    if not code.lstrip("-").isdigit():
        return Row(request, "refused", "✕", "refused", code)
    return Row(request, "refused", "✕", f"refused {code}", words_of(int(code)))
