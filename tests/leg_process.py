"""A leg in a process of its own, for tests that kill it.

``python leg_process.py LEDGER GATEWAY CAMPAIGN RATE AHEAD``: the last is how many seconds the ledger's clock is ahead.
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


def start(legs: LegHouse, ledger_url: str, campaign: Campaign, rate: float) -> subprocess.Popen[str]:
    """Run a leg as a process. It says on its output how it ended."""
    here = Path(__file__).parent
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    command = [sys.executable, __file__, ledger_url, legs.url, str(campaign.id), str(rate), str(legs.clock.seconds)]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)


def main(ledger_url: str, gateway_url: str, campaign_id: str, rate: str, ahead: str) -> None:
    account = Account()
    settings = Settings(account.login, Secret(account.password), gateway_url, rate_per_second=float(rate))
    with open_ledger(ledger_url, clock=Ahead(float(ahead))) as ledger:
        leg = Leg(ledger, int(campaign_id), settings, compose, label=f"process {os.getpid()}", bar=False)
        signal.signal(signal.SIGTERM, lambda *_: leg.stop())
        print(leg.run().end.value, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
