"""The canary over the clients: no log, error, traceback or repr shows the password, in any spelling."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from urllib.parse import quote, quote_plus

import pytest
from clients import HALO, PASSWORD, QUERIES, closed_port, failure

from airflow_provider_nusawa.gateway.errors import (
    NusaWaError,
)

ENCODINGS = {PASSWORD, quote(PASSWORD), quote(PASSWORD, safe=""), quote_plus(PASSWORD)}
LEAKY = ["drop_before", "hang_before", "truncated", "html", "redirect", 500, 401, -5, None]


@pytest.mark.parametrize("fault", LEAKY, ids=str)
@pytest.mark.parametrize(
    ("name", "call"), [*QUERIES, pytest.param("send", lambda client: client.send(HALO), id="send")]
)
def test_no_log_error_or_traceback_shows_the_password(ask, settings, nusawa_gateway, caplog, name, call, fault):
    caplog.set_level(logging.DEBUG)
    if fault is not None:
        nusawa_gateway.fail_next(fault, call=name)

    told = caplog.text
    try:
        told += repr(ask(settings, call))
    except NusaWaError as error:
        told += "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        told += repr(error) + repr(error.__dict__) + repr(error.__context__)
    told += caplog.text + repr(settings)

    assert not [spelling for spelling in ENCODINGS if spelling in told]
    assert nusawa_gateway.requests, "the canary never sang"


def test_a_closed_port_shows_no_password_either(ask, settings, caplog):
    caplog.set_level(logging.DEBUG)
    with closed_port() as host:
        error = failure(ask, replace(settings, host=host), lambda client: client.credits())

    told = caplog.text + "".join(traceback.format_exception(error))
    assert not [spelling for spelling in ENCODINGS if spelling in told]
