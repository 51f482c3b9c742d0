"""The seeds of the kill tests: 5 unless ``NUSAWA_SEEDS`` says how many, five of them to a campaign. They alternate the
dialects: each seed costs its time only once.
"""

from __future__ import annotations

import os

import pytest

from airflow_provider_nusawa.gateway.dialects import DIALECTS

PER_CAMPAIGN = 5
SEEDS = range(int(os.environ.get("NUSAWA_SEEDS", str(PER_CAMPAIGN))))


def campaigns() -> list[object]:
    """Return the seeds of each campaign, for ``parametrize``."""
    parts = [SEEDS[first : first + PER_CAMPAIGN] for first in range(0, len(SEEDS), PER_CAMPAIGN)]
    return [pytest.param(part, id=f"seeds-{part[0]}-to-{part[-1]}") for part in parts]


def api_of(seed: int) -> str:
    """Return the dialect whose turn it is."""
    return list(DIALECTS)[seed % len(DIALECTS)]
