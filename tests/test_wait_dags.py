"""Gate, send and wait in one Dag, run by Airflow itself in this process: XComs, templates, mapping, modes, skips."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseOperator
from dag_runs import run

from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.operators import NusaWaCreditsCheckOperator, NusaWaSendMessageOperator
from airflow_provider_nusawa.sensors import NusaWaCreditsSensor, NusaWaDeliverySensor

AISHA, BUDI = "0812-3456-7890", "0812-9876-5432"
QUICK = {"poke_interval": 1, "first_poll_seconds": 0.05, "longest_poll_seconds": 0.2, "timeout": 30}
MODES = pytest.mark.parametrize(
    "mode",
    [
        pytest.param({"mode": "poke"}, id="poke"),
        pytest.param({"mode": "reschedule"}, id="reschedule"),
        pytest.param({"deferrable": True}, id="deferrable"),
    ],
)

pytestmark = pytest.mark.usefixtures("airflow_db")


@MODES
def test_gate_send_and_wait(nusawa_gateway, mode):
    with DAG("gate_send_wait", schedule=None) as dag:
        gate = NusaWaCreditsCheckOperator(task_id="gate", minimum="{{ 40 + 2 }}", min_days_left="7")
        send = NusaWaSendMessageOperator(task_id="send", to=[AISHA, BUDI], text="Halo")
        wait = NusaWaDeliverySensor(task_id="wait", messages=send.output, **QUICK, **mode)
        gate >> send >> wait

    assert run(dag) == {"gate": "success", "send": "success", "wait": "success"}
    assert [message.letter(nusawa_gateway.backend.clock.seconds()) for message in nusawa_gateway.messages] == ["D", "D"]


@MODES
def test_what_failed_fails_the_task_and_soft_fail_skips_it(nusawa_gateway, mode):
    with DAG("failed_and_skipped", schedule=None) as dag:
        send = NusaWaSendMessageOperator(task_id="send", to=[AISHA, magic_number("51")], text="Halo")
        NusaWaDeliverySensor(task_id="wait", messages=send.output, **QUICK, **mode)
        NusaWaDeliverySensor(task_id="soft", messages=send.output, soft_fail=True, **QUICK, **mode)
        NusaWaDeliverySensor(task_id="half", messages=send.output, required=0.5, **QUICK, **mode)

    assert run(dag) == {"send": "success", "wait": "failed", "soft": "skipped", "half": "success"}


def test_the_receipts_of_mapped_tasks_are_awaited_together_or_each_by_itself(nusawa_gateway):
    with DAG("mapped", schedule=None) as dag:
        send = NusaWaSendMessageOperator.partial(task_id="send", text="Halo").expand(to=[AISHA, [BUDI]])
        NusaWaDeliverySensor(task_id="together", messages=send.output, deferrable=True, **QUICK)
        NusaWaDeliverySensor.partial(task_id="each", **QUICK).expand(messages=send.output)

    assert run(dag) == {
        "send[0]": "success", "send[1]": "success", "together": "success", "each[0]": "success", "each[1]": "success",
    }  # fmt: skip


class Number(BaseOperator):
    """Returns a number, as a task does that looks it up."""

    def __init__(self, *, number: str, **kwargs):
        super().__init__(**kwargs)
        self.number = number

    def execute(self, context):
        return self.number


def test_what_mapped_tasks_return_is_sent_to_as_a_list_of_recipients(nusawa_gateway):
    with DAG("mapped_recipients", schedule=None) as dag:
        numbers = Number.partial(task_id="numbers").expand(number=[AISHA, BUDI])
        send = NusaWaSendMessageOperator(task_id="send", to=numbers.output, text="Halo")
        NusaWaDeliverySensor(task_id="wait", messages=send.output, deferrable=True, **QUICK)

    assert run(dag) == {
        "numbers[0]": "success", "numbers[1]": "success", "send": "success", "wait": "success",
    }  # fmt: skip
    assert [message.number for message in nusawa_gateway.messages] == ["6281234567890", "6281298765432"]


@pytest.mark.parametrize(("native", "state"), [(True, "success"), (False, "failed")])
def test_a_template_needs_native_rendering(nusawa_gateway, native, state):
    with DAG("templated", schedule=None, render_template_as_native_obj=native) as dag:
        send = NusaWaSendMessageOperator(task_id="send", to=[AISHA], text="Halo")
        wait = NusaWaDeliverySensor(task_id="wait", messages="{{ ti.xcom_pull('send') }}", **QUICK)
        send >> wait

    assert run(dag) == {"send": "success", "wait": state}


def test_a_closed_gate_skips_what_follows_by_its_trigger_rules(nusawa_gateway):
    with DAG("closed", schedule=None) as dag:
        gate = NusaWaCreditsCheckOperator(task_id="gate", minimum=10**9, on_insufficient="skip")
        send = NusaWaSendMessageOperator(task_id="send", to=AISHA, text="Halo")
        after = NusaWaCreditsSensor(task_id="after", minimum=1, trigger_rule="none_failed", deferrable=True, **QUICK)
        gate >> [send, after]

    assert run(dag) == {"gate": "skipped", "send": "skipped", "after": "success"}
    assert nusawa_gateway.messages == []
