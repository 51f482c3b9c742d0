"""The button beside a campaign's tasks that leads to its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, TaskInstanceKey


class CampaignLink(BaseOperatorLink):
    """Leads to the page of the task's ``campaign_id``; nowhere on an Airflow without the pages."""

    name = "Campaign"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        from airflow_provider_nusawa.pages.part import are_there, url

        campaign_id: Any = getattr(operator, "campaign_id", "")
        return url(str(campaign_id)) if campaign_id and are_there() else ""
