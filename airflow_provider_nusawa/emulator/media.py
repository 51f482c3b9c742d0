"""Files that come with a message, by URL or inside the request."""

from __future__ import annotations

import base64
import binascii

from airflow_provider_nusawa.emulator.books import Media

MAX_BYTES = 512 * 1024


class BadMedia(ValueError):
    """A file that cannot be taken; ``field`` names the part of the request that is to blame."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def read_media(fields: dict[str, str]) -> Media:
    """Return the file of a request.

    :raises BadMedia: if there is none, or it is too large, nameless or no base64.
    """
    if fields.get("media_url"):
        return Media(url=fields["media_url"])
    if not fields.get("media_base64"):
        raise BadMedia("media_url", "media_url or media_base64 is required")
    if not fields.get("file_name"):
        raise BadMedia("file_name", "file_name is required with media_base64")
    try:
        content = base64.b64decode(fields["media_base64"], validate=True)
    except binascii.Error as error:
        raise BadMedia("media_base64", "Invalid base64") from error
    if len(content) > MAX_BYTES:
        raise BadMedia("media_base64", "File size exceeds 512 KB")
    return Media(file_name=fields["file_name"], content=content)
