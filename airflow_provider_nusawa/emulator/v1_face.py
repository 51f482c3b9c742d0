"""API v1.0: an ``APIKey`` header and JSON, failures in three shapes. No page of it is at hand: every choice is here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_provider_nusawa.emulator import vocabulary
from airflow_provider_nusawa.emulator.calls import Answer, Call
from airflow_provider_nusawa.emulator.media import BadMedia, read_media
from airflow_provider_nusawa.emulator.replies import Reply
from airflow_provider_nusawa.emulator.submission import Submission
from airflow_provider_nusawa.emulator.v1_data import account_data, balance_data, sent_data, status_data

if TYPE_CHECKING:
    from airflow_provider_nusawa.emulator.accounts import Account
    from airflow_provider_nusawa.emulator.backend import Backend

BASE = "/nusasms_api/1.0"
CHECK, BALANCE = f"{BASE}/auth/api_key", f"{BASE}/balance"
MESSAGE, MEDIA, STATUS = f"{BASE}/whatsapp/message", f"{BASE}/whatsapp/media", f"{BASE}/whatsapp/status/"
JSON = "application/json"
REFUSED_STATUS = 400  # what HTTP says beside {"error": true}: nobody has told
BARE = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests"}

# Which of the three shapes stands for a code of the manual; the rest are {"error": true}.
BARE_CODES = {vocabulary.INVALID_USER_OR_PASS: 401, vocabulary.IP_ADDRESS_FORBIDDEN: 403}
DETAILS = {
    vocabulary.MISSING_DESTINATION_ADDRESS: ("destination", "field required", "value_error.missing"),
    vocabulary.NUMBER_NOT_RECOGNISED: ("destination", "Invalid destination format", "value_error"),
    vocabulary.INVALID_DESTINATION_ADDRESS: ("destination", "Invalid destination format", "value_error"),
    vocabulary.MISSING_MESSAGE: ("message", "field required", "value_error.missing"),
    vocabulary.SYNTAX_ERROR: ("__root__", "Expecting value: line 1 column 1 (char 0)", "value_error.jsondecode"),
}
OPTED_OUT = "Destination number has unsubscribed"


def call_name(path: str) -> str:
    """Return the name of what is asked, for books and faults."""
    return "dr" if path.startswith(STATUS) else {CHECK: "check", BALANCE: "credits"}.get(path, "send")


def _write(value: dict[str, Any], status: int = 200) -> Reply:
    return Reply(json.dumps(value, separators=(",", ":")).encode(), JSON, status)


def _done(data: dict[str, Any]) -> Reply:
    return _write({"error": False, "error_code": 0, "message": "Success", "data": data})


def bare(status: int) -> Reply:
    return Reply(BARE[status].encode(), status=status)


def _detail(field: str, sentence: str, kind: str) -> Reply:
    return _write({"detail": [{"loc": ["body", field], "msg": sentence, "type": kind}]}, 422)


def _error(sentence: str) -> Reply:
    return _write({"error": True, "message": sentence, "description": None}, REFUSED_STATUS)


class V1:
    """The dialect that knows an API key."""

    def answer(self, backend: Backend, call: Call) -> Answer:
        account = backend.log_in_by_key(call.fields.get("APIKey", ""))
        if account is None:
            return self._refused(call, vocabulary.INVALID_USER_OR_PASS)
        if backend.hits_too_fast(account.login):
            return Answer(bare(429), "HTTP 429")
        code = account.refusal(call.client_ip) or (vocabulary.OK if call.readable else vocabulary.SYNTAX_ERROR)
        if code:
            return self._refused(call, code)
        answers = {"check": self._check, "credits": self._balance, "dr": self._status, "send": self._send}
        return answers[call.name](backend, account, call)

    def refusal(self, call: Call, code: int) -> Reply:
        if code in BARE_CODES:
            return bare(BARE_CODES[code])
        return _detail(*DETAILS[code]) if code in DETAILS else _error(vocabulary.words_of(code))

    def without_id(self, call: Call) -> Reply:
        return _done(sent_data(call, ""))

    def _refused(self, call: Call, code: int) -> Answer:
        return Answer(self.refusal(call, code), f"refused {code}")

    def _check(self, backend: Backend, account: Account, call: Call) -> Answer:
        return Answer(_done(account_data(account)))

    def _balance(self, backend: Backend, account: Account, call: Call) -> Answer:
        return Answer(_done(balance_data(account)))

    def _send(self, backend: Backend, account: Account, call: Call) -> Answer:
        fields = call.fields
        try:
            media = read_media(fields) if call.path == MEDIA else None
        except BadMedia as error:
            return Answer(_detail(error.field, str(error), "value_error"), f"refused: {error}")
        text = fields.get("message" if media is None else "caption", "")
        # What include_unsubscribe does, nobody has told; whoever has opted out gets nothing either way.
        verdict = backend.submit(Submission("v1", account, call.number, text, media=media))
        if verdict.opted_out:
            return Answer(_error(OPTED_OUT), "refused: opted out")
        if verdict.message is None:
            return self._refused(call, verdict.code)
        message_id = verdict.message.id
        return Answer(_done(sent_data(call, message_id)), "accepted", message_id)

    def _status(self, backend: Backend, account: Account, call: Call) -> Answer:
        message = backend.books.messages.get(call.path.removeprefix(STATUS))
        if message is None or message.login != account.login or message.api != "v1":
            return Answer(bare(404), "HTTP 404")
        data = status_data(message, backend.clock.seconds())
        return Answer(_done(data), f"answered {data['status']}".strip(), message.id)
