"""One loop for all who wait on a connection: against the gateway, over a real socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import pytest

from airflow_provider_nusawa.gateway.errors import NusaWaError, Refused, Unreachable
from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.testing import NusaWaGateway
from airflow_provider_nusawa.waiting import polling
from airflow_provider_nusawa.waiting.agenda import Agenda, Rhythm
from airflow_provider_nusawa.waiting.polling import CREDITS, PATIENCE, TimeIsUp, listening

QUICK = Rhythm(0.02, 0.1)
AISHA = "6281234567890"
A_SECRET = "s3cret"
CONTEXT: ContextVar[str] = ContextVar("whose")


def soon(seconds: float = 30.0) -> float:
    return time.time() + seconds


async def open_client():
    return await NusaWaHook().get_async_conn()


def ear(*questions: str, rhythm: Rhythm = QUICK, deadline: float | None = None, opener=open_client, **more: float):
    return listening("nusawa_default", opener, questions, rhythm, deadline=deadline or soon(), **more)


def asked(gateway: NusaWaGateway, call: str = "dr") -> list[str]:
    return [request.fields.get("ref_no", "") for request in gateway.requests if request.call == call]


def send(count: int = 1) -> list[str]:
    hook = NusaWaHook()
    return [hook.send_message(AISHA, f"Halo {turn}").message_id for turn in range(count)]


async def first_answer(*questions: str, **more):
    async with ear(*questions, **more) as listener:
        return (await listener.next())[1]


def test_a_question_is_asked_after_the_first_interval_then_ever_more_rarely():
    agenda: Agenda[str] = Agenda()
    agenda.add("one", ["m"], Rhythm(10, 30), now=0)
    dues = []
    for _ in range(5):
        dues.append(agenda.next_due())
        assert agenda.asked("m", dues[-1]) == {"one"}

    assert dues == [10, 20, 35, 57.5, 87.5]


def test_the_longest_overdue_are_asked_first_and_no_more_than_wanted():
    agenda: Agenda[str] = Agenda()
    for at, name in enumerate(["a", "b", "c", "d"]):
        agenda.add("one", [name], Rhythm(10, 30), now=at)

    assert agenda.due(9, most=2) == []
    assert agenda.due(12, most=2) == ["a", "b"]
    assert agenda.due(12, most=9) == ["a", "b", "c"]


def test_what_failed_last_time_stands_behind_what_did_not():
    agenda: Agenda[str] = Agenda()
    agenda.add("one", ["bad", "good", "new"], Rhythm(10, 30), now=0)
    agenda.asked("bad", 1, failed=True)
    agenda.asked("good", 2)

    assert agenda.due(12, most=9) == ["new", "good", "bad"]
    agenda.asked("bad", 3)
    assert agenda.due(99, most=9) == ["new", "good", "bad"]
    agenda.asked("good", 98, failed=True)
    assert agenda.due(120, most=9) == ["new", "bad", "good"]


def test_a_newcomer_hurries_a_question_but_never_delays_it():
    agenda: Agenda[str] = Agenda()
    agenda.add("slow", ["m"], Rhythm(100, 900), now=0)
    agenda.add("quick", ["m"], Rhythm(10, 30), now=5)
    agenda.add("slow too", ["m"], Rhythm(100, 900), now=6)

    assert agenda.next_due() == 15
    assert agenda.asked("m", 15) == {"slow", "quick", "slow too"}
    assert agenda.next_due() == 25


def test_a_question_lives_as_long_as_somebody_listens():
    agenda: Agenda[str] = Agenda()
    agenda.add("one", ["m", "n"], QUICK, now=0)
    agenda.add("two", ["m"], QUICK, now=0)

    agenda.drop("one", ["m", "n", "never opened"])

    assert (len(agenda), agenda.listeners()) == (1, {"two"})
    agenda.drop("two", ["m"])
    assert len(agenda) == 0
    assert agenda.asked("m", 0) == set()


def test_hurrying_brings_a_look_forward_and_never_puts_it_off():
    agenda: Agenda[str] = Agenda()
    agenda.add("one", ["m"], Rhythm(10, 30), now=0)
    for now in (10, 20, 35):
        agenda.asked("m", now)

    agenda.hurry("m", 40)
    assert agenda.next_due() == 50
    agenda.hurry("m", 45)
    assert agenda.next_due() == 50
    agenda.hurry("unknown", 45)


def test_pauses_double_up_to_a_minute():
    agenda: Agenda[str] = Agenda()
    agenda.add("one", ["m"], Rhythm(15, 300), now=0)

    assert [agenda.pause_seconds(failures) for failures in (1, 2, 3, 4, 5000)] == [15, 30, 60, 60, 60]


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


def test_a_loop_that_is_cancelled_strands_nobody(nusawa_gateway):
    async def cancel_it():
        waiting = asyncio.create_task(first_answer("01", rhythm=Rhythm(3600, 3600)))
        await asyncio.sleep(0.05)
        polling._loops[asyncio.get_running_loop(), "nusawa_default"]._task.cancel()
        return await asyncio.wait_for(waiting, 5)

    with pytest.raises(Unreachable, match="was stopped"):
        asyncio.run(cancel_it())
    assert polling._loops == {}


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
