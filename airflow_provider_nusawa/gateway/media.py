"""A picture or document to send with a message: at a public URL, or as the bytes of a file. API v1.0 only."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from airflow_provider_nusawa.gateway.errors import InvalidMessage

MAX_FILE_BYTES = 512 * 1024
"""Of the file itself (A: the vendor says 512 KB without saying whether of the file or of its base64)."""


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
            _check_file(self.content, self.file_name)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        well = parts.scheme in ("http", "https") and parts.hostname and not parts.username and url.isprintable()
    except ValueError:
        well = False  # brackets that hold no address
    if not well:
        raise InvalidMessage("the media URL is not a plain http or https address that the gateway could fetch")


def _check_file(content: bytes, name: str) -> None:
    if len(content) > MAX_FILE_BYTES:
        what = f"the file has {len(content)} bytes, and the gateway takes at most {MAX_FILE_BYTES} (512 KB)"
        raise InvalidMessage(what)
    stem, dot, ending = name.rpartition(".")
    if not (stem and dot and ending) or not name.isprintable() or any(char in name for char in "/\\"):
        raise InvalidMessage("the file needs a name with an ending, such as invoice.pdf, and without folders")
