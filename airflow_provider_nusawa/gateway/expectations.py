"""What the readers expect of each answer, how surely that is known, and where it is corrected: for the contract check.

Marks: D documented by the vendor, C seen in recorded answers or public client code, A our assumption.
"""

from __future__ import annotations

from dataclasses import dataclass

NULL, FALSE, EMPTY, LETTER, TEXT = "null", "false", "empty text", "letter", "text"
DIGITS, NUMBER, JSON_NUMBER, DATE, MOMENT = "digits", "number", "JSON number", "date", "date and time"
ANY_TEXT = (TEXT, DIGITS, LETTER, NUMBER, "negative number")
AMOUNT = (DIGITS, NUMBER, JSON_NUMBER)

BALANCE, KEY, UNKNOWN_ID, SEND, REPORT = "balance", "key", "unknown id", "send", "report"
"""The calls that are checked."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an answer.

    :param path: Where it stands; names in XML answers are lower case.
    :param kinds: What it may be.
    :param mark: How surely that is known.
    :param mend: Where to correct it, below ``gateway/``.
    :param required: Whether the reader cannot do without.
    """

    path: str
    kinds: tuple[str, ...]
    mark: str
    mend: str
    required: bool = True


_SENT_V3 = "v3.py: read_receipt"
_ENVELOPE = Field("error", (FALSE,), "D", "v1_answers.py: read_data")


def _v1_date(name: str) -> Field:
    return Field(f"data.{name}", (NULL, MOMENT), "C", "v1.py: read_report", required=False)


EXPECTED: dict[tuple[str, str], tuple[Field, ...]] = {
    ("v3", BALANCE): (
        Field("value", AMOUNT, "C", "v3.py: BALANCE"),
        Field("expiredDate", (DATE, MOMENT, NULL, EMPTY), "C", "v3.py: EXPIRES", required=False),
    ),
    ("v3", SEND): (
        Field("results[].status", (DIGITS, JSON_NUMBER), "D", _SENT_V3),
        Field("results[].messageid", (DIGITS,), "D", _SENT_V3),
        Field("results[].destination", (DIGITS,), "D", _SENT_V3, required=False),
    ),
    ("v3", REPORT): (
        Field("ref_no", (DIGITS, JSON_NUMBER), "A", "v3_answers.py: ANSWER_IDS"),
        Field("status", (LETTER, EMPTY, NULL), "C", "codes.py: DeliveryStatus"),
        Field("sent_date", (MOMENT, EMPTY, NULL), "D", "figures.py: read_time", required=False),
        Field("err_code", (DIGITS, EMPTY, NULL, JSON_NUMBER), "D", "v3.py: read_report", required=False),
    ),
    ("v1", KEY): (_ENVELOPE, Field("data.userid", ANY_TEXT, "D", "v1.py: read_key_check")),
    ("v1", BALANCE): (
        _ENVELOPE,
        Field("data.wa_balance", (*AMOUNT, NULL), "C", "v1.py: read_credits"),
        Field("data.wa_expired_date", (DATE, NULL), "C", "v1.py: read_credits", required=False),
    ),
    ("v1", SEND): (
        _ENVELOPE,
        Field("data.ref_no", ANY_TEXT, "C", "v1.py: read_receipt"),
        Field("data.destination", (DIGITS,), "C", "v1.py: read_receipt", required=False),
    ),
    ("v1", REPORT): (
        _ENVELOPE,
        Field("data.ref_no", ANY_TEXT, "C", "v1.py: read_report"),
        Field("data.status", (LETTER, EMPTY, NULL), "C", "codes.py: DeliveryStatus"),
        *map(_v1_date, ("create_date", "sent_date", "delivered_date", "read_date")),
    ),
}
"""By dialect and call. What nobody has ever seen, such as the answer about an unknown id, is shown and not judged."""
