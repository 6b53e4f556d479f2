"""One guard as it runs: reads, judges, acts, and looks again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from atapi.clock import Deadline, SystemClock, monotonic_ms
from atapi.domain.guard import Check, Deed, Policy, Severity, Sweep
from atapi.errors import AuthenticationError, VenueError, VenueUnreachable
from atapi.execution.reconcile import Finding
from atapi.services.guard_checks import check_halt, check_journal, check_silence, check_streams, judge
from atapi.services.guard_facts import Account, Terms
from atapi.services.guard_funds import NOTHING, Allowance, Funds, reserved
from atapi.services.guard_hands import Hands
from atapi.services.guard_margin import Bounds
from atapi.services.guard_moves import Moves
from atapi.services.guard_watch import Ages, Listening

if TYPE_CHECKING:
    from atapi.services.guard import GuardService

Key = tuple[str, int | None, str | None]

ALARM = "alarm"  # kind of the note that an alarm began
STOP = "stop"
QUIET_S = 2.0  # between two looks that streams ask for
TERMS_S = 60.0  # how old the terms of trade may become


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a guard is to run."""

    every: timedelta = timedelta(seconds=5)
    policy: Policy = Policy.ALARM  # of spreads that have none of their own
    allowance: Allowance = NOTHING

    @property
    def acts(self) -> bool:
        """Whether it may do more than say."""
        return self.policy is not Policy.ALARM or self.allowance.any


class Guard:
    """One guard as it runs."""

    def __init__(self, service: GuardService, options: Options) -> None:
        self.options = options
        self._service = service
        self._bounds = Bounds.at(options.every)
        self._reader = service.reader()
        self._hands = Hands(service.mender, service.executor, service.clock)
        self._funds: Funds | None = None
        self._ages, self._listening = Ages(), Listening()
        self._terms: Terms | None = None
        self._findings: list[Finding] = []
        self._terms_left = Deadline(TERMS_S)
        self._answered_ms = monotonic_ms()
        self._alarms: frozenset[Key] = frozenset()
        self._bell: SimpleQueue[str] = SimpleQueue()  # not an Event: a signal's handler may ring it too
        self._quiet = Deadline(0)

    # --- running ------------------------------------------------------------------------------------------------
    def follow(self) -> None:
        """Let the venue's streams wake it."""
        self._service.streams.follow(self._ring)

    def wait(self) -> bool:
        """Wait for the next look: until a stream rings or the time has come; False once it was told to stop."""
        rung, left = set[str](), self.options.every.total_seconds()
        while left > 0:
            try:
                rung.add(self._bell.get(timeout=left))
            except Empty:
                break
            if STOP in rung:
                return False
            left = min(left, self._quiet.left())  # many events at once are looked into at once
        return True

    def stop(self) -> None:
        """End the waiting; from any thread, and from a signal's handler."""
        self._bell.put(STOP)

    def close(self) -> None:
        """Hang up."""
        self._service.streams.close()

    def sweep(self) -> Sweep:
        """Look once: read, judge, act as policies say, and judge again after acting.

        Raises:
            AuthenticationError: The key is not taken.
            StorageError: The journal cannot be read.
        """
        try:
            sweep = self._look()
        except AuthenticationError:
            raise
        except (VenueError, VenueUnreachable) as e:
            age = timedelta(milliseconds=monotonic_ms() - self._answered_ms)
            checks = [check_silence(e.message, age), *check_streams(self._service.streams.states())]
            return Sweep(at=SystemClock().now(), checks=tuple(checks))
        self._answered_ms = monotonic_ms()
        self._quiet = Deadline(QUIET_S)
        self._note_alarms(sweep)
        return sweep

    # --- inside -------------------------------------------------------------------------------------------------
    def _look(self) -> Sweep:
        account = self._reader.account()
        streams = [*check_halt(self._service.halted()), *check_streams(self._service.streams.states())]
        if not account.spreads:
            return Sweep(at=account.at, checks=tuple(streams))
        self._listen(account)
        terms, checks = self._judge(account)
        seen: tuple[Check, ...] = ()
        deeds = self._mend(account, checks)
        if any(deed.done for deed in deeds):  # what was found has changed: look again, act no more
            seen = tuple(check for check in checks if check.severity is Severity.ALARM)
            account = self._reader.account()
            terms, checks = self._judge(account) if account.spreads else (terms, [])
        moved, open_moves = self._move(account, terms, checks)
        return Sweep(
            at=account.at, checks=(*checks, *open_moves, *streams), seen=seen, deeds=(*deeds, *moved)
        )

    def _judge(self, account: Account) -> tuple[Terms, list[Check]]:
        terms = self._terms_of(account)
        account = self._reader.explained(account, terms)
        _, checks = judge(account, terms, self._bounds, self._ages.note(account, terms))
        return terms, [*checks, *check_journal(self._findings)]

    def _terms_of(self, account: Account) -> Terms:
        symbols = {spread.symbol for spread in account.spreads}
        if self._terms is None or self._terms_left.left() <= 0 or not symbols <= self._terms.pairs.keys():
            self._terms = self._reader.terms(account.spreads)
            with self._service.executor.returning():
                self._findings = self._service.reconcile.findings()
            self._terms_left = Deadline(TERMS_S)
        return self._terms

    def _mend(self, account: Account, checks: Sequence[Check]) -> list[Deed]:
        own = self._service.policies()
        symbols = {spread.spread_id: spread.symbol for spread in account.spreads}
        policies = {spread_id: own.get(spread_id, self.options.policy) for spread_id in symbols}
        return self._hands.act(checks, symbols, policies)

    def _move(
        self, account: Account, terms: Terms, checks: Sequence[Check]
    ) -> tuple[list[Deed], list[Check]]:
        funds = self._autopilots(account)
        if funds is None:
            return [], []
        executor = self._service.executor
        if executor.holder() is not None:
            return funds.blocked(checks, executor.holder() or "?"), []
        with executor.owning():
            deeds, open_moves = funds.moves.settle()
            deeds += funds.work(account, terms, checks, self._bounds, reserved(executor))
        return deeds, open_moves

    def _autopilots(self, account: Account) -> Funds | None:
        service, allowance = self._service, self.options.allowance
        if service.wallet is None or not allowance.any:
            return None
        if self._funds is None:
            self._funds = Funds(
                moves=Moves(service.wallet, service.executor, service.clock),
                allowance=allowance,
                bnb=lambda: service.spot.instruments()["BNBUSDT"],
                buy=service.mender.buy_bnb,
                began_at=account.at,
            )
        return self._funds

    def _listen(self, account: Account) -> None:
        streams = self._service.streams
        if self._listening.silent(account, streams.states()):
            streams.distrust("futures")

    def _note_alarms(self, sweep: Sweep) -> None:
        """Write alarms down when they begin, where nobody else may write."""
        alarms = {c.key: c for c in (*sweep.seen, *sweep.checks) if c.severity is Severity.ALARM}
        fresh = [check for key, check in alarms.items() if key not in self._alarms]
        self._alarms = frozenset(c.key for c in sweep.checks if c.severity is Severity.ALARM)
        executor = self._service.executor
        if not fresh or executor.holder() is not None:
            return
        with executor.owning():
            for check in fresh:
                body = {"code": check.code.value, "spread": check.spread_id, "message": check.message}
                executor.note(ALARM, body | {"at": sweep.at.isoformat()})

    def _ring(self, name: str) -> None:
        if name == "listing":
            self._terms_left = Deadline(0)
        self._bell.put(name)
