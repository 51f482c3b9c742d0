"""One process of a real Airflow, in a process group of its own, its output in a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil


class Part:
    """A running ``python -m <module> <arguments>``.

    :param name: What people call it; also the name of its output file.
    :param folder: Where it runs and writes its output.
    """

    def __init__(self, name: str, arguments: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
        self.name = name
        self.output = folder / f"{name}.out"
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=folder,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll()

    def descendants(self) -> list[psutil.Process]:
        """Return the processes that it started, and those that they started."""
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-lines:])

    def kill(self) -> None:
        """End it and all that it started, at once: a throw-away Airflow has nothing to save."""
        children = self.descendants()
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # the group outlives its leader, so this reaches orphans too
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self._process.wait()
