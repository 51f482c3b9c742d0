"""A local Airflow to click through, with the emulator behind it; Ctrl-C ends both."""

from __future__ import annotations

import argparse
import socket
import threading
from typing import Any

from airflow_provider_nusawa.emulator.remote import Remote, spawn
from dev.house import House
from dev.say import Trouble, run_main, say
from dev.versions import ROOT


def check_free(port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Trouble(f'port {port} is taken ({error.strerror}); say ARGS="{option} {port + 1}"') from None


def connection(gateway: Remote) -> dict[str, Any]:
    """Return the connection as Airflow's API takes it: kept in its database, so that the form shows it.

    The port stands in its own field: Airflow 3.3's Test button refuses a saved connection without one.
    """
    host, _, port = gateway.url.rpartition(":")
    known = {name: gateway.connection[name] for name in ("conn_type", "login", "password")}
    return {"connection_id": "nusawa_default", **known, "host": host, "port": int(port)}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make ui", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="of Airflow (8080)")
    parser.add_argument("--gateway-port", type=int, default=8025, help="of the emulator's inbox (8025)")
    chosen = parser.parse_args(arguments)
    check_free(chosen.port, "--port")
    check_free(chosen.gateway_port, "--gateway-port")
    say("starting Airflow and the emulator ...")
    paused = {"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True"}  # some of the examples have a schedule
    with (
        spawn("--port", str(chosen.gateway_port)) as gateway,
        House(ROOT / "example_dags", paused, port=chosen.port, say=say) as house,
    ):
        house.web.create_connection(connection(gateway))
        print(f"Airflow  {house.web.url}  (no login; Admin > Connections > nusawa_default has the Test button)")
        print(f"inbox    {gateway.url}")
        print("Ctrl-C ends both.", flush=True)
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    run_main(main)
