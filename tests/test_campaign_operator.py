"""NusaWaCampaignOperator in real Dag runs: whom it messages, what it returns, how it ends, how it goes on."""

from __future__ import annotations

from campaign_tasks import number, people, tasks

__all__ = ["tasks"]


def test_everybody_on_the_list_gets_the_text_filled_with_the_row(tasks):
    values = {"toko": "{{ dag.dag_id }}"}

    state = tasks.run(recipients=people(3), values=values, text="Halo {{ nama }} dari {{ values.toko }}")

    assert state == "success"
    texts = {message.number: message.text for message in tasks.gateway.messages}
    assert texts == {number(place): f"Halo N{place} dari {tasks.dag_id}" for place in range(3)}


def test_the_xcom_counts_and_names_nobody(tasks):
    tasks.run(recipients=[*people(3), *people(1), {"number": "abc", "nama": "x"}], max_bad_share=0.5)

    (told,) = tasks.xcoms
    none = dict.fromkeys(("excluded", "suppressed", "refused", "unknown", "open"), 0)
    counts = {"rows_read": 5, "doubles": 1, "bad": 1, "accepted": 3, **none}
    assert told == {"campaign_id": "halo", "redirected": False, **counts, "refused_by_code": {}}


def test_another_run_messages_nobody_again(tasks):
    assert [tasks.run(), tasks.run()] == ["success", "success"]

    assert len(tasks.sent) == 5
    assert tasks.xcoms[1]["accepted"] == 5
    assert tasks.xcoms[1]["doubles"] == 5
