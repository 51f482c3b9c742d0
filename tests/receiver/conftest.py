"""A receiver over a ledger of its own, for each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from receiver_house import House, opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = opened(tmp_path / "ledger.sqlite")
    yield house
    house.desk.writer.close()
    house.ledger.close()
