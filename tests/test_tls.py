"""Over TLS, as against the real gateway: a certificate that is trusted, and those that are not."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from airflow_provider_nusawa.emulator import Backend
from airflow_provider_nusawa.emulator.serving import serve
from airflow_provider_nusawa.gateway.client import AsyncClient, Client
from airflow_provider_nusawa.gateway.errors import Cause, OutcomeUnknown, Unreachable
from airflow_provider_nusawa.gateway.messages import Message, Outcome
from airflow_provider_nusawa.gateway.settings import Secret, Settings

HALO = Message("6281234567890", "Halo")


def certificate(folder: Path, address: str) -> Path:
    """Write a certificate for an address that vouches for itself, with its key, into one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gateway of a test")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{address}.pem"
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


@pytest.fixture(scope="module")
def pem(tmp_path_factory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def settings(backend, pem):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    account = backend.account
    with serve(backend, tls=tls) as url:
        yield Settings(
            account.login,
            Secret(account.password),
            url,
            ca_bundle=str(pem),
            read_timeout_seconds=0.3,
            rate_per_second=100,
        )


def _send(kind, settings):
    if kind is Client:
        with Client(settings) as client:
            return client.send(HALO)

    async def run():
        async with AsyncClient(settings) as client:
            return await client.send(HALO)

    return asyncio.run(run())


both = pytest.mark.parametrize("kind", [pytest.param(Client, id="threads"), pytest.param(AsyncClient, id="event-loop")])


@both
def test_a_certificate_in_the_bundle_is_trusted(kind, settings, backend):
    assert _send(kind, settings).outcome is Outcome.ACCEPTED
    assert len(backend.books.messages) == 1


@both
@pytest.mark.parametrize("bundle", ["", "another"])
def test_a_certificate_that_nobody_vouches_for_gets_nothing(kind, settings, backend, tmp_path, bundle):
    other = str(certificate(tmp_path, "127.0.0.1")) if bundle else ""

    with pytest.raises(Unreachable) as caught:
        _send(kind, replace(settings, ca_bundle=other))

    assert (caught.value.cause, caught.value.never_asked) == (Cause.TLS, True)
    assert backend.books.received == 0


@both
@pytest.mark.parametrize("fault", ["hang_after", "drop_after", "drip_headers"])
def test_an_answer_lost_over_tls_is_unknown(kind, settings, backend, fault):
    backend.fail_next(fault)

    with pytest.raises(OutcomeUnknown):
        _send(kind, replace(settings, total_timeout_seconds=0.8))


@both
def test_a_handshake_that_never_ends_sent_nothing(kind, settings):
    """A port that takes the connection and says nothing, as a wrong port often does."""

    with socket.create_server(("127.0.0.1", 0)) as mute:
        host = f"https://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(Unreachable) as caught:
            _send(kind, replace(settings, host=host, connect_timeout_seconds=0.3, total_timeout_seconds=0.5))

    assert caught.value.never_asked
