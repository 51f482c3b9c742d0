"""A receiver over a ledger of its own, for each test."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from receiver_house import House, opened


@pytest.fixture(autouse=True)
def no_writer_outlives_its_test() -> Iterator[None]:
    """It would complain of a ledger that is gone into the output of tests that know nothing of it."""
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "nusawa-receiver"]


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Opens a receiver, with the arguments of ``opened``; closes it in the end."""
    with ExitStack() as stack:

        def open_it(*arguments: Callable[[], str], **rest: object) -> House:
            return stack.enter_context(opened(tmp_path / "ledger.sqlite", *arguments, **rest))

        yield open_it


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    return open_house()
