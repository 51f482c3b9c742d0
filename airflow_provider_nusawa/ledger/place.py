"""Where a SQLite ledger may lie: on a disk of this machine, in a file of its owner's, made whole or not at all."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import psutil

from airflow_provider_nusawa.ledger.errors import LedgerMissing, LedgerUnfit

NETWORK_FILE_SYSTEMS = frozenset(
    {"9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "fakeowner", "gfs2", "glusterfs", "gpfs", "lustre"}
    | {"ncpfs", "nfs", "nfs4", "ocfs2", "prl_fs", "smb", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "webdav"}
    | {"wekafs", "fuse.blobfuse", "fuse.blobfuse2", "fuse.ceph", "fuse.ceph-fuse", "fuse.davfs", "fuse.gcsfuse"}
    | {"fuse.glusterfs", "fuse.grpcfuse", "fuse.juicefs", "fuse.mount-s3", "fuse.osxfs", "fuse.rclone", "fuse.s3fs"}
    | {"fuse.sshfs"}
)
"""SQLite's WAL needs memory that all its users share, and locks that hold (https://sqlite.org/wal.html).

A folder that a virtual machine shares with its host is among them: the host's own processes share no memory with it.
"""


def default_file() -> Path:
    """Return where the ledger lies of those who name none: in Airflow's home folder."""
    return Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "nusawa-ledger.sqlite"


def url_of(place: str | None) -> str:
    """Read a ledger's place as people write it, a file or a URL; the default one's if they write none."""
    if place and "://" in place:
        return place
    return f"sqlite:///{Path(place).absolute() if place else default_file()}"


def check_place(path: Path) -> None:
    """Raise LedgerUnfit where a file could not keep the promise."""
    kind = file_system_of(path)
    if kind in NETWORK_FILE_SYSTEMS:
        what = (
            f"the ledger {path} would lie on a network file system ({kind}), where SQLite can lose what it was told; "
            "use a local directory, or PostgreSQL by ledger_conn_id"
        )
        raise LedgerUnfit(what)


def file_system_of(path: Path) -> str:
    """Return the type of the file system that holds a path, as the machine calls it; empty if it does not say."""
    real = path.resolve()
    mounts = {Path(mount.mountpoint): mount.fstype for mount in psutil.disk_partitions(all=True)}
    return next((mounts[place] for place in (real, *real.parents) if place in mounts), "")


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing file, for any thread; never make one.

    :raises LedgerMissing: if there is none.
    """
    if not path.exists():
        raise LedgerMissing(f"there is no ledger at {path}")
    uri = f"{path.absolute().as_uri()}?mode=rw"
    # isolation_level=None: the module would begin transactions late, and fail where two then both want to write.
    connection = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a commit that returned outlives a power cut
    connection.execute(
        "PRAGMA secure_delete=ON"
    )  # what is erased leaves no trace in the file, however SQLite was built
    # A list is planned into indexes larger than the 2 MB that SQLite keeps in memory unless told.
    connection.execute("PRAGMA cache_size=-32000")
    return connection


def make_file(path: Path) -> bool:
    """Make an empty file in WAL mode, readable by its owner alone. Whether this call made it, and nobody else did.

    It is made beside its place and linked there, because nobody may meet it half made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    check_place(path)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(connect(draft)) as connection:
            connection.execute("PRAGMA user_version=1")  # writes the header, so that the mode stays
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True
