"""The inbox for people, read as a browser without JavaScript would."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser

import pytest
from emulator_calls import NUMBER, ask, command, send

from airflow_provider_nusawa.emulator.accounts import DEMO_KEY
from airflow_provider_nusawa.emulator.books import Media
from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.emulator.rows import spaced
from airflow_provider_nusawa.emulator.submission import Submission
from airflow_provider_nusawa.testing import NusaWaGateway

NASTY = "<script>alert(1)</script> & \"quotes\" 'single'"


def page(gateway: NusaWaGateway, path: str = "/") -> str:
    status, _, body = ask(gateway.url, "GET", path)
    assert status == 200
    return body.decode()


def words(html: str) -> str:
    """Return the text of a page, as people see it."""
    seen: list[str] = []
    parser = HTMLParser()
    parser.handle_data = seen.append  # type: ignore[method-assign]
    parser.feed(html)
    return " ".join(" ".join(seen).split())


def badges(html: str) -> list[str]:
    return re.findall(r'<span class="badge">(.*?)</span>', html)


def test_an_empty_inbox_says_what_to_do(nusawa_gateway: NusaWaGateway) -> None:
    assert "No message yet" in words(page(nusawa_gateway))
    assert "No message yet" in words(page(nusawa_gateway, "/view/latest"))


def test_each_message_shows_its_state(nusawa_gateway: NusaWaGateway) -> None:
    for family in ("50", "55", "51", "52", "54", "53", "58"):
        send(nusawa_gateway.url, number=magic_number(family))
    nusawa_gateway.advance(10)

    assert badges(page(nusawa_gateway)) == [
        "? letter X",
        "… accepted",
        "✓ sent",
        "✕ aborted",
        "✕ failed",
        "✓✓ read",
        "✓✓ delivered",
    ]


def test_a_refusal_says_why_in_the_manuals_words(nusawa_gateway: NusaWaGateway) -> None:
    send(nusawa_gateway.url, number=magic_number("77"))
    send(nusawa_gateway.url, password="wrong")

    html = page(nusawa_gateway)
    assert badges(html) == ["✕ refused -5", "✕ refused -77"]
    assert "Username or password is invalid" in words(html)
    assert "demo-password" not in html


@pytest.mark.parametrize(
    ("what", "badge", "note"),
    [
        ("no_id", "… accepted", "accepted; the answer was lost on purpose (fault no_id)"),
        ("html", "! not accepted", "instead of an answer: html"),
    ],
)
def test_a_lost_answer_says_what_the_sender_cannot_know(
    nusawa_gateway: NusaWaGateway, what: str, badge: str, note: str
) -> None:
    nusawa_gateway.backend.clock.freeze()
    nusawa_gateway.fail_next(what, times=2)
    assert f"send: {what} 2 times" in words(page(nusawa_gateway))
    ask(nusawa_gateway.url, "GET", f"/api/v3/sendwa/plain?username=demo&password=demo-password&GSM={NUMBER}&text=Halo")

    html = page(nusawa_gateway)
    assert badges(html) == [badge]
    assert re.findall(r'<span class="note">(.*?)</span>', html) == [note]


def test_what_people_write_is_never_markup(nusawa_gateway: NusaWaGateway) -> None:
    send(nusawa_gateway.url, text=NASTY)
    send(nusawa_gateway.url, number="<b>12</b>", text=NASTY)
    ask(nusawa_gateway.url, "GET", "/api/command?cmd=DR&ref_no=%3Cimg%20src=x%3E")

    for path in ("/", "/view/latest", "/?number=%22%3E%3Cscript%3E"):
        html = page(nusawa_gateway, path)
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    assert " ".join(NASTY.split()) in words(page(nusawa_gateway))


def test_pages_allow_no_foreign_script_and_ask_nothing_of_other_sites(nusawa_gateway: NusaWaGateway) -> None:
    send(nusawa_gateway.url)
    for path in ("/", "/view/latest", "/fates", "/pages/inbox.css", "/pages/inbox.js"):
        _, headers, body = ask(nusawa_gateway.url, "GET", path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert not re.search(rb'(src|href)="https?:', body)
        assert b" style=" not in body
        assert b" onclick=" not in body


def test_files_beside_the_pages_cannot_be_fetched(nusawa_gateway: NusaWaGateway) -> None:
    assert ask(nusawa_gateway.url, "GET", "/pages/layout.html")[0] == 404
    assert ask(nusawa_gateway.url, "GET", "/pages/..%2finbox.py")[0] == 404


def test_a_page_that_has_not_changed_is_not_sent_again(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.clock.freeze()
    tag = ask(nusawa_gateway.url, "GET", "/")[1]["etag"]
    assert ask(nusawa_gateway.url, "GET", "/", **{"If-None-Match": tag})[0::2] == (304, b"")

    send(nusawa_gateway.url)
    assert ask(nusawa_gateway.url, "GET", "/", **{"If-None-Match": tag})[0] == 200


def test_a_refusal_without_a_code_is_told_in_its_words(nusawa_gateway: NusaWaGateway) -> None:
    body = json.dumps({"destination": magic_number("70"), "message": "Halo"}).encode()
    ask(nusawa_gateway.url, "POST", "/nusasms_api/1.0/whatsapp/message", body, APIKey=DEMO_KEY)

    html = page(nusawa_gateway)
    assert badges(html) == ["✕ refused"]
    assert "opted out" in words(html)
    assert DEMO_KEY not in html


def test_one_number_can_be_asked_for(nusawa_gateway: NusaWaGateway) -> None:
    send(nusawa_gateway.url, text="for A")
    send(nusawa_gateway.url, number="6281234567890", text="for B")

    shown = words(page(nusawa_gateway, "/?number=%2B62+812-3456-7890"))
    assert "for B" in shown
    assert "for A" not in shown


def test_a_full_page_leads_to_the_older_ones(nusawa_gateway: NusaWaGateway) -> None:
    for turn in range(52):
        send(nusawa_gateway.url, number=f"62812{turn:08d}", text=f"text-{turn:02d}")

    first = page(nusawa_gateway)
    link = re.search(r'href="(/\?before=\d+)"', first)
    assert link is not None
    older = page(nusawa_gateway, link[1])
    assert ("text-02" in first, "text-01" in first) == (True, False)
    assert ("text-01" in older, "text-02" in older, "before=" in older) == (True, False, False)


def test_a_message_shows_its_history_its_requests_and_its_doubles(nusawa_gateway: NusaWaGateway) -> None:
    first = send(nusawa_gateway.url)["messageid"]
    second = send(nusawa_gateway.url, text="Again")["messageid"]
    command(nusawa_gateway.url, "DR", ref_no=second)
    nusawa_gateway.advance(10)

    shown = words(page(nusawa_gateway, f"/view/{second}"))
    assert shown.index("accepted as") < shown.index("sent") < shown.index("delivered")
    assert f"got 1 more: {first}" in shown
    assert "send, request 2" in shown
    assert "dr, request 3" in shown
    assert "password ***" in shown
    assert page(nusawa_gateway, "/view/latest") == page(nusawa_gateway, f"/view/{second}")


def test_a_number_is_shown_as_people_read_it() -> None:
    assert spaced("6281234567890") == "+62 812-3456-7890"
    assert spaced("60123456789") == "60123456789"
    assert spaced("62<b>") == "62<b>"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"<svg onload=alert(1)>", "application/octet-stream"),
    ],
)
def test_only_pictures_without_scripts_are_shown_in_place(
    nusawa_gateway: NusaWaGateway, content: bytes, kind: str
) -> None:
    backend = nusawa_gateway.backend
    media = Media(file_name="a<b>.bin", content=content)
    message = backend.submit(Submission("v1", backend.account, NUMBER, "Lihat", media=media)).message
    assert message is not None

    status, headers, body = ask(nusawa_gateway.url, "GET", f"/media/{message.id}")
    assert (status, headers["content-type"], body) == (200, kind, content)
    assert headers["content-security-policy"].startswith("sandbox")
    assert ("content-disposition" in headers) == (kind == "application/octet-stream")
    assert ("<img" in page(nusawa_gateway, "/view/latest")) == kind.startswith("image/")


def test_there_is_no_file_where_there_was_none(nusawa_gateway: NusaWaGateway) -> None:
    message_id = send(nusawa_gateway.url)["messageid"]

    assert ask(nusawa_gateway.url, "GET", f"/media/{message_id}")[0] == 404
    assert ask(nusawa_gateway.url, "GET", "/media/nothing")[0] == 404


def test_the_magic_numbers_are_a_page(nusawa_gateway: NusaWaGateway) -> None:
    assert "6284000077xx" in words(page(nusawa_gateway, "/fates"))


def test_both_apis_and_their_media_show_in_one_inbox(nusawa_gateway: NusaWaGateway) -> None:
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
    send(nusawa_gateway.url, number="6281200000003", text="dari v3")
    for path, content in (
        ("message", {"message": "dari v1"}),
        ("media", {"caption": "dengan berkas", "media_base64": png, "file_name": "foto.png"}),
        ("media", {"caption": "dengan alamat", "media_url": "https://example.com/a.pdf"}),
    ):
        body = json.dumps({"destination": "6281200000001", **content}).encode()
        headers = {"APIKey": DEMO_KEY, "Content-Type": "application/json"}
        assert ask(nusawa_gateway.url, "POST", f"/nusasms_api/1.0/whatsapp/{path}", body, **headers)[0] == 200

    seen = words(page(nusawa_gateway))
    assert [text for text in ("dari v3", "dari v1", "dengan berkas + foto.png") if text not in seen] == []
    assert "dengan alamat + https://example.com/a.pdf" in seen
    by_url, by_file = list(nusawa_gateway.messages)[::-1][:2]
    assert "https://example.com/a.pdf" in words(page(nusawa_gateway, f"/view/{by_url.id}"))
    assert f'<img src="/media/{by_file.id}" alt="foto.png">' in page(nusawa_gateway, f"/view/{by_file.id}")
