"""What interrupts a campaign's task: closed windows, ends of legs, other readers, kills; and what comes of it."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import datetime, timedelta, timezone

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, TaskDeferred
from campaign_tasks import number, people, tasks
from dag_runs import run
from tries import Ti

from airflow_provider_nusawa.campaign.ending import Reason
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.ledger.acts import Again, retry
from airflow_provider_nusawa.ledger.campaigns import begin_campaign
from airflow_provider_nusawa.ledger.listing import recipients_of
from airflow_provider_nusawa.ledger.reading import Reader
from airflow_provider_nusawa.operators.campaign.orders import order_of, refuse_if_late, run_key_of
from airflow_provider_nusawa.operators.campaign.work import CampaignWork
from airflow_provider_nusawa.triggers import NusaWaMomentTrigger

__all__ = ["tasks"]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)


def closed_now() -> str:
    """Return a window that opens an hour from now."""
    opens = datetime.now(timezone(timedelta(hours=7))) + timedelta(hours=1)
    return f"{opens:%H:%M}-{opens + timedelta(hours=1):%H:%M}"


def deferred(tasks, **arguments) -> float:
    """Execute a task that defers, and return in how many seconds it wants to go on."""
    with pytest.raises(TaskDeferred) as caught:
        tasks.execute(**arguments)
    assert caught.value.method_name == "go_on"
    path, kwargs = caught.value.trigger.serialize()
    assert path == "airflow_provider_nusawa.triggers.NusaWaMomentTrigger"
    assert list(kwargs) == ["moment"]
    return kwargs["moment"] - time.time()


def test_a_closed_window_defers_until_it_opens(tasks):
    seconds = deferred(tasks, send_window=closed_now())

    assert 3500 < seconds <= 3600
    assert tasks.states() == {"planned": 5}
    assert tasks.sent == []


def test_whom_the_safe_mode_left_out_is_sent_to_once_it_is_lifted_and_a_person_says_so(tasks):
    tasks.use(only_to=number(0))
    with pytest.raises(AirflowFailException, match="4 of 5"):
        tasks.execute()
    tasks.use()

    with pytest.raises(AirflowFailException):
        tasks.execute()
    assert tasks.states() == {"accepted": 1, "refused": 4}
    with tasks.ledger() as ledger:
        reasons = {row["reason"] for row in recipients_of(ledger, 1)}
        ledger.write(lambda tx: retry(tx, 1, Again.REFUSED, who="test", reason="only_to is lifted"))
    tasks.execute()

    assert reasons == {None, "this connection is in safe mode, and its only_to does not name the recipient"}
    assert sorted(tasks.sent) == [number(place) for place in range(5)]


def test_a_campaign_whose_id_changes_within_a_run_messages_nobody_again(tasks):
    tasks.execute(campaign_id="promo 2026-11-23", recipients=people(3))

    with pytest.raises(AirflowFailException) as caught:
        tasks.execute(campaign_id="promo 2026-11-24", recipients=people(3))

    assert "has sent of campaign 'promo 2026-11-23'" in str(caught.value)
    assert len(tasks.sent) == 3
    tasks.execute(run_id="another run", campaign_id="promo 2026-11-24", recipients=people(3))
    assert len(tasks.sent) == 6


def test_a_map_in_another_order_goes_on_with_the_campaigns_of_its_places(tasks):
    order = [(0, "north"), (1, "south"), (0, "south"), (1, "north"), (0, "new in front")]

    for place, name in order:
        tasks.execute(map_index=place, campaign_id=name, recipients=people(2))

    assert len(tasks.sent) == 6


def test_a_leg_that_is_over_defers_for_a_moment_and_the_next_goes_on(tasks):
    slow = {"rate_per_second": 3, "max_leg": 1.0, "recipients": people(4)}

    with tasks.dag() as dag:
        tasks.campaign(**slow)
    begun = time.monotonic()
    state = run(dag)["blast"]

    assert state == "success"
    assert time.monotonic() - begun > 15, "Airflow may lose the event of a wait that ends within seconds"
    assert sorted(tasks.sent) == [number(place) for place in range(4)]


def test_a_full_day_defers_until_the_next(tasks):
    deferred(tasks, max_per_day=2)

    assert len(tasks.sent) == 2


def test_a_pause_that_the_gateway_asks_for_is_not_waited_for_in_the_worker(tasks):
    tasks.gateway.fail_next(429, retry_after=600)

    assert 500 < deferred(tasks, recipients=people(1)) <= 600


def test_who_is_not_reached_in_time_is_left_out(tasks):
    past = datetime.now(timezone.utc) - timedelta(minutes=1)

    with pytest.raises(AirflowFailException, match="5 were left out"):
        tasks.execute(not_after=past)

    assert tasks.sent == []
    assert tasks.ti.xcoms["return_value"]["open"] == 5


def test_a_reader_that_lives_is_waited_for_in_the_triggerer(tasks):
    tasks.execute(recipients=[])
    with tasks.ledger() as ledger:
        campaign = ledger.write(lambda tx: begin_campaign(tx, "halo", "Halo {{ nama }}"))
        Reader.open(ledger, campaign, "another run")

        assert 15 <= deferred(tasks, run_id="later") <= 61


def test_a_task_that_is_told_to_stop_does_so_in_three_seconds_and_the_next_try_goes_on(tasks):
    tasks.use(rate_per_second=5)
    operator = tasks.campaign(recipients=people(40))
    tasks.execute(campaign_id="makes the ledger", recipients=[])
    told_at = []

    def stop():
        while not tasks.sent:
            time.sleep(0.05)
        told_at.append(time.monotonic())
        operator.on_kill()

    threading.Thread(target=stop).start()
    with pytest.raises(AirflowException, match="told to stop"):
        operator.execute({"ti": tasks.ti})
    took = time.monotonic() - told_at[0]

    assert took < 3.5
    assert set(tasks.states(2)) == {"planned", "accepted"}
    tasks.use(rate_per_second=100)
    tasks.execute(recipients=people(40))
    assert sorted(tasks.sent) == [number(place) for place in range(40)]


def test_a_stop_between_reading_and_sending_is_heard(tasks):
    deferred(tasks, send_window=closed_now())
    operator = tasks.campaign()
    hook = NusaWaHook(tasks.conn_id)
    work = CampaignWork(order_of(operator, hook, hook.settings, {"ti": tasks.ti}))

    work.stop()

    assert work.send().ending.halt.reason is Reason.TOLD
    assert tasks.sent == []


def test_a_task_that_is_told_to_stop_while_it_reads_plans_nothing(tasks):
    reading = threading.Event()

    def endless():
        while True:
            reading.set()
            time.sleep(0.01)
            yield from people(1)

    class Endless:
        def __iter__(self):
            return endless()

    tasks.execute(campaign_id="makes the ledger", recipients=[])
    operator = tasks.campaign(recipients=Endless())
    threading.Thread(target=lambda: reading.wait() and operator.on_kill()).start()

    with pytest.raises(AirflowException, match="told to stop"):
        operator.execute({"ti": tasks.ti})
    with tasks.ledger() as ledger:
        campaign = ledger.write(lambda tx: begin_campaign(tx, "halo", "Halo {{ nama }}"))
        assert not Reader.open(ledger, campaign, "another run").is_complete


def test_the_trigger_fires_at_its_moment():
    moment = time.time() + 0.2

    async def fire():
        return [event.payload async for event in NusaWaMomentTrigger(moment=moment).run()]

    assert asyncio.run(fire()) == [{"moment": moment}]
    assert time.time() >= moment


@pytest.mark.parametrize(
    ("interval_end", "logical_date", "is_late"),
    [
        pytest.param(25, 49, True, id="catch-up"),
        pytest.param(23, 47, False, id="yesterdays"),
        pytest.param(6 * 24, 0, False, id="a-weekly-dag-that-a-person-triggers-now"),
        pytest.param(25, 25, True, id="a-moment-without-length"),
        pytest.param(None, None, False, id="no-interval"),
    ],
)
def test_a_run_is_late_a_day_after_it_was_due(interval_end, logical_date, is_late):
    ago = {"data_interval_end": interval_end, "logical_date": logical_date}
    context = {name: NOW - timedelta(hours=hours) for name, hours in ago.items() if hours is not None}

    if is_late:
        with pytest.raises(AirflowFailException, match="allow_late"):
            refuse_if_late(context, NOW)
    else:
        refuse_if_late(context, NOW)


def test_a_list_on_record_is_not_judged_late(tasks):
    """A clear on the third day of a long campaign goes on with it."""
    deferred(tasks, send_window=closed_now())

    old = datetime.now(timezone.utc) - timedelta(days=3)
    tasks.execute(context={"data_interval_end": old})

    assert len(tasks.sent) == 5


def test_runs_tasks_and_places_in_a_map_have_each_a_list_of_their_own(tasks):
    tis = [Ti(run_id="a"), Ti(run_id="b"), Ti(task_id="other"), Ti(map_index=0), Ti(map_index=1)]
    tis += [Ti(run_id="x" * 300 + end) for end in "ab"]
    keys = [run_key_of({"ti": ti}) for ti in tis]

    assert len(set(keys)) == len(keys)
    assert max(map(len, keys)) <= 250
