"""Accounts at the gateway: who may log in, from where, and what is left on the balance."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from airflow_provider_nusawa.emulator import vocabulary

DEMO_KEY = "00112233445566778899aabbccddeeff"


@dataclass(slots=True)
class Account:
    """One customer of the gateway.

    :param api_key: What v1.0 asks for in its ``APIKey`` header: 32 hex digits.
    :param balance: Messages left; each accepted one takes one.
    :param expires: The last day on which the balance can be used; None for never.
    :param allowed_ips: Addresses that may call; empty for all.
    :param callback_url: Where delivery reports are pushed, as set in the vendor's web app; empty for nowhere.
    """

    login: str = "demo"
    password: str = field(default="demo-password", repr=False)
    api_key: str = field(default=DEMO_KEY, repr=False)
    balance: int = 100_000
    sms_balance: int = 100
    expires: date | None = date(2099, 12, 31)
    allowed_ips: frozenset[str] = frozenset()
    callback_url: str = ""

    def secret_of(self, api: str) -> str:
        """What a dialect logs in with."""
        return {"v1": self.api_key}.get(api, self.password)

    def refusal(self, client_ip: str) -> int:
        """Return the code that keeps this address out, or 0."""
        if self.allowed_ips and client_ip not in self.allowed_ips:
            return vocabulary.IP_ADDRESS_FORBIDDEN
        return vocabulary.OK

    def unpaid(self, today: date, *, sms: bool) -> int:
        """Return the code that says why no message can be paid for, or 0."""
        if self.expires is not None and today > self.expires:
            return vocabulary.BALANCE_EXPIRED
        if (self.sms_balance if sms else self.balance) < 1:
            return vocabulary.NOT_ENOUGH_CREDITS
        return vocabulary.OK

    def charge(self, *, sms: bool) -> None:
        if sms:
            self.sms_balance -= 1
        else:
            self.balance -= 1

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, secrets starred."""
        return {
            **asdict(self),
            "password": "***",
            "api_key": "***",
            "expires": self.expires.isoformat() if self.expires else None,
            "allowed_ips": sorted(self.allowed_ips),
        }

    def changed(self, values: dict[str, Any]) -> Account:
        """Return it with some fields anew, given as JSON has them.

        :raises ValueError: for a field that there is not, or a date that is none.
        """
        values = dict(values)
        if isinstance(values.get("expires"), str):
            values["expires"] = date.fromisoformat(values["expires"])
        if "allowed_ips" in values:
            values["allowed_ips"] = frozenset(values["allowed_ips"])
        try:
            return replace(self, **values)
        except TypeError as error:
            raise ValueError(f"an account has no such field: {error}") from error
