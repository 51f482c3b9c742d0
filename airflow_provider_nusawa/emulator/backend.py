"""The emulated gateway as a value: accounts, messages, faults and books behind one lock, and no input or output."""

from __future__ import annotations

import threading
import time
from typing import Any

from airflow_provider_nusawa.emulator import vocabulary
from airflow_provider_nusawa.emulator.accounts import Account
from airflow_provider_nusawa.emulator.books import Books, Message, Received, starred
from airflow_provider_nusawa.emulator.calls import Call
from airflow_provider_nusawa.emulator.clock import Clock
from airflow_provider_nusawa.emulator.fates import fate_of
from airflow_provider_nusawa.emulator.faults import Fault, Faults, fault
from airflow_provider_nusawa.emulator.reports import Push, Pushes
from airflow_provider_nusawa.emulator.rules import DAY_SECONDS, Rules
from airflow_provider_nusawa.emulator.submission import Submission, Verdict, malformed, over_limit

# Message ids are 18 digits, look drawn by lot (so that one in ten starts with 0), and never repeat.
_IDS, _STRIDE = 10**18, 618_033_988_749_894_847


class Backend:
    """A gateway that delivers to nobody. All methods may be called from any thread.

    :param accounts: Who may log in; one ``Account()`` if none is given.
    :param keep_requests: How many requests the books hold in full; counts and messages are kept for ever.
    :param first_serial: Where message ids start; two gateways with the same start give the same ids.
    """

    def __init__(self, *accounts: Account, keep_requests: int = 20_000, first_serial: int = 0) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.rules = Rules()
        self.keep_requests = keep_requests
        self.opted_out: set[str] = set()
        self._serial = first_serial
        self._last_hit: dict[str, float] = {}
        self.accounts = {account.login: account for account in accounts or (Account(),)}
        self._clear()

    def _clear(self) -> None:
        self.books = Books(self.keep_requests)
        self.faults = Faults()
        self.pushes = Pushes()

    def reset(self) -> None:
        """Forget messages, requests and faults. Accounts, rules and clock stay; ids go on, so that none comes twice."""
        with self.lock:
            self._clear()

    @property
    def account(self) -> Account:
        """The first account: the only one, as a rule."""
        return next(iter(self.accounts.values()))

    def add_account(self, account: Account) -> None:
        """Add an account, or replace the one with its login."""
        with self.lock:
            self.accounts[account.login] = account

    def log_in(self, login: str, password: str) -> Account | None:
        account = self.accounts.get(login)
        return account if account is not None and account.password == password else None

    def log_in_by_key(self, key: str) -> Account | None:
        return next((account for account in self.accounts.values() if key and account.api_key == key), None)

    def hits_too_fast(self, login: str) -> bool:
        """Note a call of an account; say whether it came too close upon the one before."""
        with self.lock:
            now = time.monotonic()
            gap = now - self._last_hit.get(login, -DAY_SECONDS)
            self._last_hit[login] = now
            return gap < self.rules.hit_gap_seconds

    def enter(self, call: Call) -> Received:
        """Write a call into the books, before anything is done about it."""
        with self.lock:
            received = Received(
                self.books.received + 1, call.api, call.name, call.method, call.path, starred(call.fields),
                call.number, call.client_ip, time.monotonic(), self.clock.seconds(),
            )  # fmt: skip
            self.books.enter(received)
            return received

    def leave(self, received: Received) -> None:
        """Note that a call has got all the answer it will ever get."""
        with self.lock:
            self.books.leave(received)

    def submit(self, submission: Submission) -> Verdict:
        """Accept a message or refuse it, as account, rules and the recipient's fate say."""
        with self.lock:
            if self._has_opted_out(submission.number):
                return Verdict(vocabulary.REJECTED_ROUTE, opted_out=True)
            code = malformed(submission) or submission.account.unpaid(self.clock.now().date(), sms=submission.sms)
            if not code:
                earlier = self.books.sent_to(submission.number, since=self.clock.seconds() - DAY_SECONDS)
                code = over_limit(self.rules, submission.text, earlier)
            return Verdict(code) if code else Verdict(vocabulary.OK, self._accept(submission))

    def _has_opted_out(self, number: str) -> bool:
        fate = fate_of(number)
        return number in self.opted_out or (fate is not None and fate.opted_out)

    def _accept(self, submission: Submission) -> Message:
        account, fate = submission.account, fate_of(submission.number)
        rules, number = self.rules, submission.number
        message = Message(
            self._next_id(), submission.api, account.login, number, submission.text, self.clock.seconds(),
            letters=rules.letters if fate is None or fate.letters is None else fate.letters,
            step_seconds=rules.step_seconds if fate is None else rules.step_seconds * fate.pace,
            err_code="0" if fate is None else fate.err_code,
            sms=submission.sms,
            media=submission.media,
        )  # fmt: skip
        account.charge(sms=submission.sms)
        self.books.accept(message)
        if account.callback_url:
            self.pushes.plan(message, account.callback_url)
        return message

    def _next_id(self) -> str:
        self._serial += 1
        return f"{self._serial * _STRIDE % _IDS:018d}"

    def fail_next(self, what: str | int, times: int = 1, **details: Any) -> Fault:
        """Make the next calls go wrong.

        :param what: A name of ``faults.KINDS``, a status code (-99), or an HTTP status (503).
        :param times: How many calls; ``faults.FOREVER`` for all to come.
        :param details: Fields of ``Fault``: ``call`` (``send``), ``number``, ``seconds``, ``accepts``, ``body`` and so
            on; ``retry_after`` in seconds besides.
        :returns: The fault; its ``fired`` says how often it has struck.
        """
        with self.lock:
            waiting = fault(what, times=times, **details)
            self.faults.all.append(waiting)
            return waiting

    def set_letter(self, message_id: str, letter: str, err_code: str = "0") -> None:
        """Say what has become of a message, now, and push it to the account's callback URL."""
        with self.lock:
            message, now = self.books.messages[message_id], self.clock.seconds()
            past = tuple(step for step in message.history() if step[0] <= now)
            message.told = (*past, (now, letter))
            message.err_code = err_code
            url = self.accounts[message.login].callback_url
            if url:
                self.pushes.plan_one(message, url, now, letter)

    def due_pushes(self) -> list[Push]:
        with self.lock:
            return self.pushes.due(self.clock.seconds(), self.rules)

    def sent_to(self, number: str) -> list[Message]:
        """Return what a recipient got, oldest first."""
        with self.lock:
            return list(self.books.sent_to(number))[::-1]

    def accepted_twice(self) -> dict[str, list[Message]]:
        """Return the recipients that got more than one message, with all of them."""
        with self.lock:
            twice = [number for number, message in self.books.latest.items() if message.earlier is not None]
            return {number: self.sent_to(number) for number in twice}
