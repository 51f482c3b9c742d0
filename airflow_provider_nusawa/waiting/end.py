"""How a wait for deliveries ended: as a value, as the event that a trigger fires, as XCom, and in people's words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport
from airflow_provider_nusawa.waiting.share import WaitVerdict

MAX_EVENT_BYTES = 60_000
"""A larger event leaves out the times: on MySQL, Airflow 2.11 keeps what a trigger tells in 64 KiB."""


@dataclass(frozen=True, slots=True)
class WaitEnd:
    """What is known when a wait ends.

    :param reports: The last report of every message, in the order in which they were given.
    :param trouble: What the gateway or the connection said against asking; empty if nothing.
    """

    verdict: WaitVerdict
    reports: list[DeliveryReport]
    trouble: str = ""

    def to_event(self) -> dict[str, Any]:
        """Return plain JSON of bounded size, without numbers: Airflow logs events and keeps them unencrypted."""
        rows = [_row(report) for report in self.reports]
        if len(json.dumps(rows)) > MAX_EVENT_BYTES:
            rows = [row[:2] for row in rows]
        return {"verdict": self.verdict.value, "reports": rows, "trouble": self.trouble[:1000]}

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> WaitEnd:
        return cls(WaitVerdict(event["verdict"]), [_report(*row) for row in event["reports"]], event["trouble"])

    def to_xcom(self) -> list[dict[str, Any]]:
        """Return the reports as plain JSON: ids, letters and times, no numbers."""
        return [
            {
                "message_id": report.message_id,
                "letter": report.letter,
                "delivered": report.status.is_delivered,
                "err_code": report.err_code,
                "sent_at": _iso(report.sent_at),
                "delivered_at": _iso(report.delivered_at),
                "read_at": _iso(report.read_at),
            }
            for report in self.reports
        ]

    @property
    def delivered(self) -> int:
        return sum(report.status.is_delivered for report in self.reports)

    @property
    def failed(self) -> list[DeliveryReport]:
        return [report for report in self.reports if report.status.is_failed]

    @property
    def pending(self) -> list[DeliveryReport]:
        return [report for report in self.reports if not report.status.is_final]


def clause(report: DeliveryReport) -> str:
    """Say of one message what its letter is and, if it failed, its err_code."""
    err_code = f", err_code {report.err_code}" if report.err_code and report.status.is_failed else ""
    letter = f"letter {report.letter}" if report.letter else "no report yet"
    return f"message {report.message_id}: {letter}{err_code}"


def some(clauses: Iterable[str], *, most: int = 10) -> str:
    """Join clauses for a log line or an error: the first few in full, the rest as a count."""
    listed = list(clauses)
    rest = [f"and {len(listed) - most} more"] if len(listed) > most else []
    return "; ".join(listed[:most] + rest)


def _row(report: DeliveryReport) -> list[str]:
    # Short and flat, times last so that they can be left out. Cut, because the gateway's words have no known bound.
    times = [_iso(moment) or "" for moment in (report.sent_at, report.delivered_at, report.read_at)]
    return [report.message_id, report.letter[:8], report.err_code[:16], *times]


def _report(message_id: str, letter: str, err_code: str = "", *times: str) -> DeliveryReport:
    sent_at, delivered_at, read_at = (*map(_moment, times), None, None, None)[:3]
    return DeliveryReport(
        message_id,
        DeliveryStatus.of(letter),
        letter=letter,
        err_code=err_code,
        sent_at=sent_at,
        delivered_at=delivered_at,
        read_at=read_at,
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
