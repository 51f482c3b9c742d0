"""The canaries, and the Dags that carry them: every way to touch a password, and one that shows it on purpose."""

from __future__ import annotations

from html import escape
from urllib.parse import quote, quote_plus

from airflow_provider_nusawa.testing import magic_number

PASSWORD, API_KEY = "p@ss w&rd/1", "k@y+3&/4=5%"
SECRETS = {"v3": PASSWORD, "v1": API_KEY}


def spelled(secret: str) -> list[str]:
    """Return how a secret looks in texts, paths, queries, forms and pages."""
    return [secret, quote(secret), quote(secret, safe=""), quote_plus(secret), escape(secret)]


AISHA, ECHO, JSON_ECHO, ON_CALL = "081255500001", "081255500002", "081255500004", "081255500003"
REFUSED, LOST, DOOMED = magic_number("13"), magic_number("61"), magic_number("51")
MANY = [AISHA, ECHO, JSON_ECHO, REFUSED, LOST, magic_number("63"), magic_number("64")]
NUMBERS = [number.removeprefix("62").removeprefix("0") for number in (ON_CALL, DOOMED, *MANY)]
"""Without country code or zero, so that they are found in either form."""

WAITING = {"wait": "deferred", "give_up": "deferred", "top_up": "deferred", "heard": "deferred", "report": None}
ENDS = {
    "gate": "success", "send": "success", "wait": "success", "top_up": "success", "doomed": "success",
    "refused": "failed", "lost": "failed", "away": "failed", "stranger": "failed", "typo": "failed",
    "give_up": "failed", "echoed": "failed", "blast": "success", "heard": "success", "report": "success",
}  # fmt: skip
STATES = {
    "canary_v3": {**ENDS, "picture": "failed"},  # v3 knows no media
    "canary_v1": {**ENDS, "picture": "success"},
}

DAGS = f"""
import os
from datetime import datetime, timezone
from airflow.providers.common.compat.sdk import DAG
from airflow_provider_nusawa.notifications import NusaWaNotifier
from airflow_provider_nusawa.operators import (
    NusaWaCampaignOperator, NusaWaCampaignReportOperator, NusaWaCreditsCheckOperator, NusaWaSendMediaOperator,
    NusaWaSendMessageOperator,
)
from airflow_provider_nusawa.sensors import NusaWaCampaignSensor, NusaWaCreditsSensor, NusaWaDeliverySensor

REPORTS = os.environ["AIRFLOW_HOME"] + "/reports/"
WAIT = dict(deferrable=True, first_poll_seconds=1, longest_poll_seconds=3, timeout=600)

def canary(conn_id):
    tells = NusaWaNotifier(to={ON_CALL!r}, nusawa_conn_id=conn_id)
    defaults = dict(nusawa_conn_id=conn_id, on_failure_callback=tells)
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    with DAG(conn_id, schedule=None, start_date=start, default_args=defaults) as made:
        gate = NusaWaCreditsCheckOperator(task_id="gate", minimum=1)
        send = NusaWaSendMessageOperator(task_id="send", to={MANY!r}, text="Halo", on_partial="succeed")
        gate >> send >> NusaWaDeliverySensor(task_id="wait", messages=send.output, required=0.1, **WAIT)
        doomed = NusaWaSendMessageOperator(task_id="doomed", to={DOOMED!r}, text="Halo")
        NusaWaDeliverySensor(task_id="give_up", messages=doomed.output, **WAIT)
        NusaWaCreditsSensor(task_id="top_up", minimum=50_000, **WAIT)
        NusaWaSendMessageOperator(task_id="refused", to={REFUSED!r}, text="Halo")
        NusaWaSendMessageOperator(task_id="lost", to={LOST!r}, text="Halo")
        NusaWaSendMessageOperator(task_id="echoed", to={JSON_ECHO!r}, text="Halo")
        NusaWaSendMediaOperator(task_id="picture", to={AISHA!r}, media_url="https://pictures.invalid/a.png")
        named = dict(campaign_id=conn_id)
        blast = NusaWaCampaignOperator(
            task_id="blast", text="Halo", recipients={MANY!r}, on_partial="succeed", max_unknown_share=1.0, **named
        )
        heard = NusaWaCampaignSensor(task_id="heard", required=0.1, **named, **WAIT)
        blast >> heard >> NusaWaCampaignReportOperator(task_id="report", path=REPORTS + conn_id + ".html", **named)
        NusaWaSendMessageOperator(task_id="away", to={ON_CALL!r}, text="Halo", nusawa_conn_id=conn_id + "_away")
        for kind in ("stranger", "typo"):
            NusaWaCreditsCheckOperator(task_id=kind, minimum=1, nusawa_conn_id=conn_id + "_" + kind)
    return made

v3, v1 = canary("canary_v3"), canary("canary_v1")
"""

LEAK = """
from datetime import datetime, timezone
from airflow.providers.common.compat.sdk import dag, task
from airflow_provider_nusawa.hooks import NusaWaHook
from urllib.parse import quote, quote_plus

@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc))
def leak():
    @task
    def leaky():
        secret = NusaWaHook("canary_v3").settings.password.reveal()
        shown = [secret, quote(secret), quote(secret, safe=""), quote_plus(secret)]
        print("shown:", *shown)
        return shown

    leaky()

leak()
"""
