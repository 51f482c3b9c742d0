"""One loop for all who wait on a connection: against the gateway, over a real socket."""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar

import pytest
from listeners import QUICK, asked, ear, first_answer, open_client, send, soon

from airflow_provider_nusawa.gateway.errors import Refused
from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport
from airflow_provider_nusawa.waiting import polling
from airflow_provider_nusawa.waiting.agenda import Rhythm
from airflow_provider_nusawa.waiting.listener import TimeIsUp
from airflow_provider_nusawa.waiting.polling import CREDITS, listening

CONTEXT: ContextVar[str] = ContextVar("whose")


def test_a_hundred_who_wait_for_one_message_cost_one_question(nusawa_gateway):
    [message_id] = send()
    nusawa_gateway.advance(60)

    async def all_of_them():
        return await asyncio.gather(*(first_answer(message_id) for _ in range(100)))

    answers = asyncio.run(all_of_them())

    assert {answer.message_id for answer in answers} == {message_id}
    assert asked(nusawa_gateway) == [message_id]


def test_more_questions_than_a_batch_are_all_asked_once_in_a_while(nusawa_gateway):
    ids = send(40)

    async def hear_all():
        heard = []
        async with ear(*ids, rhythm=Rhythm(0.02, 30)) as listener:
            while set(heard) != set(ids):
                heard.append((await listener.next())[0])

    asyncio.run(hear_all())

    assert set(asked(nusawa_gateway)) == set(ids)


def test_the_loop_ends_with_the_last_who_waits_and_starts_again(nusawa_gateway):
    [message_id] = send()

    async def come_and_go():
        here = asyncio.get_running_loop()
        async with ear(message_id) as listener:
            await listener.next()
            first = polling._loops[here, "nusawa_default"]
        await asyncio.wait_for(first._task, 5)
        assert (here, "nusawa_default") not in polling._loops
        return await first_answer(message_id)

    assert isinstance(asyncio.run(come_and_go()), DeliveryReport)
    assert polling._loops == {}


def test_nobody_left_during_a_long_pause_ends_the_loop_at_once(nusawa_gateway):
    async def leave_early():
        async with ear("01", rhythm=Rhythm(3600, 3600)):
            await asyncio.sleep(0)
            task = polling._loops[asyncio.get_running_loop(), "nusawa_default"]._task
        await asyncio.wait_for(task, 5)

    asyncio.run(leave_early())

    assert asked(nusawa_gateway) == []


def test_one_who_is_cancelled_leaves_the_others_listening(nusawa_gateway):
    one, other = send(2)

    async def cancel_one():
        cancelled = asyncio.create_task(first_answer(one, rhythm=Rhythm(3600, 3600)))
        waiting = asyncio.create_task(first_answer(other, rhythm=Rhythm(0.2, 1)))
        await asyncio.sleep(0.05)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        return await asyncio.wait_for(waiting, 5)

    assert asyncio.run(cancel_one()).message_id == other
    assert asked(nusawa_gateway) == [other]


def test_each_connection_has_its_own_loop(nusawa_gateway):
    nusawa_gateway.use("second")

    async def two():
        async with ear("01"), listening("second", open_client, ["01"], QUICK, deadline=soon()):
            return len(polling._loops)

    assert asyncio.run(two()) == 2


def test_the_loop_runs_in_no_tasks_context(nusawa_gateway):
    seen = []

    async def opener():
        seen.append(CONTEXT.get("none"))
        return await open_client()

    async def first_of_all():
        CONTEXT.set("the first task's")
        await first_answer(CREDITS, opener=opener)

    asyncio.run(first_of_all())

    assert seen == ["none"]


def test_the_balance_is_a_question_too(nusawa_gateway):
    answer = asyncio.run(first_answer(CREDITS))

    assert isinstance(answer, Credits)
    assert asked(nusawa_gateway, "credits") == [""]


@pytest.mark.parametrize("fault", [-2, -7])
def test_no_credits_is_an_answer_to_the_question_for_credits(nusawa_gateway, fault):
    [message_id] = send()
    nusawa_gateway.fail_next(fault, call="credits")

    async def hear_three():
        async with ear(CREDITS, message_id) as listener:
            return [await listener.next() for _ in range(4)]

    heard = asyncio.run(hear_three())

    assert [answer.code for question, answer in heard if isinstance(answer, Refused)] == [fault]
    assert any(isinstance(answer, Credits) for _, answer in heard)


def test_the_deadline_ends_a_wait(nusawa_gateway):
    with pytest.raises(TimeIsUp):
        asyncio.run(first_answer("01", rhythm=Rhythm(3600, 3600), deadline=soon(0.05)))
    with pytest.raises(TimeIsUp):
        asyncio.run(first_answer("01", rhythm=Rhythm(3600, 3600), deadline=soon(-100)))


def test_the_connection_is_read_anew_now_and_then(nusawa_gateway):
    [message_id] = send()
    opened = []

    async def opener():
        opened.append(time.monotonic())
        return await open_client()

    async def a_few():
        async with ear(message_id, opener=opener, reopen_seconds=0.05) as listener:
            for _ in range(6):
                await listener.next()

    asyncio.run(a_few())

    assert len(opened) >= 3


def test_a_hurried_question_is_asked_before_its_grown_interval_is_over(nusawa_gateway):
    [message_id] = send()

    async def hurry():
        async with ear(message_id, rhythm=Rhythm(0.3, 3600)) as listener:
            for _ in range(3):
                await listener.next()
            begin = time.monotonic()
            listener.hurry(message_id)
            await listener.next()
            return time.monotonic() - begin

    assert asyncio.run(hurry()) < 0.6  # it had grown to 1.01
