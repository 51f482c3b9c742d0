"""Media are checked when they are made, before anything is asked of the gateway."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_nusawa.gateway.errors import InvalidMessage
from airflow_provider_nusawa.gateway.media import MAX_FILE_BYTES, Media
from airflow_provider_nusawa.gateway.messages import Message


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"url": "https://example.com/a.png?x=1"}, id="url"),
        pytest.param({"url": "http://93.184.215.14/a"}, id="address"),
        pytest.param({"content": b"%PDF".ljust(MAX_FILE_BYTES), "file_name": "laporan Q1.pdf"}, id="file"),
        pytest.param({"content": b"\xff\xd8\xff\xe0", "file_name": "Foto.JPG"}, id="capitals"),
        pytest.param({"content": b"nama;nilai", "file_name": "a.csv"}, id="text"),
    ],
)
def test_media_that_the_gateway_takes(given: dict[str, Any]) -> None:
    assert Message("6281234567890", "", media=Media(**given)).text == ""


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param({}, "either a URL or a file", id="neither"),
        pytest.param({"url": "https://example.com/a", "content": b"x"}, "either a URL or a file", id="both"),
        pytest.param({"content": b"", "file_name": "a.pdf"}, "not empty", id="empty-file"),
        pytest.param({"url": "example.com/a.png"}, "http or https", id="no-scheme"),
        pytest.param({"url": "https://[bad"}, "http or https", id="half-an-address"),
        pytest.param({"url": "file:///etc/passwd"}, "http or https", id="file-url"),
        pytest.param({"url": "https://u:p@example.com/a"}, "http or https", id="login-in-url"),
        pytest.param({"url": "https://example.com/a\nb"}, "http or https", id="line-break-in-url"),
        pytest.param({"url": "https://example.com/a b"}, "http or https", id="space-in-url"),
        pytest.param({"url": "http://localhost/a.png"}, "private network", id="localhost"),
        pytest.param({"url": "http://127.0.0.1/a.png"}, "private network", id="loopback"),
        pytest.param({"url": "http://10.1.2.3/a.png"}, "private network", id="private-address"),
        pytest.param({"url": "http://minio/a.png"}, "private network", id="bare-name"),
        pytest.param({"url": "http://files.internal/a.png"}, "private network", id="internal-name"),
        pytest.param({"content": b"x" * (MAX_FILE_BYTES + 1), "file_name": "a.txt"}, "524289 bytes", id="too-large"),
        pytest.param({"content": b"MZ", "file_name": "a.exe"}, "ends in .exe", id="no-type-of-whatsapp"),
        pytest.param({"content": b"<html>", "file_name": "a.pdf"}, "does not begin as such", id="not-what-it-says"),
        pytest.param({"content": b"x"}, "a name with an ending", id="no-name"),
        pytest.param({"content": b"x", "file_name": "a"}, "a name with an ending", id="no-ending"),
        pytest.param({"content": b"x", "file_name": ".pdf"}, "a name with an ending", id="only-an-ending"),
        pytest.param({"content": b"x", "file_name": "../a.pdf"}, "without folders", id="folder"),
        pytest.param({"content": b"x", "file_name": "..\\a.pdf"}, "without folders", id="windows-folder"),
        pytest.param({"content": b"x", "file_name": "a\n.pdf"}, "a name with an ending", id="line-break"),
    ],
)
def test_media_that_cannot_be_sent_say_why(given: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidMessage, match=why):
        Media(**given)


def test_a_caption_is_a_text_like_any_other() -> None:
    with pytest.raises(InvalidMessage, match="1001 characters"):
        Message("6281234567890", "x" * 1001, media=Media(url="https://example.com/a"))


def test_media_show_no_content() -> None:
    assert repr(Media(content=b"rahasia", file_name="a.txt")) == "Media(file_name='a.txt')"


def test_two_messages_are_told_apart_by_their_media_too() -> None:
    files = [Media(content=b"satu", file_name="a.txt"), Media(content=b"dua", file_name="a.txt")]
    urls = [Media(url="https://example.com/1"), Media(url="https://example.com/2")]
    named = Media(content=b"satu", file_name="b.txt")
    to = "6281234567890"

    assert len({Message(to, "Halo", media=media).said for media in (*files, *urls, named, None)}) == 6
    assert Message(to, "Halo").said == "Halo"
