"""Run by ``bench.million``, which kills it: ``leg_process.py LEDGER CAMPAIGN GATEWAY`` sends on until it is stopped."""

from __future__ import annotations

import json
import signal
import sys

from airflow_provider_nusawa.emulator.remote import Remote
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.store import open_ledger
from bench.campaigns import GATEWAY_RATE, TEMPLATE, leg_of, rated


def main(url: str, campaign_id: str, gateway: str) -> None:
    with open_ledger(url) as ledger:
        campaign = Campaign(int(campaign_id), "bench", TEMPLATE)
        leg = leg_of(ledger, campaign, rated(Remote(*json.loads(gateway)), GATEWAY_RATE))
        signal.signal(signal.SIGTERM, lambda *_: leg.stop())
        leg.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
