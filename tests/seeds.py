"""The seeds of the kill tests: 5 unless ``NUSAWA_SEEDS`` says how many, five of them to a campaign."""

from __future__ import annotations

import os

import pytest

PER_CAMPAIGN = 5
SEEDS = range(int(os.environ.get("NUSAWA_SEEDS", str(PER_CAMPAIGN))))


def campaigns() -> list[object]:
    """Return the seeds of each campaign, for ``parametrize``."""
    parts = [SEEDS[first : first + PER_CAMPAIGN] for first in range(0, len(SEEDS), PER_CAMPAIGN)]
    return [pytest.param(part, id=f"seeds-{part[0]}-to-{part[-1]}") for part in parts]
