"""What a message must be to be taken: the gateway's checks, in their order, each with its code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_nusawa.emulator import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_nusawa.emulator.accounts import Account
    from airflow_provider_nusawa.emulator.books import Media, Message
    from airflow_provider_nusawa.emulator.rules import Rules

MAX_TEXT = 1000
TEXT_TOO_LONG = vocabulary.GENERAL_ERROR  # the manual says "max 1000 chars" and not what happens beyond
OTP_WORDS = ("otp", "kode verifikasi", "verification code")


@dataclass(frozen=True, slots=True)
class Submission:
    """A message that somebody wants sent, login and address already checked.

    :param otp: Whether the caller marked it as a one-time password; only SMS asks.
    """

    api: str
    account: Account
    number: str
    text: str
    sms: bool = False
    otp: bool = False
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a submission: a code of the manual, and the message where it is 0."""

    code: int
    message: Message | None = None
    opted_out: bool = False


def malformed(submission: Submission) -> int:
    """Return the code of what is wrong with number or text themselves, or 0."""
    return _bad_number(submission.number) or _bad_text(submission)


def _bad_number(number: str) -> int:
    if not number:
        return vocabulary.MISSING_DESTINATION_ADDRESS
    if not (number.isascii() and number.isdigit()) or number.startswith("0"):
        return vocabulary.INVALID_DESTINATION_ADDRESS
    return vocabulary.OK if 9 <= len(number) <= 15 else vocabulary.NUMBER_NOT_RECOGNISED


def _bad_text(submission: Submission) -> int:
    text = submission.text
    if not text and submission.media is None:
        return vocabulary.MISSING_MESSAGE
    if len(text) > MAX_TEXT:
        return TEXT_TOO_LONG
    if submission.sms and not submission.otp and any(word in text.lower() for word in OTP_WORDS):
        return vocabulary.REJECTED
    return vocabulary.OK


def over_limit(rules: Rules, text: str, earlier: Iterator[Message]) -> int:
    """Return the code of the daily limit that one more message would break, or 0.

    :param earlier: What the recipient got in the last 24 hours.
    """
    today = list(earlier)
    if rules.messages_a_day is not None and len(today) >= rules.messages_a_day:
        return vocabulary.LIMIT_REACHED
    equal = sum(message.text == text for message in today)
    if rules.equal_texts_a_day is not None and equal >= rules.equal_texts_a_day:
        return vocabulary.SPAM_PATTERN
    return vocabulary.OK
