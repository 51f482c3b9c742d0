"""API v3 as the vendor's page prints it: form fields in, XML or JSON out, errors as HTTP 200 with the code inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from airflow_provider_nusawa.emulator import vocabulary
from airflow_provider_nusawa.emulator.calls import Answer, Call
from airflow_provider_nusawa.emulator.replies import Reply
from airflow_provider_nusawa.emulator.reports import fields_of
from airflow_provider_nusawa.emulator.submission import Submission

if TYPE_CHECKING:
    from airflow_provider_nusawa.emulator.accounts import Account
    from airflow_provider_nusawa.emulator.backend import Backend

SEND_WA = "/api/v3/sendwa/plain"
SEND_SMS = "/api/v3/sendsms/plain"
COMMAND = "/api/command"
COMMANDS = {"CREDITS": "credits", "DR": "dr"}

# The page's XML samples, byte for byte: that of -13 is laid out unlike the others.
_XML_HEAD, _XML_TAIL = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<results>\n     <result>\n',
    "     </result>\n</results>",
)
_XML_13 = (
    '<?xml version="1.0" encoding="UTF-8"?> \n  <results> \n     <result> \n       <status>-13</status> \n'
    "       <messageid></messageid> \n       <destination>{}</destination> \n    </result>\n</results>"
)


def call_name(path: str, fields: dict[str, str]) -> str:
    """Return the name of what is asked, for books and faults."""
    return COMMANDS.get(fields.get("cmd", "").upper(), "other") if path == COMMAND else "send"


def _as_xml(fields: dict[str, str]) -> str:
    if fields.get("status") == "-13" and "destination" in fields:
        return _XML_13.format(escape(fields["destination"]))
    lines = "".join(f"          <{name}>{escape(value)}</{name}>\n" for name, value in fields.items())
    return _XML_HEAD + lines + _XML_TAIL


def _write(call: Call, fields: dict[str, str], *, flat: bool = False) -> Reply:
    if call.fields.get("output", "").lower() != "json":
        return Reply(_as_xml(fields).encode(), "text/xml; charset=UTF-8")
    value = fields if flat else {"results": [fields]}
    return Reply(json.dumps(value, separators=(",", ":")).encode(), "application/json")


def _result(call: Call, code: int, message_id: str = "") -> Reply:
    return _write(call, {"status": str(code), "messageid": message_id, "destination": call.number})


class V3:
    """The dialect that knows a login and a password."""

    def answer(self, backend: Backend, call: Call) -> Answer:
        if not call.readable:
            return self._refused(call, vocabulary.SYNTAX_ERROR)
        login = call.fields.get("username") or call.fields.get("user") or ""
        account = backend.log_in(login, call.fields.get("password", ""))
        if account is None:
            return self._refused(call, vocabulary.INVALID_USER_OR_PASS)
        if backend.hits_too_fast(account.login):
            return Answer(Reply(b"Too Many Requests", status=429), "HTTP 429")
        code = account.refusal(call.client_ip)
        if code:
            return self._refused(call, code)
        return {"send": self._send, "credits": self._credits, "dr": self._report}.get(call.name, self._unheard_of)(
            backend, account, call
        )

    def refusal(self, call: Call, code: int) -> Reply:
        return _result(call, code)

    def without_id(self, call: Call) -> Reply:
        return _result(call, vocabulary.OK)

    def _refused(self, call: Call, code: int) -> Answer:
        return Answer(self.refusal(call, code), f"refused {code}")

    def _send(self, backend: Backend, account: Account, call: Call) -> Answer:
        fields = call.fields
        text = fields.get("text") or fields.get("SMSText") or ""
        sms = call.path == SEND_SMS
        otp = fields.get("otp", "").upper() == "Y"
        verdict = backend.submit(Submission("v3", account, call.number, text, sms=sms, otp=otp))
        if verdict.message is None:
            return self._refused(call, verdict.code)
        message_id = verdict.message.id
        return Answer(_result(call, verdict.code, message_id), "accepted", message_id)

    def _credits(self, backend: Backend, account: Account, call: Call) -> Answer:
        balance = account.sms_balance if call.fields.get("type") == "sms" else account.balance
        expires = account.expires.isoformat() if account.expires else ""
        return Answer(_write(call, {"value": str(balance), "expiredDate": expires}, flat=True))

    def _report(self, backend: Backend, account: Account, call: Call) -> Answer:
        message_id = call.fields.get("ref_no") or call.fields.get("messageid") or ""
        message = backend.books.messages.get(message_id)
        flat = not backend.rules.reports_in_results
        if message is None or message.login != account.login or message.api != "v3":
            # The page does not say what is answered about an id that nobody gave out.
            code = str(vocabulary.GENERAL_ERROR)
            unknown = {"ref_no": message_id, "status": code, "sent_date": "", "err_code": code}
            return Answer(_write(call, unknown, flat=flat), f"refused {code}")
        now = backend.clock.seconds()
        report = fields_of(message, message.letter(now), now)
        return Answer(_write(call, report, flat=flat), f"answered {report['status']}".strip(), message_id)

    def _unheard_of(self, backend: Backend, account: Account, call: Call) -> Answer:
        return self._refused(call, vocabulary.SYNTAX_ERROR)
