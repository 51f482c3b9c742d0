"""Everything this package raises: one class for each next step.

NusaWaError
├── InvalidMessage    refused here, before any request: mend the message; also a ValueError
├── InvalidSettings   the connection cannot work as it stands: mend it; also a ValueError
├── Unreachable       no usable answer, and certainly nothing sent: try again later
├── Refused           the gateway said no, so nothing was sent; ``scope`` says whom that concerns
├── OutcomeUnknown    perhaps sent: a person decides before it is repeated
└── DeliveryFailed    the gateway gave up on a message that it had accepted
"""

from __future__ import annotations

from enum import Enum
from typing import Any


class Scope(str, Enum):
    """Whom a refusal concerns, and so what may still be sent."""

    ACCOUNT = "account"  # no message can succeed: stop the whole run
    RECIPIENT = "recipient"  # this one fails for good today; others go on
    MESSAGE = "message"  # this message can never succeed as it stands
    TRANSIENT = "transient"  # a later try may succeed
    SAFE_MODE = "safe_mode"  # this connection's own only_to says no, as long as it does not name the recipient
    UNLISTED = "unlisted"  # a code that the vendor's table does not hold: a refusal, not retried


class Cause(str, Enum):
    """What came between a request and its answer. The phase decides what is certain, not the cause."""

    DNS = "the host's name could not be resolved"
    CONNECT = "the connection was refused or could not be made"
    TLS = "the TLS handshake failed"
    PROXY = "the proxy refused"
    TIMEOUT = "the time limit passed"
    DROPPED = "the connection broke"
    SERVER = "the server failed"
    UNREADABLE = "the answer is not one that the gateway gives"
    TOO_LARGE = "the answer is larger than 1 MiB"
    STOPPED = "the task was told to stop"
    FAULT = "something unforeseen failed on this side"
    LATE = "too much time passed between the record of the intent and the request"


class NusaWaError(Exception):
    """Base of all errors here.

    ``retryable`` answers one question: is repeating the call safe, and may it help? Text is for people and is
    never parsed; every fact is an attribute.

    :param what: What happened, as one clause without a full stop, free of secrets and of full phone numbers.
    :param destination: The recipient, if there is one. Only its last four digits are kept.
    """

    retryable = False

    def __init__(self, what: str, *, destination: str = "") -> None:
        self.what = what
        self.last_four = destination[-4:]
        whom = f" (recipient …{self.last_four})" if self.last_four else ""
        super().__init__(f"{what}{whom}. {self.advice}")

    @property
    def advice(self) -> str:
        """What to do next, as one or two sentences."""
        return "It cannot be repeated as it stands."

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword-only arguments break pickle and copy, which worker pools use to hand errors back.
        return _restore, (type(self), self.args, self.__dict__)


def _restore(cls: type[NusaWaError], args: tuple[Any, ...], state: dict[str, Any]) -> NusaWaError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class InvalidMessage(NusaWaError, ValueError):
    """The message cannot be sent as it stands; nothing was asked of the gateway."""

    @property
    def advice(self) -> str:
        return "Nothing was sent. Mend the message, then run the task again."


class InvalidSettings(NusaWaError, ValueError):
    """The connection's settings cannot work; nothing was asked of the gateway. ``field`` names the one to mend."""

    def __init__(self, what: str, *, field: str) -> None:
        self.field = field
        super().__init__(what)

    @property
    def advice(self) -> str:
        return "Nothing was sent. Mend the connection, then run the task again."


class Unreachable(NusaWaError):
    """No usable answer arrived, and certainly nothing was sent.

    :param cause: What came between.
    :param never_asked: Whether not even a byte of the request had left.
    """

    retryable = True

    def __init__(self, what: str, *, cause: Cause, never_asked: bool = False, destination: str = "") -> None:
        self.cause = cause
        self.never_asked = never_asked
        super().__init__(what, destination=destination)

    @property
    def advice(self) -> str:
        return "Nothing was sent, so it may be repeated."


class Refused(NusaWaError):
    """The gateway, or something before it, said no: nothing was sent.

    :param scope: Whom the refusal concerns; only a transient one is worth repeating.
    :param code: The gateway's negative status code; None where only HTTP said no.
    :param http_status: The HTTP status of the answer.
    :param retry_after: Seconds to wait, where the answer said so (HTTP 429).
    :param opted_out: Whether the person asked for no more messages: do not write to them again.
    :param foreign: Whether the gateway says in words that this machine's address is not on the account's white list,
        for which v3 has the code -40.
    """

    def __init__(
        self,
        what: str,
        *,
        scope: Scope,
        code: int | None = None,
        http_status: int = 200,
        retry_after: float | None = None,
        opted_out: bool = False,
        foreign: bool = False,
        destination: str = "",
    ) -> None:
        self.scope = scope
        self.code = code
        self.http_status = http_status
        self.retry_after = retry_after
        self.opted_out = opted_out
        self.foreign = foreign
        self.retryable = scope is Scope.TRANSIENT
        super().__init__(what, destination=destination)

    @property
    def advice(self) -> str:
        if self.opted_out:
            return "Nothing was sent. Leave this person out from now on: write only to those who want it."
        return {
            Scope.ACCOUNT: "Nothing was sent, and no message of this account can be until that is mended.",
            Scope.RECIPIENT: "Nothing was sent; repeating it today will not help.",
            Scope.MESSAGE: "Nothing was sent; mend the message before repeating it.",
            Scope.TRANSIENT: "Nothing was sent, so it may be repeated later.",
            Scope.SAFE_MODE: "Nothing was sent. Change only_to in the connection, or the recipient.",
            Scope.UNLISTED: "Nothing was sent; ask NusaSMS what that means before repeating it.",
        }[self.scope]


class OutcomeUnknown(NusaWaError):
    """The request left and no readable answer came back: the message is perhaps on its way."""

    def __init__(self, what: str, *, cause: Cause, destination: str = "") -> None:
        self.cause = cause
        super().__init__(what, destination=destination)

    @property
    def advice(self) -> str:
        return (
            "The message may have been sent: repeating it may message the person twice. "
            "Look for it in the NusaSMS web app first."
        )


class DeliveryFailed(NusaWaError):
    """The gateway gave up on a message that it had accepted.

    :param letter: The delivery report's letter, ``F`` or ``A``.
    :param err_code: The report's own error code, as text; empty if it gave none.
    """

    def __init__(self, what: str, *, message_id: str, letter: str, err_code: str = "") -> None:
        self.message_id = message_id
        self.letter = letter
        self.err_code = err_code
        super().__init__(what)

    @property
    def advice(self) -> str:
        return "The gateway will not try again; sending it anew is a new message."
