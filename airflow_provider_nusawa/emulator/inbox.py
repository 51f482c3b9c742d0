"""The inbox for people: server-rendered pages, readable without JavaScript and on a phone, live with it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from airflow_provider_nusawa.emulator import fates
from airflow_provider_nusawa.emulator.rows import Row, clock_time, row_of
from airflow_provider_nusawa.emulator.vocabulary import LETTERS
from airflow_provider_nusawa.emulator.wire import BACKEND

if TYPE_CHECKING:
    from airflow_provider_nusawa.emulator.backend import Backend
    from airflow_provider_nusawa.emulator.books import Message

PAGES = Path(__file__).parent / "pages"
A_PAGE = 50
TYPES = {"inbox.css": "text/css", "inbox.js": "text/javascript"}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
# What may be shown in place; all else, and SVG with its scripts above all, is only ever downloaded.
IMAGES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}

routes = web.RouteTableDef()
_templates = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False
)


def _page(request: web.Request, name: str, **values: Any) -> web.Response:
    clock = request.app[BACKEND].clock.now().strftime("%d %b %Y %H:%M")
    body = _templates.get_template(name).render(clock=clock, **values).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = {**HEADERS, "ETag": tag}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)


@routes.get("/")
async def inbox(request: web.Request) -> web.Response:
    backend = request.app[BACKEND]
    number = "".join(char for char in request.query.get("number", "") if char.isdigit())
    before = request.query.get("before", "")
    with backend.lock:
        rows = _rows(backend, number, int(before) if before.isdigit() else None)
        books = backend.books
        figures = {
            "accepted": len(books.messages),
            "recipients": len(books.latest),
            "twice": books.twice,
            "requests": books.received,
            "credits": backend.account.balance,
        }
        waiting = [_in_words(fault) for fault in backend.faults.all if fault.times]
    older = rows[A_PAGE - 1].serial if len(rows) > A_PAGE else None
    return _page(
        request, "inbox.html", rows=rows[:A_PAGE], figures=figures, waiting=waiting, number=number, older=older
    )


def _in_words(fault: Any) -> str:
    whom = f" to {fault.number}" if fault.number else ""
    return f"{fault.call}{whom}: {fault} {'always' if fault.times < 0 else f'{fault.times} times'}"


def _rows(backend: Backend, number: str, before: int | None) -> list[Row]:
    """Return the newest requests to send, one more than a page holds."""
    rows: list[Row] = []
    now = backend.clock.seconds()
    for received in reversed(backend.books.requests):
        wanted = received.call == "send" and (not number or received.number == number)
        if wanted and (before is None or received.serial < before):
            rows.append(row_of(received, backend.books.messages.get(received.message_id), now))
        if len(rows) > A_PAGE:
            break
    return rows


@routes.get("/view/{id}")
async def view(request: web.Request) -> web.Response:
    backend, wanted = request.app[BACKEND], request.match_info["id"]
    with backend.lock:
        books = backend.books
        message = next(reversed(books.messages.values()), None) if wanted == "latest" else books.messages.get(wanted)
        if message is None:
            return _page(request, "inbox.html", rows=[], figures={}, waiting=[])
        return _page(request, "message.html", **_told(backend, message))


def _told(backend: Backend, message: Message) -> dict[str, Any]:
    now = backend.clock.seconds()
    about = [
        row_of(received, message, now)
        for received in backend.books.requests
        if message.id in (received.message_id, received.fields.get("ref_no"))
    ]
    history = [
        (clock_time(at), LETTERS.get(letter, f"letter {letter}")) for at, letter in message.history() if at <= now
    ]
    others = [other.id for other in backend.sent_to(message.number) if other is not message]
    shown = {
        "number": about[0].number if about else message.number,
        "time": clock_time(message.at),
        "ticks": about[0].ticks if about else "",
        "state": about[0].state if about else "",
    }
    return {"message": message, "shown": shown, "history": history, "others": others, "rows": about[-A_PAGE:],
            "media_kind": _kind(message)}  # fmt: skip


def _kind(message: Message) -> str:
    if message.media is None or not message.media.content:
        return ""
    return "image" if _image_type(message.media.content) else "file"


def _image_type(content: bytes) -> str:
    return next((kind for start, kind in IMAGES.items() if content.startswith(start)), "")


@routes.get("/media/{id}")
async def media(request: web.Request) -> web.Response:
    message = request.app[BACKEND].books.messages.get(request.match_info["id"])
    if message is None or message.media is None or not message.media.content:
        raise web.HTTPNotFound(text="No such file.\n")
    content = message.media.content
    kind = _image_type(content)
    headers = {**HEADERS, "Content-Security-Policy": "sandbox; default-src 'none'"}
    if not kind:
        headers["Content-Disposition"] = "attachment"
    return web.Response(body=content, content_type=kind or "application/octet-stream", headers=headers)


@routes.get("/fates")
async def show_fates(request: web.Request) -> web.Response:
    table = [(f"{fates.PREFIX}{family}xx", fate.about) for family, fate in sorted(fates.FATES.items())]
    return _page(request, "fates.html", fates=table)


@routes.get("/pages/{name}")
async def asset(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in TYPES:
        raise web.HTTPNotFound(text="No such file.\n")
    return web.Response(text=(PAGES / name).read_text(), content_type=TYPES[name], headers=HEADERS)
