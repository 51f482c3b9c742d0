"""The extras of a ``nusawa`` connection, declared once: for the form, its metadata, and the reading of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    """What a field holds, and so how it is shown and read."""

    TEXT = "string"
    CHOICE = "choice"
    NUMBER = "number"
    FLAG = "boolean"
    PHONES = "phones"  # a list, or text with commas or line breaks between


@dataclass(frozen=True, slots=True)
class Field:
    """One extra of the connection. Empty and null mean the default.

    :param default: What holds where the connection says nothing; the same as in ``gateway.settings.Settings``.
    :param minimum: Least number allowed, in the unit of the name; ``maximum`` the greatest.
    :param choices: The only values allowed, with what each means.
    :param several_lines: Whether the form gives it room for more than one line.
    """

    name: str
    label: str
    help: str
    kind: Kind = Kind.TEXT
    default: str | float | bool = ""
    minimum: float = 0.1
    maximum: float = 600
    choices: tuple[tuple[str, str], ...] = ()
    several_lines: bool = False

    @property
    def allowed(self) -> str:
        """What may stand in the field, as the end of the sentence "must be …"."""
        if self.kind is Kind.NUMBER:
            return f"a number from {self.minimum:g} to {self.maximum:g}"
        if self.kind is Kind.CHOICE:
            return "one of " + ", ".join(value for value, _ in self.choices)
        return {Kind.FLAG: "true or false", Kind.PHONES: "phone numbers with commas between"}.get(self.kind, "text")

    def json_schema(self) -> dict[str, Any]:
        """The field as Airflow 3.2 and later want it. ``null`` among the types is what makes it optional."""
        if self.kind is Kind.FLAG:
            return {"type": ["boolean", "null"], "default": self.default}
        if self.kind is Kind.NUMBER:
            limits = {"minimum": self.minimum, "maximum": self.maximum}
            return {"type": ["number", "null"], "default": self.default, **limits}
        schema: dict[str, Any] = {"type": ["string", "null"]}
        if self.default:
            schema["default"] = self.default
        if self.kind is Kind.CHOICE:
            schema |= {"enum": [value for value, _ in self.choices], "values_display": dict(self.choices)}
        if self.several_lines:
            schema["format"] = "multiline"
        return schema


FIELDS: tuple[Field, ...] = (
    Field(
        "api_version",
        "API version",
        "v3: the API user goes into the login field, the API password into the password field. v1: the API key goes "
        "into the password field, and any name for the account into the login field. Default: v3.",
        Kind.CHOICE,
        "v3",
        choices=(("v3", "v3 (API user and password)"), ("v1", "v1.0 (API key)")),
    ),
    Field(
        "default_region",
        "Default region",
        "Two-letter country of numbers written without a country code, such as 0812-3456-7890. Default: ID.",
        default="ID",
    ),
    Field(
        "connect_timeout_seconds",
        "Connect time-out (seconds)",
        "How long to wait for a connection, TLS included. Nothing has been sent when it passes. Default: 5.",
        Kind.NUMBER,
        5.0,
    ),
    Field(
        "read_timeout_seconds",
        "Read time-out (seconds)",
        "How long the gateway may stay silent. A send that it cuts is unknown: perhaps sent. Default: 30.",
        Kind.NUMBER,
        30.0,
    ),
    Field(
        "total_timeout_seconds",
        "Total time-out (seconds)",
        "How long one call may take from its first step to its last byte, name resolution included. Default: 60.",
        Kind.NUMBER,
        60.0,
    ),
    Field(
        "rate_per_second",
        "Calls per second",
        "With a ledger it is one rate for everybody who uses the account; without one, each process has its own, so "
        "two tasks at once call twice as often. The gateway takes at most 100, older accounts 20. Default: 20.",
        Kind.NUMBER,
        20.0,
        minimum=0.01,
        maximum=100,
    ),
    Field(
        "timezone",
        "Time zone of the gateway",
        "IANA name of the zone in which the gateway writes its dates. Default: Asia/Jakarta.",
        default="Asia/Jakarta",
    ),
    Field(
        "ca_bundle",
        "CA bundle",
        "Path of a PEM file with the certificates to trust, on every machine that runs tasks, triggers or the API "
        "server. Default: the public ones.",
    ),
    Field(
        "allow_insecure_http",
        "Allow plain http",
        "Lets the password travel unencrypted to a host other than this machine. For a trusted network only. "
        "Default: no.",
        Kind.FLAG,
        False,
    ),
    Field(
        "ledger_conn_id",
        "Ledger connection ID",
        "Database connection of the ledger that remembers what was sent, across clears and runs. Default: none.",
    ),
    Field(
        "only_to",
        "Only to (safe mode)",
        "Numbers that may be messaged, with commas or line breaks between; all others are refused before any request. "
        "Default: anybody.",
        Kind.PHONES,
        several_lines=True,
    ),
    Field(
        "redirect_to",
        "Redirect to (safe mode)",
        "One number that gets every message instead of the person intended. Default: nobody.",
        Kind.PHONES,
    ),
)

FIELD_NAMES = frozenset(field.name for field in FIELDS)
