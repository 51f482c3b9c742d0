"""What each dialect says in the same situations, so that a rule which holds for all is tested once, over all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from airflow_provider_nusawa.gateway import v1, v3
from airflow_provider_nusawa.gateway.exchange import Reply
from airflow_provider_nusawa.gateway.messages import Message
from airflow_provider_nusawa.gateway.settings import Secret, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_nusawa.gateway.dialects import Dialect
    from airflow_provider_nusawa.gateway.exchange import Request

DATA = Path(__file__).parent / "data"
MESSAGE = Message("6285100803380", "testing wa api")


@dataclass(frozen=True)
class Samples:
    """Bodies of one dialect.

    :param fields: Reads back what a send request carries: number and text.
    :param report: Makes a delivery report of a status letter; None for one that holds no letter yet.
    """

    dialect: Dialect
    settings: Settings
    accepted: bytes
    message_id: str
    credits: bytes
    fields: Callable[[Request], tuple[str, str]] = field(repr=False)
    report: Callable[[str | None], bytes] = field(repr=False)


def _v3_fields(request: Request) -> tuple[str, str]:
    form = dict(parse_qsl(request.body.decode("ascii"), strict_parsing=True))
    return form["GSM"], form["text"]


def v3_reply(body: Any, status: int = 200) -> Reply:
    return Reply(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def v3_results(*rows: tuple[Any, Any, Any], status: int = 200) -> Reply:
    """Return an answer of rows of status, message id and destination."""
    return v3_reply({"results": [{"status": s, "messageid": m, "destination": d} for s, m, d in rows]}, status)


def _v3_report(letter: str | None) -> bytes:
    told = {"ref_no": "053380444905641291", "status": letter, "sent_date": "2017-09-25 17:49:05.0", "err_code": "0"}
    return json.dumps(told).encode()


V3 = Samples(
    dialect=v3,
    settings=Settings(login="budi", password=Secret("s3cret+/ &é")),
    accepted=(DATA / "vendor_success.json").read_bytes(),
    message_id="175041319203754627",
    credits=b'{"value": "1500", "expiredDate": "2026-12-31"}',
    fields=_v3_fields,
    report=_v3_report,
)
REPORT_ID = "053380444905641291"


def v1_answer(**data: Any) -> bytes:
    return json.dumps({"error": False, "error_code": 0, "message": "Success", "data": data}).encode()


def v1_recorded(name: str, status: int = 200) -> Reply:
    return Reply(status, {}, (DATA / f"v1_{name}.json").read_bytes())


def v1_error(message: str | None, status: int = 200, **more: Any) -> Reply:
    return Reply(status, {}, json.dumps({"error": True, "message": message, "description": None} | more).encode())


def _v1_fields(request: Request) -> tuple[str, str]:
    body = json.loads(request.body)
    return body["destination"], body["message"]


def _v1_report(letter: str | None) -> bytes:
    return v1_answer(ref_no=REPORT_ID, status=letter, sent_date="2017-09-25T17:49:05", read_date=None)


V1 = Samples(
    dialect=v1,
    settings=Settings(password=Secret("A1B2C3D4E5F6A7B8C9D0E1F2A3B4C5D6"), api_version="v1"),
    accepted=(DATA / "v1_message_accepted.json").read_bytes().strip(),
    message_id="053380444905641291",
    credits=(DATA / "v1_balance.json").read_bytes(),
    fields=_v1_fields,
    report=_v1_report,
)

ALL = {"v3": V3, "v1": V1}

_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><results><result>&b;</result></results>'
)
UNREADABLE = {
    "empty": b"",
    "html": b"<html><body><h1>It works!</h1></body></html>",
    "bomb": _BOMB,
    "external-entity": b'<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x"><results/>',
    "doctype": b"<!DOCTYPE r><r><status>0</status><messageid>1</messageid><ref_no>1</ref_no><value>1</value></r>",
    "text": b"OK",
    "null": b"null",
    "number": b"0",
    "list": b"[]",
    "list-of-text": b'["0"]',
    "results-of-text": b'{"results": ["0"]}',
    "no-results": b'{"results": []}',
    "nested": b"[" * 100_000,
    "nested-xml": b"<a>" * 50_000 + b"</a>" * 50_000,
    "unknown-encoding": b'<?xml version="1.0" encoding="klingon"?><results/>',
    "not-utf-8": b'{"results": [{"status": "\xff"}]}',
    "stranger": b'{"timestamp": 1, "status": 404, "path": "/x"}',
}

each_dialect = pytest.mark.parametrize("samples", [pytest.param(samples, id=name) for name, samples in ALL.items()])
each_unreadable = pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in UNREADABLE.items()])
