"""What the guard remembers from one look to the next: since when something is so, and whether a stream was silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from atapi.domain.streams import StreamState
from atapi.services.guard_checks import in_transit
from atapi.services.guard_facts import Account, Terms, standings
from atapi.services.guard_legs import even

Seen = tuple[object, ...]  # what makes it the same state of affairs at the next look


@dataclass
class Ages:
    """Since when each spread's legs differ, or its transaction is under way."""

    _first: dict[int, tuple[Seen, datetime]] = field(default_factory=dict)

    def note(self, account: Account, terms: Terms) -> dict[int, datetime]:
        """Take a look, and tell since when what is not settled and even is as it is."""
        first = {}
        for standing in standings(account):
            spread_id, level = standing.spread.spread_id, even(standing, terms.pairs[standing.spread.symbol])
            if in_transit(standing, account):
                seen: Seen = (account.trader is None, level)  # quantities change, and that is well
            elif level:
                continue
            else:
                seen = (standing.spot, standing.perp)
            known = self._first.get(spread_id)
            first[spread_id] = known if known and known[0] == seen else (seen, account.at)
        self._first = first
        return {spread_id: at for spread_id, (_, at) in first.items()}


@dataclass
class Listening:
    """Whether the futures stream tells of what asking shows."""

    _last: tuple[object, ...] | None = None
    _owed: int | None = None  # events heard when a change was seen of which none had told

    def silent(self, account: Account, states: Sequence[StreamState]) -> bool:
        """Tell whether the stream was silent about a change from one look to the next, and then to the one after."""
        state = next((s for s in states if s.name == "futures" and s.live), None)
        look = (sorted(account.positions.items()), sorted(account.collateral.items()))
        changed, self._last = self._last is not None and self._last[0] != look, (look,)
        if state is None:
            self._owed = None
            return False
        silent = self._owed is not None and state.heard == self._owed
        self._owed = state.heard if changed and not silent else None
        return silent
