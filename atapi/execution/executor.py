"""Carries transactions out and recovers them: the journal, the lock, the gate and the driver put together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from atapi.clock import Clock
from atapi.domain.instruments import Market
from atapi.domain.margin import Interest
from atapi.domain.orders import Fill
from atapi.domain.spreads import LegName, Pair, Spread, SpreadState
from atapi.execution.driver import DeadManSwitch, Driver, Gate, LegVenue
from atapi.execution.effects import Attempt, Effect
from atapi.execution.journal import Journal
from atapi.execution.journal_rows import Intent
from atapi.execution.legs import Legs, Rows
from atapi.execution.lock import WriterLock, holder
from atapi.execution.spread import Outcome, close_spread, open_spread
from atapi.execution.terms import CloseTerms, OpenTerms

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A transaction that ended, and the spread as it now stands."""

    spread: Spread
    intent_id: int
    outcome: Outcome
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What an engine is told of the transaction it runs."""

    intent_id: int
    instance: str  # the journal's tag, for client order ids
    rows: Rows  # the attempts the journal already holds
    resumed: bool  # it was cut short: end what is out, take no new risk


EngineOf = Callable[[Transaction], Generator[Effect, Any, T]]


class Executor:
    """The one way to a venue's order call.

    Args:
        folder: Where the journal and its lock live.
        binding: What the journal belongs to: network and account.
        seed: What the tag of a new journal's orders is made from; see `Journal`.
        venues: The markets orders go to.
        switch: The futures' own dead-man switch.
        gate: The last gate, asked before each order.
        clock: The venue's time as this machine knows it; it must move while we wait.
        tell: Says a line to the operator.
        begin: Called before the first intent of a journal is written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        binding: Mapping[str, str],
        seed: bytes,
        venues: Mapping[Market, LegVenue],
        switch: DeadManSwitch,
        gate: Gate,
        clock: Clock,
        tell: Callable[[str], None],
        begin: Callable[[], None] | None = None,
    ) -> None:
        self._folder = folder
        self._binding = dict(binding)
        self._seed = seed
        self._venues = venues
        self._switch = switch
        self._gate = gate
        self._clock = clock
        self._tell = tell
        self._begin = begin
        self._lock: WriterLock | None = None

    def close(self) -> None:
        """Let the journal and its lock go."""
        self.close_journal()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def close_journal(self) -> None:
        """Close the journal; the next use opens it again."""
        if "journal" in self.__dict__:
            self.journal.close()
            del self.__dict__["journal"]

    @cached_property
    def journal(self) -> Journal:
        """What was meant and what came of it; anybody may read it, only `run`, `recover` and `note` write."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Journal(self._folder / "journal.db", self._binding, seed=self._seed)

    @property
    def begun(self) -> bool:
        """Whether there is a journal at all; asking makes none."""
        return (self._folder / "journal.db").exists()

    @property
    def owns(self) -> bool:
        """Whether this process has the right to write."""
        return self._lock is not None

    def holder(self) -> str | None:
        """Tell which other process may write, if one does."""
        return None if self._lock is not None else holder(self._folder / "journal.lock")

    def own(self) -> None:
        """Take the right to write, for life.

        Raises:
            StorageError: Another process has it.
        """
        if self._lock is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = WriterLock(self._folder / "journal.lock")
            self._gate.renew()  # another process may have traded meanwhile

    @contextmanager
    def owning(self) -> Iterator[None]:
        """Take the right to write for as long as the block lasts, unless it was had before.

        Raises:
            StorageError: Another process has it.
        """
        with self.returning():
            self.own()
            yield

    @contextmanager
    def returning(self) -> Iterator[None]:
        """Give the right to write back at the end of the block where it was taken within."""
        had = self._lock is not None
        try:
            yield
        finally:
            if not had and self._lock is not None:
                self._lock.release()
                self._lock = None

    def put_aside(self) -> None:
        """Give the journal another name, as when the world it tells of is thrown away; nothing is deleted."""
        self.own()
        self.close_journal()
        stem = next(n for n in count(1) if not (self._folder / f"journal-{n}.db").exists())
        for suffix in ("", "-wal", "-shm"):
            file = self._folder / f"journal.db{suffix}"
            if file.exists():
                file.rename(self._folder / f"journal-{stem}.db{suffix}")

    def rebuild(self, spreads: Sequence[Spread], earlier: Iterable[str]) -> None:
        """Put the journal aside and begin another that holds these spreads.

        Args:
            spreads: As the venue's own records tell of them.
            earlier: Tags of journals whose orders are explained by them.
        """
        self.put_aside()
        # What the old one made its ids with must never be used again: nobody knows which were.
        self._seed += f" after {len(list(self._folder.glob('journal-*.db')))}".encode()
        with self.journal.held():
            for spread in spreads:
                spread_id = self.journal.create_spread(spread)
                intent_id = self.journal.create_intent(spread_id, "rebuilt", {}, self._clock.now())
                for leg in LegName:
                    self.journal.write_fills(intent_id, leg, tuple(spread.leg_fills(leg)))
                self.journal.finish_intent(intent_id)
            for tag in earlier:
                self.journal.note("accepted", {"kind": "elsewhere", "about": tag})

    # --- transactions -------------------------------------------------------------------------------------------
    def run(
        self,
        kind: str,
        terms: Mapping[str, str],
        engine_of: EngineOf[T],
        *,
        at: datetime,
        spread_id: int | None = None,
    ) -> tuple[int, T]:
        """Write an intent down, drive its engine to the end, and tell the intent's id and the outcome.

        Args:
            kind: Its kind, by which recovery finds the engine again.
            terms: All that recovery will need, as text.
            engine_of: Makes the engine, given what it is of.
            at: The venue's time, for the record.
        """
        self.own()
        if self._begin is not None and not self.journal.begun:
            self._begin()
        with self.journal.held():
            intent_id = self.journal.create_intent(spread_id, kind, terms, at)
            return intent_id, self._drive(intent_id, spread_id, engine_of, resumed=False)

    def recover(self, engine_for: Callable[[Intent], EngineOf[Any]]) -> list[tuple[Intent, Any]]:
        """Bring every transaction that was cut short to its end, by the code that would have ended it then."""
        if not self.begun or not self.journal.open_intents():
            return []
        self.own()
        ended = []
        for intent in self.journal.open_intents():
            what = f"order intent {intent.intent_id}"
            if intent.spread_id is not None:
                what = f"spread #{intent.spread_id} {self.journal.spread(intent.spread_id).symbol}"
            self._tell(f"{what}: {intent.kind} was cut short; finding out how it ended")
            outcome = self._drive(intent.intent_id, intent.spread_id, engine_for(intent), resumed=True)
            ended.append((intent, outcome))
        return ended

    def note(self, kind: str, body: Mapping[str, Any]) -> None:
        """Append an event to the journal: an alarm, a policy, a transfer."""
        self.own()
        self.journal.note(kind, body)

    def book_interest(self, spread_id: int, lines: Sequence[Interest]) -> None:
        """Write down interest that was charged for what a spread borrowed."""
        self.own()
        self.journal.write_interest(spread_id, lines)

    def adopt(
        self,
        spread_id: int,
        fills: tuple[Fill, ...],
        how: str,
        *,
        at: datetime,
        leg: LegName = LegName.PERP_EXIT,
    ) -> None:
        """Write down trades of one leg of a spread that no order of ours made.

        Args:
            how: Who made them: `auto-deleveraged`, `liquidated`, `made by hand`.
        """
        self.own()
        with self.journal.held():
            intent_id = self.journal.create_intent(spread_id, "adopted", {"how": how}, at)
            self.journal.write_fills(intent_id, leg, fills)
            self.journal.finish_intent(intent_id)
        self._gate.adopt(fills)

    # --- spreads ------------------------------------------------------------------------------------------------
    def spreads(self) -> list[Spread]:
        """List every spread with its fills, oldest first."""
        return self.journal.spreads() if self.begun else []

    def order_fills(self) -> list[Fill]:
        """List the fills of orders that belong to no spread, oldest first."""
        return [fill for _, fill in self.journal.order_fills()] if self.begun else []

    def unfinished(self) -> set[int]:
        """Tell which spreads have a transaction that was not brought to its end."""
        return {i.spread_id for i in self.journal.open_intents() if i.spread_id is not None}

    def open(
        self, pair: Pair, terms: OpenTerms, *, at: datetime, tag: str = "", add_to: int | None = None
    ) -> Result:
        """Open a spread, or add to one that stands.

        Args:
            at: The venue's time, for the record.
            add_to: Id of the spread to add to; None makes a new one.
        """
        self.own()
        with self.journal.held():
            spread_id = add_to or self.journal.create_spread(_planned(pair, at, tag, terms.reverse))
            run = self.run("open", terms.as_text(), spread_engine(pair, terms), at=at, spread_id=spread_id)
        return self._result(spread_id, *run)

    def close_spread(self, spread_id: int, pair: Pair, terms: CloseTerms, *, at: datetime) -> Result:
        """Close a spread, wholly or in part."""
        run = self.run("close", terms.as_text(), spread_engine(pair, terms), at=at, spread_id=spread_id)
        return self._result(spread_id, *run)

    # --- inside -------------------------------------------------------------------------------------------------
    def _drive(self, intent_id: int, spread_id: int | None, engine_of: EngineOf[T], *, resumed: bool) -> T:
        known = self.journal.attempts(intent_id) if resumed else []
        rows: Rows = {(a.leg, a.number): a for a in known}
        of = Transaction(intent_id=intent_id, instance=self.journal.instance, rows=rows, resumed=resumed)
        driver = Driver(self.journal, self._venues, self._switch, self._gate, self._clock, self._tell)
        return driver.run(spread_id, intent_id, engine_of(of))

    def _result(self, spread_id: int, intent_id: int, outcome: Outcome) -> Result:
        return Result(
            spread=self.journal.spread(spread_id),
            intent_id=intent_id,
            outcome=outcome,
            attempts=tuple(self.journal.attempts(intent_id)),
        )


def spread_engine(pair: Pair, terms: OpenTerms | CloseTerms) -> EngineOf[Outcome]:
    """Choose the engine of a two-leg transaction."""

    def engine(of: Transaction) -> Generator[Effect, Any, Outcome]:
        legs = Legs(pair=pair, intent_id=of.intent_id, instance=of.instance, rows=of.rows, resumed=of.resumed)
        return open_spread(legs, terms) if isinstance(terms, OpenTerms) else close_spread(legs, terms)

    return engine


def recovery_engine(intent: Intent, pair: Pair) -> EngineOf[Outcome]:
    """Choose the engine that ends a two-leg transaction that was cut short."""
    if intent.kind == "open":
        return spread_engine(pair, OpenTerms.from_text(intent.terms))
    return spread_engine(pair, CloseTerms.from_text(intent.terms))


def _planned(pair: Pair, at: datetime, tag: str, reverse: bool) -> Spread:
    return Spread(
        spread_id=0,
        symbol=pair.symbol,
        spot_symbol=pair.spot.symbol,
        base_asset=pair.spot.base_asset,
        quote_asset=pair.spot.quote_asset,
        multiplier=pair.multiplier,
        state=SpreadState.PLANNED,
        tag=tag,
        created_at=at,
        reverse=reverse,
    )


def executed(result: Result, *legs: LegName) -> Decimal:
    """Sum what the attempts of one transaction executed on some legs."""
    return sum((a.executed for a in result.attempts if a.leg in legs), Decimal(0))
