"""Every way in which a send can go wrong, as one table: the client's tests and the operator's both run over it."""

from __future__ import annotations

import pytest

from airflow_provider_nusawa.gateway.errors import Cause

UNKNOWN = [
    pytest.param("drop_before", Cause.DROPPED, id="closed-without-answer-not-taken"),
    pytest.param("drop_after", Cause.DROPPED, id="closed-without-answer-taken"),
    pytest.param("reset_before", Cause.DROPPED, id="reset-not-taken"),
    pytest.param("reset_after", Cause.DROPPED, id="reset-taken"),
    pytest.param("reset_headers", Cause.DROPPED, id="reset-amid-headers"),
    pytest.param("hang_before", Cause.TIMEOUT, id="silence-not-taken"),
    pytest.param("hang_after", Cause.TIMEOUT, id="silence-taken"),
    pytest.param("drip_headers", Cause.TIMEOUT, id="headers-dripped"),
    pytest.param("drip_body", Cause.TIMEOUT, id="body-dripped"),
    pytest.param("truncated", Cause.DROPPED, id="body-cut-short"),
    pytest.param("empty", Cause.UNREADABLE, id="empty-body"),
    pytest.param("html", Cause.UNREADABLE, id="html"),
    pytest.param("huge", Cause.TOO_LARGE, id="over-1-mib"),
    pytest.param("xml_bomb", Cause.UNREADABLE, id="xml-bomb"),
    pytest.param("no_id", Cause.UNREADABLE, id="zero-without-id"),
    pytest.param(408, Cause.SERVER, id="http-408"),
    pytest.param(500, Cause.SERVER, id="http-500"),
    pytest.param(502, Cause.SERVER, id="http-502"),
    pytest.param(503, Cause.SERVER, id="http-503"),
    pytest.param(504, Cause.SERVER, id="http-504"),
    pytest.param(204, Cause.UNREADABLE, id="http-204"),
]
"""The request left and no readable answer came: the fault of the emulator, and the cause that the client names."""


def details_of(fault: str | int) -> dict[str, float]:
    """Return what makes a fault quick enough for a test."""
    return {"seconds": 0.2} if str(fault).startswith("drip") else {}
