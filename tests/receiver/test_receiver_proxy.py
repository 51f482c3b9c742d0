"""The deployment guide, followed: its nginx in front of a receiver, its commands in a shell, its config in Airflow."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from receiver_house import TOKEN, House, query
from test_tls import certificate

from airflow_provider_nusawa.get_provider_info import get_provider_info
from dev.house.receivers import receiver
from dev.house.settings import free_port

GUIDE = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text()
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL)


@dataclass
class Proxy:
    """A running nginx, and all that it wrote."""

    url: str
    folder: Path
    tls: ssl.SSLContext

    def fetch(self, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
        request = urllib.request.Request(self.url + path, data=body, method=method)
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self.tls)
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def writes(self, words: str) -> bool:
        """Whether these words come: nginx answers first, and writes its log then."""
        until = time.monotonic() + 10
        while words not in self.written() and time.monotonic() < until:
            time.sleep(0.05)
        return words in self.written()

    def written(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))


@contextmanager
def proxied(folder: Path, receiver_url: str) -> Iterator[Proxy]:
    """Run nginx by the guide's own file, its names and places changed to this test's."""
    pem, port = certificate(folder, "127.0.0.1"), free_port()
    (guide,) = blocks("nginx")
    site = guide.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace("/var/log/nginx", str(folder))
    site = re.sub(r"(ssl_certificate(_key)?) \S+;", rf"\1 {pem};", site)
    site = site.replace("http://127.0.0.1:8080", receiver_url.partition("/nusawa")[0])
    assert "/etc/ssl" not in site
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log {folder}/main.log; daemon off; worker_processes 1;\n"
        f"events {{ worker_connections 512; }}\n"
        f"http {{ client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; access_log off;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"include {folder}/site.conf; }}\n"
    )
    with subprocess.Popen([str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]) as process:
        try:
            wait_for(port, process)
            yield Proxy(f"https://127.0.0.1:{port}", folder, ssl.create_default_context(cafile=str(pem)))
        finally:
            process.terminate()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, "nginx ended"
            assert time.monotonic() < end
            time.sleep(0.05)


needs_nginx = pytest.mark.skipif(
    NGINX is None and not os.environ.get("CI"), reason="no nginx here; CI installs Debian's nginx-light"
)


@needs_nginx
def test_nginx_by_the_guide_lets_the_callback_through_and_nothing_else(house: House, tmp_path: Path) -> None:
    with receiver(house.path, TOKEN) as (url, _), proxied(tmp_path, url) as proxy:
        well = [
            proxy.fetch(f"/nusawa/callback?{query()}"),
            proxy.fetch(f"/nusawa/callback?{query().replace('&ref_no', '?ref_no')}"),
            proxy.fetch(f"/nusawa/callback?{query(ref_no='posted')}", "POST", b""),
        ]
        refused = {
            what: proxy.fetch(*rest)[0]
            for what, rest in {
                "a wrong token": (f"/nusawa/callback?{query(token='x' * 20)}",),
                "health": ("/health",),
                "Airflow's API": ("/api/v2/version",),
                "its start page": ("/",),
                "a page beside": (f"/nusawa/?{query()}",),
                "dots": (f"/nusawa/callback/../../api/v2/version?{query()}",),
                "escaped dots": (f"/nusawa/callback/%2e%2e/%2e%2e/health?{query()}",),
                "PUT": (f"/nusawa/callback?{query()}", "PUT", b""),
                "a huge body": (f"/nusawa/callback?{query()}", "POST", b"x" * 9000),
                "a huge query": (f"/nusawa/callback?{query()}&a={'x' * 9000}",),
            }.items()
        }
        written = proxy.written()

    assert well == [(200, b"nusawa: ok\n")] * 3
    assert refused == {
        "a wrong token": 403, "health": 404, "Airflow's API": 404, "its start page": 404, "a page beside": 404,
        "dots": 404, "escaped dots": 404, "PUT": 403, "a huge body": 413, "a huge query": 414,
    }  # fmt: skip
    assert house.known() == {"058505911141748375": "D", "posted": "D"}
    assert "GET /nusawa/callback 200" in written
    assert [word for word in (TOKEN, query(), "058505911141748375", "token=") if word in written] == []


@needs_nginx
def test_nginx_by_the_guide_says_502_while_nobody_is_behind_it_and_logs_no_query(tmp_path: Path) -> None:
    with proxied(tmp_path, f"http://127.0.0.1:{free_port()}/nusawa/callback") as proxy:
        assert proxy.fetch(f"/nusawa/callback?{query()}")[0] == 502
        assert proxy.writes("GET /nusawa/callback 502")
        assert "token=" not in proxy.written()


def test_the_guides_commands_run(house: House, tmp_path: Path) -> None:
    lines = [line[2:] for block in blocks("console") for line in block.splitlines()]
    (make_token,) = [line for line in lines if line.startswith("python -c")]
    exports = [line for line in lines if line.startswith("export ")]
    (serve,) = [line for line in lines if "airflow_provider_nusawa.receiver" in line]
    (ask,) = [line for line in lines if line.startswith("curl")]
    token = subprocess.run(
        make_token.replace("python", sys.executable, 1), shell=True, check=True, capture_output=True, text=True
    ).stdout.strip()
    secret = tmp_path / "token"
    secret.write_text(token + "\n")
    port = free_port()
    script = "; ".join([*exports, f"exec {serve}"]).replace("/run/secrets/nusawa_callback_token", str(secret))
    script = script.replace("postgresql://nusawa@db.example.com/nusawa", str(house.path)).replace("8026", str(port))

    with subprocess.Popen(script.replace("exec python", f"exec {sys.executable}"), shell=True) as process:
        try:
            wait_for(port, process)
            asked = ask.replace("https://callbacks.example.com", f"http://127.0.0.1:{port}")
            answers = [
                subprocess.run(line, shell=True, check=True, capture_output=True).stdout
                for line in (asked.replace("YOUR-TOKEN", token), asked)
            ]
        finally:
            process.terminate()

    assert answers == [b"nusawa: ok\n", b"nusawa: the token is missing or wrong\n"]
    assert house.known() == {"just-a-test": "S"}


def test_the_guides_settings_are_those_that_airflow_is_told_of() -> None:
    told = get_provider_info()["config"]["nusawa"]["options"]
    for block in blocks("ini"):
        read = configparser.ConfigParser()
        read.read_string(block)
        assert {name.removesuffix("_cmd") for name in read["nusawa"]} <= told.keys()
