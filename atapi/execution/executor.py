"""Opens, closes and recovers spreads: the journal, the lock and the driver put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import count
from pathlib import Path

from atapi.clock import Clock
from atapi.domain.instruments import Market
from atapi.domain.spreads import LegName, Pair, Spread, SpreadState
from atapi.execution.driver import Driver, LegVenue
from atapi.execution.effects import Attempt
from atapi.execution.ids import instance_tag
from atapi.execution.journal import Journal
from atapi.execution.lock import WriterLock
from atapi.execution.spread import CloseTerms, Legs, OpenTerms, Outcome, Rows, close_spread, open_spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A transaction that ended, and the spread as it now stands."""

    spread: Spread
    intent_id: int
    outcome: Outcome
    attempts: tuple[Attempt, ...]


class Executor:
    """The one way to a venue's order call.

    Args:
        folder: Where the journal and its lock live.
        binding: What the journal belongs to: network and account.
        venues: The markets orders go to.
        clock: The venue's time as this machine knows it; it must move while we wait.
        tell: Says a line to the operator.
    """

    def __init__(
        self,
        folder: Path,
        *,
        binding: Mapping[str, str],
        venues: Mapping[Market, LegVenue],
        clock: Clock,
        tell: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self._binding = dict(binding)
        self._venues = venues
        self._clock = clock
        self._tell = tell
        self._lock: WriterLock | None = None
        self._instance = instance_tag(repr(sorted(self._binding.items())).encode())

    def close(self) -> None:
        """Let the journal and its lock go."""
        self.close_journal()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def close_journal(self) -> None:
        """Close the journal; the next use opens it again."""
        if "_journal" in self.__dict__:
            self._journal.close()
            del self.__dict__["_journal"]

    # --- reading ------------------------------------------------------------------------------------------------
    def spreads(self) -> list[Spread]:
        """List every spread with its fills, oldest first."""
        return self._journal.spreads()

    def unfinished(self) -> set[int]:
        """Tell which spreads have a transaction that was not brought to its end."""
        return {spread_id for _, spread_id, _, _ in self._journal.open_intents()}

    def put_aside(self) -> None:
        """Give the journal another name, as when the world it tells of is thrown away; nothing is deleted."""
        self._own()
        self.close_journal()
        stem = next(n for n in count(1) if not (self._folder / f"journal-{n}.db").exists())
        for suffix in ("", "-wal", "-shm"):
            file = self._folder / f"journal.db{suffix}"
            if file.exists():
                file.rename(self._folder / f"journal-{stem}.db{suffix}")

    # --- trading ------------------------------------------------------------------------------------------------
    def open(
        self, pair: Pair, terms: OpenTerms, *, at: datetime, tag: str = "", add_to: int | None = None
    ) -> Result:
        """Open a spread, or add to one that stands.

        Args:
            at: The venue's time, for the record.
            add_to: Id of the spread to add to; None makes a new one.
        """
        self._own()
        spread_id = add_to or self._journal.create_spread(_planned(pair, at, tag))
        intent_id = self._journal.create_intent(spread_id, "open", terms.as_text(), at)
        return self._run(spread_id, intent_id, pair, terms)

    def close_spread(self, spread_id: int, pair: Pair, terms: CloseTerms, *, at: datetime) -> Result:
        """Close a spread, wholly or in part."""
        self._own()
        intent_id = self._journal.create_intent(spread_id, "close", terms.as_text(), at)
        return self._run(spread_id, intent_id, pair, terms)

    def recover(self, pair_of: Callable[[Spread], Pair]) -> list[Result]:
        """Bring every transaction that was cut short to its end, by the code that would have ended it then."""
        if not self.unfinished():
            return []
        self._own()
        results = []
        for intent_id, spread_id, kind, text in self._journal.open_intents():
            spread = self._journal.spread(spread_id)
            self._tell(f"spread #{spread_id} {spread.symbol}: {kind} was cut short; finding out how it ended")
            terms = OpenTerms.from_text(text) if kind == "open" else CloseTerms.from_text(text)
            results.append(self._run(spread_id, intent_id, pair_of(spread), terms))
        return results

    # --- inside -------------------------------------------------------------------------------------------------
    @cached_property
    def _journal(self) -> Journal:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Journal(self._folder / "journal.db", self._binding)

    def _own(self) -> None:
        if self._lock is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = WriterLock(self._folder / "journal.lock")

    def _run(self, spread_id: int, intent_id: int, pair: Pair, terms: OpenTerms | CloseTerms) -> Result:
        rows: Rows = {(a.leg, a.number): a for a in self._journal.attempts(intent_id)}
        legs = Legs(pair=pair, intent_id=intent_id, instance=self._instance, rows=rows)
        engine = open_spread(legs, terms) if isinstance(terms, OpenTerms) else close_spread(legs, terms)
        driver = Driver(self._journal, self._venues, self._clock, self._tell)
        outcome = driver.run(spread_id, intent_id, engine)
        return Result(
            spread=self._journal.spread(spread_id),
            intent_id=intent_id,
            outcome=outcome,
            attempts=tuple(self._journal.attempts(intent_id)),
        )


def _planned(pair: Pair, at: datetime, tag: str) -> Spread:
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
    )


def executed(result: Result, *legs: LegName) -> Decimal:
    """Sum what the attempts of one transaction executed on some legs."""
    return sum((a.executed for a in result.attempts if a.leg in legs), Decimal(0))
