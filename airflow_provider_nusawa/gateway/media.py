"""A picture or document to send with a message: at a public URL, or as the bytes of a file. API v1.0 only."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from airflow_provider_nusawa.gateway.errors import InvalidMessage

MAX_FILE_BYTES = 512 * 1024
"""Of the file itself (A: the vendor says 512 KB without saying whether of the file or of its base64)."""

# A: the vendor lists no types; these are what WhatsApp shows, each with how such a file begins, where that is certain.
TYPES: dict[str, tuple[bytes, ...]] = {
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "webp": (b"RIFF",),
    "gif": (b"GIF8",),
    "pdf": (b"%PDF",),
    **dict.fromkeys(("docx", "xlsx", "pptx", "zip"), (b"PK",)),
    **dict.fromkeys(("doc", "xls", "ppt"), (b"\xd0\xcf\x11\xe0",)),
    **dict.fromkeys(("txt", "csv", "aac", "amr", "mp3", "m4a", "ogg", "opus", "mp4", "3gp"), ()),
}


@dataclass(frozen=True, slots=True)
class Media:
    """What goes along with a caption, checked when it is made.

    :param url: A public http or https address that the gateway fetches; or else:
    :param content: The bytes of a file of at most 512 KB.
    :param file_name: Its name as the person will see it, without folders. Its ending tells the type.
    :raises InvalidMessage: naming what is wrong, before anything is asked of the gateway.
    """

    url: str = field(default="", repr=False)
    content: bytes = field(default=b"", repr=False)
    file_name: str = ""

    def __post_init__(self) -> None:
        if bool(self.url) == bool(self.content):
            raise InvalidMessage("media is either a URL or a file that is not empty")
        if self.url:
            _check_url(self.url)
        else:
            check_name(self.file_name)
            _check_content(self.content, self.file_name)

    @property
    def digest(self) -> str:
        """The same for the same media, and for no other."""
        told = self.url.encode() or self.file_name.encode() + b"\0" + self.content
        return hashlib.sha256(told).hexdigest()


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        well = parts.scheme in ("http", "https") and parts.hostname and not parts.username and url.isprintable()
    except ValueError:
        well = False  # brackets that hold no address
    if not well or " " in url:
        raise InvalidMessage("the media URL is not a plain http or https address that the gateway could fetch")
    if not _is_public(parts.hostname or ""):
        raise InvalidMessage("the media URL leads into a private network, where the gateway cannot fetch it")


def _is_public(host: str) -> bool:
    """Whether a host may be reachable from outside, by its name or address alone."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal"))


def check_name(name: str) -> None:
    """Raise InvalidMessage unless a file may have this name."""
    stem, dot, ending = name.rpartition(".")
    if not (stem and dot and ending) or not name.isprintable() or any(char in name for char in "/\\"):
        raise InvalidMessage("the file needs a name with an ending, such as invoice.pdf, and without folders")
    if ending.lower() not in TYPES:
        what = f"a file that ends in .{ending[:10]} is of no type that WhatsApp shows: it must be {', '.join(TYPES)}"
        raise InvalidMessage(what)


def check_size(size: int) -> None:
    """Raise InvalidMessage for a file of so many bytes, if that is none or too many."""
    if not size:
        raise InvalidMessage("the file is empty")
    if size > MAX_FILE_BYTES:
        what = f"the file has {size} bytes, and the gateway takes at most {MAX_FILE_BYTES} (512 KB)"
        raise InvalidMessage(what)


def _check_content(content: bytes, name: str) -> None:
    check_size(len(content))
    ending = name.rpartition(".")[2].lower()
    if TYPES[ending] and not content.startswith(TYPES[ending]):
        raise InvalidMessage(f"the file is named .{ending}, and does not begin as such a file does: look what is in it")
