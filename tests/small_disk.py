"""A disk of a few megabytes for a test to fill and free: a tmpfs if one may be mounted, else a limit on a process."""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class SmallDisk:
    """A file system in memory, with its directory."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._ballast = place / "ballast"

    def fill(self) -> None:
        """Leave no byte free."""
        with self._ballast.open("wb", buffering=0) as file:
            for size in (65536, 1):
                with suppress(OSError):
                    while True:
                        file.write(b"\0" * size)

    def free(self) -> None:
        self._ballast.unlink()


@contextmanager
def small_disk(size: str) -> Iterator[SmallDisk | None]:
    """Mount one; yield None where that is not allowed.

    :param size: As tmpfs takes it: ``8m``.
    """
    place = Path(tempfile.mkdtemp(prefix="nusawa-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "nusawa", str(place)]
    mounted = bool(shutil.which("mount")) and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield SmallDisk(place) if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


def let_no_file_grow(pid: int, beyond: int) -> None:
    """Have every write of a process beyond so many bytes of any file fail, as under a quota."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (beyond, hard))


def let_files_grow(pid: int) -> None:
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
