"""The table of metrics: complete in the docs, free of numbers, and never the end of a task."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.gateway.messages import Outcome, Receipt

PAGE = Path(__file__).parent.parent / "docs" / "metrics.md"
KINDS = {"counter": metrics.COUNTERS, "timing": metrics.TIMINGS, "gauge": metrics.GAUGES}


def test_the_docs_name_each_metric_with_its_kind_and_no_other():
    rows = re.findall(r"^\| `(nusawa\.[^`]+)` \| (\w+) \|", PAGE.read_text(), re.MULTILINE)

    assert rows == [(name, kind) for name, kind in rows if name in KINDS[kind]]
    assert sorted(name for name, _ in rows) == sorted(metrics.NAMES)


@pytest.mark.parametrize("name", metrics.NAMES)
def test_a_name_is_one_that_every_server_takes(name):
    assert re.fullmatch(r"nusawa(\.[a-z_]+)+", name)
    assert len(f"airflow.{name}") < 63  # what OpenTelemetry allowed at first


def test_the_alerts_of_the_docs_ask_for_metrics_that_exist():
    asked = set(re.findall(r"airflow_(nusawa_\w+)", PAGE.read_text()))

    assert asked
    assert asked <= {name.replace(".", "_") for name in metrics.NAMES}


def test_what_an_earlier_try_has_sent_is_not_counted_again():
    receipts = [
        Receipt("6281234567890", "v3", Outcome.ACCEPTED, "17", repeated=True),
        Receipt("6281234567891", "v3", Outcome.UNKNOWN, repeated=True),
        Receipt("6281234567892", "v3", Outcome.ACCEPTED, "18"),
    ]

    assert metrics.outcomes_now(receipts) == [Outcome.ACCEPTED]


@pytest.mark.parametrize(
    ("status", "what"),
    [(200, "stored"), (400, "refused"), (403, "refused"), (404, "refused"), (500, "failed"), (503, "failed")],
)
def test_what_became_of_a_callback(status, what):
    assert metrics.callback_of(status) == what


def test_nothing_listens_and_nothing_fails():
    metrics.note_unknowns(3, "nusawa_default")
    metrics.count_callback(200)


def test_a_statistic_that_cannot_be_told_fails_nobody(caplog):
    metrics._tell(lambda stats: 1 / 0)

    assert "A statistic was not told (ZeroDivisionError)" in caplog.text
