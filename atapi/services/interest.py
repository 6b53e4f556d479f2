"""Interest of reverse spreads: told apart spread by spread, and booked in the journal."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from atapi.domain.margin import Interest
from atapi.domain.numbers import ZERO
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.exchanges.base import MarginVenue
from atapi.execution.executor import Executor

SKEW = timedelta(seconds=1)  # the hosts of margin and of futures need not agree on the time


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestBook:
    """Knows what the borrowed coins of each spread cost.

    A venue lists interest by asset and time alone. While a spread stands no other debt in its coin is allowed, so what
    was charged in its lifetime is its own.
    """

    margin: MarginVenue | None  # None where the network has none, and no spread can have borrowed
    executor: Executor

    def of(self, spread: Spread) -> list[Interest]:
        """List the interest charged for one spread up to now, oldest first; none where it borrowed nothing."""
        if not spread.reverse or spread.opened_at is None or self.margin is None:
            return []
        booked = {line.interest_id: line for line in self.executor.journal.interest(spread.spread_id)}
        start = max((line.at for line in booked.values()), default=spread.opened_at - SKEW)
        lines = self.margin.interest(spread.base_asset, start=start, end=spread.closed_at)
        hourly = [line for line in lines if not line.on_borrow and line.at > spread.opened_at]
        charged = booked | {line.interest_id: line for line in [*hourly, *self._on_borrow(spread, lines)]}
        return sorted(charged.values(), key=lambda line: (line.at, int(line.interest_id)))

    def in_coins(self, spread: Spread) -> Decimal:
        """Sum the interest that was charged up to now in the borrowed coin itself, and not in BNB."""
        return sum((line.amount for line in self.of(spread) if line.asset == spread.base_asset), ZERO)

    def charged(self, spread: Spread) -> Spread:
        """State a spread with all interest up to now, booked or not."""
        return replace(spread, interest=self.in_coins(spread)) if spread.reverse else spread

    def owed(self, spread: Spread) -> Decimal:
        """What a spread owes of its coin now: what it sold and did not buy back, with interest."""
        return self.in_coins(spread) - spread.spot_quantity

    def book(self, *closed: Spread) -> None:
        """Write down what was charged since the last time, of spreads that stand and of those that just closed.

        Only where this process writes already: whoever merely reads takes nobody's right to.
        """
        if not self.executor.owns:
            return
        standing = [s for s in self.executor.spreads() if s.reverse and s.state is not SpreadState.FLAT]
        for spread in [*standing, *closed]:
            known = {line.interest_id for line in self.executor.journal.interest(spread.spread_id)}
            fresh = [line for line in self.of(spread) if line.interest_id not in known]
            if fresh:
                self.executor.book_interest(spread.spread_id, fresh)

    def _on_borrow(self, spread: Spread, lines: list[Interest]) -> list[Interest]:
        # Where the clock stands still, one spread may close and the next one borrow in the same millisecond: the
        # lines of that moment then belong to the sales in the order they were made.
        at_moment: dict[datetime, list[Interest]] = defaultdict(list)
        for line in lines:
            if line.on_borrow:
                at_moment[line.at].append(line)
        others = [s for s in self.executor.spreads() if s.reverse and s.base_asset == spread.base_asset]
        ours = []
        for at, charged in at_moment.items():
            sales = [s.spread_id for s in others for _ in range(_sales(s, at))]
            owners = sales if len(sales) == len(charged) else [spread.spread_id] * len(charged)
            ours += [line for line, owner in zip(charged, owners, strict=True) if owner == spread.spread_id]
        return ours


def _sales(spread: Spread, at: datetime) -> int:
    return len({fill.order_id for fill in spread.leg_fills(LegName.SPOT_ENTRY) if fill.at == at})
