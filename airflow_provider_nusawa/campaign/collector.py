"""How often Python looks for garbage while a leg runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = 50_000
"""Objects made and not freed between two looks; Python's own figure is 700 to 2,000. A few MB at the most."""

_USUAL = gc.get_threshold()


@contextmanager
def rare_collections() -> Iterator[None]:
    """Have Python look for garbage in cycles more rarely, in the whole process.

    What a request under way consists of, some hundred objects, lives for as long as the gateway takes to answer. With
    hundreds under way each look walks all of them and finds nothing: that was a quarter of what a message cost.
    """
    gc.set_threshold(max(_RARELY, _USUAL[0]), *_USUAL[1:])
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)
