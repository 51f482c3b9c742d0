"""How the commands speak: progress on stderr, and one clear line when something is missing."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable


class Trouble(Exception):
    """Something the person at the keyboard can put right. Its text is one line."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run_main(main: Callable[[list[str]], int]) -> None:
    """Run a command's ``main`` and leave: trouble is one line, and being stopped lets every ``with`` end its own."""
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    try:
        sys.exit(main(sys.argv[1:]))
    except Trouble as trouble:
        say(f"error: {trouble}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
