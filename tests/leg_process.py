"""A leg in a process of its own, for tests that kill it.

``python leg_process.py LEDGER GATEWAY API CAMPAIGN RATE AHEAD``: the last is by how many seconds the ledger's clock is
ahead.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from leg_house import Ahead, LegHouse, compose

from airflow_provider_nusawa.campaign.runner import Leg
from airflow_provider_nusawa.emulator import Account
from airflow_provider_nusawa.gateway.settings import Secret, Settings
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.store import open_ledger


def start(legs: LegHouse, ledger_url: str, campaign: Campaign, rate: float, api: str = "") -> subprocess.Popen[str]:
    """Run a leg as a process. It says on its output how it ended.

    :param api: The dialect that it speaks; that of the house unless given.
    """
    here = Path(__file__).parent
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    words = [ledger_url, legs.url, api or legs.api, str(campaign.id), str(rate), str(legs.clock.seconds)]
    return subprocess.Popen([sys.executable, __file__, *words], env=environ, stdout=subprocess.PIPE, text=True)


def main(ledger_url: str, gateway_url: str, api: str, campaign_id: str, rate: str, ahead: str) -> None:
    account = Account()
    secret = Secret(account.secret_of(api))
    settings = Settings(account.login, secret, gateway_url, rate_per_second=float(rate), api_version=api)
    with open_ledger(ledger_url, clock=Ahead(float(ahead))) as ledger:
        leg = Leg(ledger, int(campaign_id), settings, compose, label=f"process {os.getpid()}", bar=False)
        signal.signal(signal.SIGTERM, lambda *_: leg.stop())
        print(leg.run().end.value, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
