"""Send one text to a file of people, once a person has seen what would be sent and said yes (Airflow 3.1 and later)."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, dag

from airflow_provider_nusawa import operators as nusawa
from airflow_provider_nusawa.notifications import NusaWaNotifier
from airflow_provider_nusawa.sensors import NusaWaCampaignSensor

ASK = NusaWaNotifier(to="0812-3456-7890", text="{{ dag_run.run_id }} waits for your approval")
ID, FORESEEN = "{{ params.campaign_id }}", "{{ ti.xcom_pull('dry_run') }}"
PAGE = "{{ params.folder }}/report.html"
BLAST = {
    "campaign_id": ID,
    "recipients_path": "{{ params.folder }}/customers.csv",  # its columns: number,nama
    # Replies reach you in the NusaSMS web app. Enter each no: python -m airflow_provider_nusawa.ledger suppress add
    "text": "Halo {{ nama }}, toko kami buka lagi hari Senin. Balas STOP bila tidak ingin dikabari.",
    "send_window": "Mon-Sun 08:00-20:00",
}


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={"campaign_id": Param("reopening", type="string"), "folder": Param("/data", type="string")},
)
def blast_from_csv():
    gate = nusawa.NusaWaCreditsCheckOperator(task_id="gate", minimum=1000)
    dry_run = nusawa.NusaWaCampaignOperator(task_id="dry_run", dry_run=True, **BLAST)
    approve = ApprovalOperator(task_id="approve", subject="Send it?", body=FORESEEN, notifiers=[ASK])
    blast = nusawa.NusaWaCampaignOperator(task_id="blast", max_refused_share=0.05, retries=2, **BLAST)
    wait = NusaWaCampaignSensor(task_id="wait", campaign_id=ID, final=True, deferrable=True)
    report = nusawa.NusaWaCampaignReportOperator(task_id="report", campaign_id=ID, path=PAGE)
    gate >> dry_run >> approve >> blast >> wait >> report


blast_from_csv()
