"""One call at the gateway's counter: the fault that waits for it, or else the answer that it deserves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_nusawa.emulator.calls import Call, Face
from airflow_provider_nusawa.emulator.faults import KINDS, Fault
from airflow_provider_nusawa.emulator.replies import Plan, Reply
from airflow_provider_nusawa.emulator.v1_face import V1
from airflow_provider_nusawa.emulator.v3_face import V3

if TYPE_CHECKING:
    from airflow_provider_nusawa.emulator.backend import Backend
    from airflow_provider_nusawa.emulator.books import Received

HUGE = 1024 * 1024
HTML = "text/html; charset=UTF-8"
MAINTENANCE = b"<!doctype html><title>Maintenance</title><h1>We will be right back</h1>"
_ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 11))
XML_BOMB = (
    f'<?xml version="1.0"?><!DOCTYPE results [<!ENTITY e0 "0">{_ENTITIES}]>'
    "<results><result><status>&e10;</status><messageid>1</messageid><destination>1</destination></result></results>"
).encode()

FACES: dict[str, Face] = {"v3": V3(), "v1": V1()}


def handle(backend: Backend, call: Call, received: Received) -> Plan:
    """Do what a call asks, or let it go wrong as somebody has ordered; note in the books which it was."""
    face = FACES[call.api]
    with backend.lock:
        latency = backend.rules.latency_seconds.get(call.name, 0.0)
        content_type = backend.rules.content_type
        fault = backend.faults.take(call.name, call.number)
        if fault is not None and not fault.acts:
            received.outcome = received.fault = str(fault)
            return _go_wrong(fault, face, call, face.without_id(call), latency)
        answer = face.answer(backend, call)
        received.outcome, received.message_id = answer.outcome, answer.message_id
        if fault is not None:
            received.fault = str(fault)
            return _go_wrong(fault, face, call, answer.reply, latency)
    return Plan(_claiming(answer.reply, content_type), seconds=latency)


def _claiming(reply: Reply, content_type: str) -> Reply:
    if not content_type:
        return reply
    return Reply(reply.body, content_type, reply.status, reply.headers)


def _go_wrong(fault: Fault, face: Face, call: Call, truth: Reply, latency: float) -> Plan:
    kind = KINDS[fault.kind]
    if fault.kind == "code":
        return Plan(face.refusal(call, fault.code), seconds=latency)
    reply = truth if kind.manner != "plain" else _wrong_reply(fault, truth, face, call)
    return Plan(reply, kind.manner, latency + fault.pause_seconds)


def _wrong_reply(fault: Fault, truth: Reply, face: Face, call: Call) -> Reply:
    """Return what a fault says in place of the truth."""
    replies = {
        "slow": truth,
        "html": Reply(MAINTENANCE, HTML),
        "huge": Reply(truth.body + b" " * HUGE, truth.content_type),
        "empty": Reply(b"", truth.content_type),
        "redirect": Reply(status=302, headers={"Location": "/moved"}),
        "xml_bomb": Reply(XML_BOMB, "text/xml; charset=UTF-8"),
        "no_id": face.without_id(call),
    }
    reply = replies.get(fault.kind) or Reply(f"HTTP {fault.status}".encode(), HTML, fault.status)
    body = reply.body if fault.body is None else fault.body.encode()
    return Reply(body, reply.content_type, reply.status, {**reply.headers, **fault.headers})
