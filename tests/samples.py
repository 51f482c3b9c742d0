"""What each dialect says in the same situations, so that a rule which holds for all is tested once, over all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest

from airflow_provider_nusawa.gateway import v3
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

ALL = {"v3": V3}

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
