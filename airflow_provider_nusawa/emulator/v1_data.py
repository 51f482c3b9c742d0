"""The ``data`` of each answer of API v1.0: names as recorded, dates without a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_nusawa.emulator.clock import at_jakarta

if TYPE_CHECKING:
    from airflow_provider_nusawa.emulator.accounts import Account
    from airflow_provider_nusawa.emulator.books import Message
    from airflow_provider_nusawa.emulator.calls import Call

SENDER = "628110000000"
QUEUE = "default"
ID_CLIENT = 1234


def account_data(account: Account) -> dict[str, Any]:
    return {"userid": account.login, "idPerson": 5678, "idClient": ID_CLIENT}


def balance_data(account: Account) -> dict[str, Any]:
    expires = account.expires.isoformat() if account.expires else None
    return {
        "wa_balance": account.balance,
        "wa_expired_date": expires,
        "sms_balance": account.sms_balance,
        "sms_expired_date": expires,
        "hlr_balance": 0,
        "hlr_expired_date": None,
        "sim_balance": None,
        "sim_expired_date": None,
        "pulsa_balance": 0,
        "idClient": ID_CLIENT,
    }


def sent_data(call: Call, ref_no: str) -> dict[str, Any]:
    fields = call.fields
    data: dict[str, Any] = {
        "ref_no": ref_no,
        "sender": fields.get("sender") or SENDER,
        "queue": fields.get("queue") or QUEUE,
        "destination": call.number,
    }
    if not call.path.endswith("/media"):
        return {**data, "message": fields.get("message", "")}
    return {**data, "caption": fields.get("caption", ""), "media_url": fields.get("media_url") or f"/media/{ref_no}"}


def status_data(message: Message, now: float) -> dict[str, Any]:
    media = message.media
    return {
        "ref_no": message.id,
        "status": message.letter(now),
        "create_date": _date(message.at),
        "sent_date": _date(message.reached("S", now)),
        "delivered_date": _date(message.reached("D", now)),
        "read_date": _date(message.reached("R", now)),
        "destination": message.number,
        "sender": SENDER,
        "is_group": False,
        "message": message.text if media is None else None,
        "caption": None if media is None else message.text,
        "media_url": None if media is None else media.url or f"/media/{message.id}",
    }


def _date(seconds: float | None) -> str | None:
    return None if seconds is None else at_jakarta(seconds).strftime("%Y-%m-%dT%H:%M:%S")
