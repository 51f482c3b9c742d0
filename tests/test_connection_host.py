"""Host and port of a connection: one spelling for one gateway, or a sentence naming what is wrong."""

from __future__ import annotations

import pytest

from airflow_provider_nusawa.connection_host import read_host
from airflow_provider_nusawa.gateway.errors import InvalidSettings


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        pytest.param(None, None, "https://api.nusasms.com", id="unset"),
        pytest.param("  ", 0, "https://api.nusasms.com", id="blank-port-0"),
        pytest.param("api.nusasms.com", None, "https://api.nusasms.com", id="no-scheme"),
        pytest.param("HTTPS://API.NusaSMS.com/", None, "https://api.nusasms.com", id="case-and-slash"),
        pytest.param("https://api.nusasms.com:443", 443, "https://api.nusasms.com", id="usual-port"),
        pytest.param("http://127.0.0.1", 8025, "http://127.0.0.1:8025", id="port-appended"),
        pytest.param("http://127.0.0.1", "8025", "http://127.0.0.1:8025", id="port-as-text"),
        pytest.param("http://127.0.0.1:8025/", 8025, "http://127.0.0.1:8025", id="port-twice-alike"),
        pytest.param("http://localhost:80", "", "http://localhost", id="usual-http-port"),
        pytest.param("gateway.example:8443", None, "https://gateway.example:8443", id="no-scheme-with-port"),
        pytest.param("https://proxy.example/nusasms//", None, "https://proxy.example/nusasms", id="path-kept"),
        pytest.param("::1", 8025, "https://[::1]:8025", id="ipv6-bare"),
        pytest.param("http://::1", 8025, "http://[::1]:8025", id="ipv6-of-a-uri"),
        pytest.param("http://[::1]:8025", None, "http://[::1]:8025", id="ipv6"),
    ],
)
def test_host_and_port_become_one_base_url(host: object, port: object, expected: str) -> None:
    assert read_host(host, port) == expected


@pytest.mark.parametrize(
    ("host", "port", "field", "says"),
    [
        pytest.param("ftp://x", None, "host", "'ftp://x'", id="scheme"),
        pytest.param("https://", None, "host", "'https://'", id="no-name"),
        pytest.param("http://[::1", None, "host", "'http://[::1'", id="brackets"),
        pytest.param("https://x:port", None, "host", "'https://x:port'", id="port-in-words"),
        pytest.param("https://x:99999", None, "host", "'https://x:99999'", id="port-in-host-too-high"),
        pytest.param("https://x:0", None, "host", "'https://x:0'", id="port-0-in-host"),
        pytest.param("api nusasms.com", None, "host", "without login, query or spaces", id="space"),
        pytest.param("https://x/#a", None, "host", "'https://x/#a'", id="fragment"),
        pytest.param("https://x/api/v3/sendwa/plain", None, "host", "must end before '/api/v3", id="pasted-v3"),
        pytest.param("https://x/nusasms_api/1.0", None, "host", "must end before '/nusasms_api/1.0'", id="pasted-v1"),
        pytest.param("https://x:8443", 443, "port", "port is 443, but host says 8443", id="two-ports"),
        pytest.param("x", -1, "port", "port is -1", id="port-negative"),
        pytest.param("x", 65536, "port", "from 1 to 65535", id="port-too-high"),
        pytest.param("x", "ssl", "port", "port is 'ssl'", id="port-a-word"),
        pytest.param("x", True, "port", "port is True", id="port-a-bool"),
    ],
)
def test_a_bad_host_or_port_is_named(host: object, port: object, field: str, says: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        read_host(host, port)

    assert caught.value.field == field
    assert says in caught.value.what


@pytest.mark.parametrize("host", ["https://budi:rahasia@x", "budi:rahasia@x", "https://x/?password=rahasia"])
def test_a_login_in_the_host_is_refused_and_not_repeated(host: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        read_host(host)

    assert "rahasia" not in str(caught.value)
    assert "not shown" in str(caught.value)
