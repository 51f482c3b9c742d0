"""A campaign's recipients as a list: as CSV for a spreadsheet, or as JSON lines; streamed, in bounded memory."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any, TextIO

from airflow_provider_nusawa.gateway.messages import mask_number
from airflow_provider_nusawa.ledger.listing import harmless, recipients_of
from airflow_provider_nusawa.ledger.store import Ledger

Recipient = dict[str, Any]

COLUMNS = (
    "line", "number", "sending", "delivery", "tries", "code", "reason", "message_id", "api", "err_code", "posted_at",
    "changed_at",
)  # fmt: skip
_TIMES = ("posted_at", "changed_at")


def rows_of(ledger: Ledger, campaign_id: int, *, mask_numbers: bool) -> Iterator[Recipient]:
    """Stream the recipients as ``COLUMNS``, times in UTC."""
    for row in recipients_of(ledger, campaign_id):
        yield shown(row, mask_numbers=mask_numbers)


def shown(row: Recipient, *, mask_numbers: bool) -> Recipient:
    """Return one recipient as a list shows it."""
    told = {**row, **{name: _as_utc(row[name]) for name in _TIMES}}
    if mask_numbers:
        told["number"] = mask_number(row["number"] or "")
    return {name: told[name] for name in COLUMNS}


def write_csv(stream: TextIO, rows: Iterable[Recipient]) -> None:
    """Write rows for a spreadsheet. No cell of it is a formula, whatever the gateway has said."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([harmless(row[name]) for name in COLUMNS] for row in rows)


def write_jsonl(stream: TextIO, rows: Iterable[Recipient]) -> None:
    stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _as_utc(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds") if seconds else None
