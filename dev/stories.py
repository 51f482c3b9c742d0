"""What a task's state means to people, for the demo's Dag: gate, send, wait."""

from __future__ import annotations

from dev.house.books import Books


def sentence(books: Books, dag_id: str, run_id: str, task: str, state: str | None) -> str:
    """Return one sentence on a task that has just come into a state; empty where there is nothing to tell."""
    if task == "send" and state in ("success", "failed"):
        return _sent(books.xcom(dag_id, run_id, "send"))
    if task == "gate" and state == "success":
        balance = books.xcom(dag_id, run_id, "gate")
        return f"gate: {balance['credits']} credits until {balance['expires']}, enough to send"
    told = {
        ("wait", "deferred"): "wait: not there yet; the triggerer asks on, no worker is kept busy",
        ("wait", "success"): "wait: delivered",
        ("wait", "failed"): "wait: not delivered",
    }
    return told.get((task, state or ""), "")


def _sent(receipt: dict[str, str]) -> str:
    """Return what became of the send itself."""
    if receipt["outcome"] == "accepted":
        return f"send: accepted by the gateway as message {receipt['message_id']}"
    if receipt["outcome"] == "refused":
        return f"send: refused by the gateway with code {receipt['code']}; nobody got anything"
    return "send: unknown, the answer was lost; the person may have got it, so it is not sent again"
