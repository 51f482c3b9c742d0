"""What only API v1.0 can be asked for, by a campaign's task: media by row, sender, queue and unsubscribe."""

from __future__ import annotations

import pytest
from campaign_tasks import number, tasks

__all__ = ["tasks"]

MEDIA_URL = "https://example.com/{{ nama }}.pdf"


def test_each_row_has_its_media_and_all_have_the_options(tasks):
    tasks.use(api_version="v1")

    state = tasks.run(media_url=MEDIA_URL, sender="{{ 628110 }}", gateway_queue="slow", include_unsubscribe=True)

    assert state == "success"
    assert {message.number: message.media.url for message in tasks.gateway.messages} == {
        number(place): f"https://example.com/N{place}.pdf" for place in range(5)
    }
    asked = [request.fields for request in tasks.gateway.requests if request.call == "send"]
    assert {(one["sender"], one["queue"], one["include_unsubscribe"]) for one in asked} == {("628110", "slow", "True")}


@pytest.mark.parametrize("arguments", [{"media_url": MEDIA_URL}, {"sender": "62811"}, {"include_unsubscribe": False}])
def test_with_v3_it_fails_before_the_list_is_read(tasks, arguments):
    assert tasks.run(**arguments) == "failed"

    assert "set api_version to v1" in tasks.error
    assert tasks.gateway.requests == []
