"""One callback as a pure function: from a query to a delivery report, or to why it is none.

The gateway prints its callback as ``ref_no``, ``status``, ``sent_date`` and ``err_code``; ``sent_date`` is not kept.
Whatever else stands beside them is nobody's business and is not read.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport

TOKEN = "token"  # noqa: S105 - the field's name
MAX_QUERY, MAX_BODY = 4096, 8192
MAX_FIELDS = 32

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_STATUS = re.compile(r"[A-Za-z0-9 _-]{0,16}")
_ERR_CODE = re.compile(r"[ -~]{0,64}")

Fields = dict[str, list[str]]


class NotACallback(ValueError):
    """What came is not what the gateway sends. Its text is for the sender, and quotes nothing of it."""


def read_fields(raw: bytes) -> Fields:
    """Read a query or a form.

    :raises NotACallback: for what is no text, or too much.
    """
    try:
        text = raw.decode("ascii").replace("?", "&")  # A: the vendor may append its fields by a second ? to any URL
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise NotACallback("the fields cannot be read") from None
    fields: Fields = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def read_report(fields: Fields) -> DeliveryReport:
    """Return what the gateway tells.

    :raises NotACallback: naming the field that is missing, repeated, or not what the gateway writes there.
    """
    message_id, letter = _one(fields, "ref_no", _ID), _one(fields, "status", _STATUS).strip()
    err_code = _one(fields, "err_code", _ERR_CODE) if "err_code" in fields else ""
    # The gateway writes 0 where nothing went wrong.
    return DeliveryReport(
        message_id, DeliveryStatus.of(letter), letter=letter, err_code="" if err_code == "0" else err_code
    )


def _one(fields: Fields, name: str, form: re.Pattern[str]) -> str:
    values = fields.get(name, [])
    if len(values) != 1:
        raise NotACallback(f"{name} is {'missing' if not values else 'there more than once'}")
    if not form.fullmatch(values[0]):
        raise NotACallback(f"{name} is not what the gateway writes there")
    return values[0]
