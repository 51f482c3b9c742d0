"""Where a sending task keeps its journal: in the ledger, in Airflow's task state, or, on a first try, nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_nusawa.gateway.settings import Settings
    from airflow_provider_nusawa.hooks import NusaWaHook
    from airflow_provider_nusawa.journal import Store
    from airflow_provider_nusawa.ledger.journal_store import LedgerStore
    from airflow_provider_nusawa.ledger.store import Ledger


@contextmanager
def open_journal(
    context: Context, hook: NusaWaHook, *, idempotency_key: Any = None, heed_suppressions: bool = False
) -> Iterator[Store]:
    """Open the journal of one try, and close it.

    The ledger is used where one is named, where an argument needs it, and below Airflow 3.3, which has no other
    memory, in a file on this machine; unless tasks run on other machines: then a second try is refused. A later try
    goes on where the tries before are on record, also where another place has been named since.

    :raises AirflowFailException: for a second try whose first one nothing remembers, and for an empty key.
    :raises LedgerError: if the ledger that is needed cannot be used; then nothing may be sent.
    """
    from airflow_provider_nusawa import ledgers
    from airflow_provider_nusawa.journal import Forgetful
    from airflow_provider_nusawa.task_state import TaskStateStore

    key = _key(idempotency_key)
    settings, ti, accessor = hook.settings, context["ti"], context.get("task_state_store")
    in_task_state = TaskStateStore(accessor, ti) if accessor is not None else None
    needs_ledger = bool(key) or heed_suppressions
    if ti.try_number > 1 and in_task_state and in_task_state.holds_earlier_tries():
        # Where they are is where it goes on: a ledger that was named since knows nothing of them.
        _refuse_if(needs_ledger, ti.try_number)
        yield in_task_state
    elif needs_ledger or _goes_to_ledger(hook, ti, has_task_state=in_task_state is not None):
        with closing(ledgers.open_for_sending(settings, hook.nusawa_conn_id)) as ledger:
            yield _in_ledger(ledger, settings, ti, key, heed_suppressions)
    elif in_task_state:
        yield in_task_state
    else:
        _refuse_a_second(ti.try_number)
        yield Forgetful()


def _goes_to_ledger(hook: NusaWaHook, ti: Any, *, has_task_state: bool) -> bool:
    """Whether a try without records in task state looks for them in the ledger, and keeps its own there."""
    from airflow_provider_nusawa import ledgers

    if ti.try_number > 1 and has_task_state and ledgers.is_noted(hook.nusawa_conn_id):
        return True  # also where none is named any more: tries before may be on record there
    if not ledgers.is_named(hook.settings):
        return not has_task_state and not ledgers.remote_executor()
    if not has_task_state and ledgers.remote_executor() and not ledgers.is_noted(hook.nusawa_conn_id):
        _refuse_a_second(ti.try_number)  # named since: the tries before had no memory
    return True


def _in_ledger(ledger: Ledger, settings: Settings, ti: Any, key: str, heed_suppressions: bool) -> LedgerStore:
    from airflow_provider_nusawa.ledger.journal_store import LedgerStore

    # The key alone: neither another run nor another place in a map makes another message.
    identity = (key,) if key else (ti.dag_id, ti.run_id, ti.task_id)
    place = -1 if key else getattr(ti, "map_index", -1)
    return LedgerStore(ledger, settings.account, *identity, map_index=place, heed_suppressions=heed_suppressions)


def _key(rendered: Any) -> str:
    if rendered is None:
        return ""
    if key := str(rendered).strip():
        return key
    raise AirflowFailException(
        "idempotency_key was rendered to an empty text, which would be the same key for everything. Nothing was "
        "sent. Mend the template, or leave the key out."
    )


def _refuse_if(needs_ledger: bool, try_number: int) -> None:
    if needs_ledger:
        raise AirflowFailException(
            f"This is try {try_number}, and the tries before are on record in Airflow's task state, of which the "
            "ledger knows nothing: idempotency_key or heed_suppressions was set since. Nothing was sent. Look at their "
            "logs, then trigger a new run for those who were left out."
        )


def _refuse_a_second(try_number: int) -> None:
    if try_number > 1:
        raise AirflowFailException(
            f"This is try {try_number}, and nothing here remembers whom the tries before have messaged: this Airflow "
            "keeps no task state, and the connection names no ledger. Nothing was sent now. Look at their logs, then "
            "trigger a new run for those who were left out. From then on it is remembered with ledger_conn_id in the "
            "connection's extra, or on Airflow 3.3 or later."
        )
