"""The gateway's vocabulary as two tables: status codes of a send, letters of a delivery report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from airflow_provider_nusawa.gateway.errors import Scope

ACCEPTED = 0
"""ALL_RECIPIENTS_PROCESSED: the gateway took the message. Accepted is not delivered."""


@dataclass(frozen=True, slots=True)
class Code:
    """One negative status code of a send answer.

    :param taken: Whether the gateway may have taken the message in spite of the code. False throughout: an error
        answer without a message id means not taken. Assumed, after the convention of SMPP; the vendor says only
        "reasons may vary". A live answer that shows otherwise is mended here, one row at a time.
    """

    number: int
    name: str
    meaning: str
    scope: Scope
    taken: bool = False


def _table(scope: Scope, rows: list[tuple[int, str, str]]) -> dict[int, Code]:
    return {number: Code(number, name, meaning, scope) for number, name, meaning in rows}


# Names from the vendor's page, section "HTTP Method Response"; -9 from public client code.
CODES: dict[int, Code] = {
    **_table(
        Scope.ACCOUNT,
        [
            (-2, "NOT_ENOUGH_CREDITS", "the account has too few credits: top it up"),
            (-5, "INVALID_USER_OR_PASS", "the login or the password is wrong: look at the connection"),
            (-7, "BALANCE_EXPIRED", "the account's balance has expired: top it up"),
            (-34, "SENDER_NOT_ALLOWED", "this account may not use its sender: ask NusaSMS"),
            (-40, "IP_ADDRESS_FORBIDDEN", "this machine's IP address is not on the account's white list"),
        ],
    ),
    **_table(
        Scope.RECIPIENT,
        [
            (-3, "NETWORK_NOTCOVERED", "the account does not cover the recipient's network"),
            (-6, "MISSING_DESTINATION_ADDRESS", "the request named no recipient"),
            (-9, "NO_ROUTE", "the gateway has no route to the recipient's operator"),
            (-11, "INVALID_DESTINATION_ADDRESS", "the gateway does not recognise the number"),
            (-13, "INVALID_DESTINATION_ADDRESS", "the gateway does not recognise the number"),
            (-77, "SPAM_PATTERN", "more than 10 equal messages to this recipient in one day"),
            (-78, "LIMIT_REACHED", "this recipient's limit of messages in 24 hours is reached"),
            (-88, "REJECTED_ROUTE", "the recipient's operator rejected the request"),
        ],
    ),
    **_table(
        Scope.MESSAGE,
        [
            (-10, "REJECTED", "a one-time-password text that did not use the OTP route"),
            (-12, "MISSING_MESSAGE", "the request held no text"),
            (-22, "SYNTAX_ERROR", "the gateway could not parse the request"),
            (-27, "INVALID_SENDDATETIME", "the scheduling parameter is invalid"),
            (-28, "INVALID_DELIVERY_REPORT_PUSH_URL", "the push URL is invalid"),
            (-30, "INVALID_CLIENT_APPID", "the APPID is invalid"),
            (-33, "DUPLICATE_MESSAGEID", "the message id was used before"),
        ],
    ),
    **_table(
        Scope.TRANSIENT,
        [
            (-1, "SEND_ERROR", "the gateway failed to process the request"),
            (-23, "ERROR_PROCESSING", "the gateway failed; it says that reasons may vary"),
            (-26, "COMMUNICATION_ERROR", "the gateway's API failed; it says that reasons may vary"),
            (-99, "GENERAL_ERROR", "the gateway failed; it says that reasons may vary"),
        ],
    ),
}


def code_of(number: int) -> Code:
    """Return the row of a negative status code; one that the table lacks is a refusal all the same."""
    return CODES.get(number) or Code(number, "UNLISTED", "the vendor's table does not hold this code", Scope.UNLISTED)


class DeliveryStatus(str, Enum):
    """Where an accepted message is, by the letter of its delivery report."""

    NONE = ""
    SENT = "S"
    DELIVERED = "D"
    READ = "R"
    FAILED = "F"
    ABORTED = "A"
    OTHER = "?"  # a letter that nobody has documented: pending, kept raw beside this

    @property
    def is_delivered(self) -> bool:
        return self in (DeliveryStatus.DELIVERED, DeliveryStatus.READ)

    @property
    def is_failed(self) -> bool:
        return self in (DeliveryStatus.FAILED, DeliveryStatus.ABORTED)

    @property
    def is_final(self) -> bool:
        """Whether waiting any longer can change what counts. A failure may still be overruled by a later D or R."""
        return self.is_delivered or self.is_failed

    @classmethod
    def of(cls, raw: str) -> DeliveryStatus:
        """Read a report's letter, upper or lower case."""
        letter = raw.strip().upper()
        return cls(letter) if letter in _LETTERS else cls.OTHER


_LETTERS = frozenset(status.value for status in DeliveryStatus) - {"?"}

# Status never goes back: reports come in any order, and R > D > a failure > S > nothing.
_RANK = {
    DeliveryStatus.NONE: 0,
    DeliveryStatus.OTHER: 1,
    DeliveryStatus.SENT: 2,
    DeliveryStatus.FAILED: 3,
    DeliveryStatus.ABORTED: 3,
    DeliveryStatus.DELIVERED: 4,
    DeliveryStatus.READ: 5,
}


def later_status(known: DeliveryStatus, told: DeliveryStatus) -> DeliveryStatus:
    """Return what is true once ``told`` has been heard after ``known``, in whatever order the two were made."""
    return told if _RANK[told] > _RANK[known] else known
