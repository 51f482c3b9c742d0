"""What the loop makes of refusals, outages and its own failures: who is told, and whether it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from listeners import ear, first_answer, open_client, send

from airflow_provider_nusawa.gateway.errors import NusaWaError, Refused, Unreachable
from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport
from airflow_provider_nusawa.waiting import polling
from airflow_provider_nusawa.waiting.agenda import Rhythm
from airflow_provider_nusawa.waiting.polling import CREDITS, PATIENCE

A_SECRET = "s3cret"


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        pytest.param(-5, "-5", id="wrong-login"),
        pytest.param(-40, "-40", id="ip-forbidden"),
        pytest.param(401, "HTTP 401", id="http-401"),
        pytest.param(403, "HTTP 403", id="http-403"),
    ],
)
def test_what_concerns_the_account_ends_everybodys_wait_at_once(nusawa_gateway, fault, cause):
    ids = send(3)
    nusawa_gateway.fail_next(fault, call="dr", times=-1)

    async def all_of_them():
        return await asyncio.gather(*(first_answer(one) for one in ids), return_exceptions=True)

    errors = asyncio.run(all_of_them())

    assert [type(error) for error in errors] == [Refused] * 3
    assert all(cause in error.what for error in errors)


@pytest.mark.parametrize("fault", [-99, -13, 429, 500, 503, "drop_before", "html", "empty"])
def test_a_failed_look_is_told_and_the_next_one_comes(nusawa_gateway, fault):
    [message_id] = send()
    nusawa_gateway.fail_next(fault, call="dr", times=1 if fault != 429 else 3)

    async def two_looks():
        async with ear(message_id) as listener:
            return [(await listener.next())[1] for _ in range(2)]

    error, answer = asyncio.run(two_looks())

    assert isinstance(error, NusaWaError)
    assert error.retryable
    assert isinstance(answer, DeliveryReport)


def test_many_messages_that_cannot_be_asked_after_do_not_hold_up_the_others(nusawa_gateway):
    [message_id] = send()
    strangers = [f"{number:018d}" for number in range(100)]

    async def hear_good_ones():
        async with ear(*strangers, message_id) as listener:
            heard = []
            while len(heard) < 3:
                question, answer = await listener.next()
                if isinstance(answer, DeliveryReport):
                    heard.append(question)
        return heard

    assert asyncio.run(hear_good_ones()) == [message_id] * 3


def broken(times: int) -> tuple[Callable[[], Awaitable[object]], list[int]]:
    """Return an opener that fails so many times in a way that nobody foresaw, and its count."""
    count = [0]

    async def opener():
        count[0] += 1
        if count[0] <= times:
            raise KeyError(A_SECRET)
        return await open_client()

    return opener, count


def test_a_loop_that_keeps_breaking_tells_everybody_without_quoting_a_stranger(nusawa_gateway, caplog):
    opener, count = broken(times=99)

    async def all_of_them():
        return await asyncio.gather(*(first_answer(one, opener=opener) for one in "ab"), return_exceptions=True)

    errors = asyncio.run(all_of_them())

    assert count == [PATIENCE]
    assert [type(error) for error in errors] == [Unreachable] * 2
    assert all("KeyError" in str(error) and error.retryable for error in errors)
    assert "KeyError" in caplog.text
    assert A_SECRET not in caplog.text + str(errors)


def test_a_loop_that_breaks_now_and_then_goes_on(nusawa_gateway):
    [message_id] = send()
    opener, count = broken(times=PATIENCE - 1)

    assert isinstance(asyncio.run(first_answer(message_id, opener=opener)), DeliveryReport)
    assert count == [PATIENCE]


def test_only_failures_in_a_row_count_against_patience(nusawa_gateway):
    opened = [0]

    async def every_other_time():
        opened[0] += 1
        if opened[0] % 2:
            raise KeyError(A_SECRET)
        return await open_client()

    async def hear_more_than_patience():
        async with ear(CREDITS, opener=every_other_time, reopen_seconds=0.01) as listener:
            return [(await listener.next())[1] for _ in range(PATIENCE + 2)]

    assert all(isinstance(answer, Credits) for answer in asyncio.run(hear_more_than_patience()))
    assert opened[0] > 2 * PATIENCE


def test_a_gateway_that_is_away_is_left_alone_for_ever_longer(nusawa_gateway):
    nusawa_gateway.fail_next(503, times=-1, call="credits")

    async def six_failures():
        async with ear(CREDITS, rhythm=Rhythm(0.05, 0.1)) as listener:
            for _ in range(6):
                await listener.next()

    asyncio.run(six_failures())

    moments = [request.arrived for request in nusawa_gateway.requests]
    assert moments[5] - moments[4] > 0.7  # a pause of 0.05, doubled four times, where 0.1 is the longest interval


def test_settings_that_cannot_work_end_the_wait(nusawa_gateway):
    nusawa_gateway.use(api_version="v9")

    with pytest.raises(NusaWaError) as caught:
        asyncio.run(first_answer("01"))

    assert not caught.value.retryable


def test_a_loop_that_is_cancelled_strands_nobody(nusawa_gateway):
    async def cancel_it():
        waiting = asyncio.create_task(first_answer("01", rhythm=Rhythm(3600, 3600)))
        await asyncio.sleep(0.05)
        polling._loops[asyncio.get_running_loop(), "nusawa_default"]._task.cancel()
        return await asyncio.wait_for(waiting, 5)

    with pytest.raises(Unreachable, match="was stopped"):
        asyncio.run(cancel_it())
    assert polling._loops == {}
