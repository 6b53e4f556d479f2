"""Reconciling: whether the account is what the journal says, before anything risky is begun."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from atapi.clock import monotonic_ms
from atapi.domain.spreads import Pair, SpreadState
from atapi.errors import AtapiError, Refused
from atapi.execution.executor import Executor
from atapi.execution.reconcile import Finding, Kind, Reconciler, Scope
from atapi.execution.sizing import common_lot
from atapi.services.interest import InterestBook
from atapi.services.recovery import Recovery
from atapi.services.symbols import SymbolBook
from atapi.table import Table

FRESH_MS = 5_000  # a comparison this young need not be made again between plan and order


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One difference between the account and the journal."""

    symbol: str
    finding: str
    message: str
    mend: str  # what to type


@dataclass(slots=True, kw_only=True)
class ReconcileService:
    """Compares the account with the journal at start, in between, and before whatever adds risk."""

    executor: Executor
    reconciler: Reconciler
    recovery: Recovery
    symbols: SymbolBook
    interest: InterestBook
    _sound: dict[str, float] = field(default_factory=dict)  # symbol -> when nothing was found, monotonic
    _looked: bool = False  # at open orders in all symbols
    _stop: Finding | None = None  # what forbids new risk in every symbol, as last seen

    def before_risk(self, pair: Pair, *, planned: bool = False) -> None:
        """See that nothing stands against new risk in a symbol.

        Args:
            planned: A comparison made for the plan a moment ago is enough.

        Raises:
            Refused: Something differs; the message says what, the hint how to mend it.
            OutcomeUnknown: An order's fate is still unproven.
        """
        self.recovery.run()
        now = monotonic_ms()
        if planned and now - self._sound.get(pair.symbol, -FRESH_MS) < FRESH_MS:
            return
        self.interest.book()
        found = self._compare([_scope(pair)], everywhere=not self._looked or self._stop is not None)
        for finding in found:
            if finding.everywhere or finding.symbol in (pair.symbol, pair.spot.symbol):
                self._tell_once(finding)
                raise Refused(finding.message, hint=finding.hint)
        self._sound[pair.symbol] = now

    def after(self, pair: Pair) -> Finding | None:
        """Compare again once orders of a spread are through: tell what is left without its other leg, or None.

        What cannot be compared now is compared before the next order that adds risk.
        """
        self._sound.pop(pair.symbol, None)
        found: list[Finding] = []
        with suppress(AtapiError):
            found = self._compare([_scope(pair)], everywhere=False)
        first = next((f for f in found if f.kind in (Kind.TWICE, Kind.LEGS)), None)
        if first is not None:
            self._tell_once(first)
        return first

    def before_order(self) -> None:
        """See that nothing forbids new risk in every symbol, before a single order that belongs to no spread.

        Raises:
            Refused: The account is traded from elsewhere too, or the journal is an old copy.
            OutcomeUnknown: An order's fate is still unproven.
        """
        self.recovery.run()
        if not self._looked or self._stop is not None:
            self._compare([], everywhere=True)
        if self._stop is not None:
            raise Refused(self._stop.message, hint=self._stop.hint)

    def findings(self) -> list[Finding]:
        """Compare every symbol a spread stands in; what is proven is adopted, the rest is listed."""
        self.interest.book()
        standing = {s.symbol for s in self.executor.spreads() if s.state is not SpreadState.FLAT}
        scopes = [_scope(self.symbols.pair(symbol)) for symbol in sorted(standing)]
        return self._compare(scopes, everywhere=True)

    def table(self) -> Table:
        """List what differs between the account and the journal."""
        notes = self.recovery.before_reading()
        rows = [
            FindingRow(symbol=f.symbol, finding=f.kind.value, message=f.message, mend=f.hint)
            for f in self.findings()
        ]
        return Table.of(rows, FindingRow, empty="the account is what the journal says", notes=notes)

    def accept(self) -> list[Finding]:
        """Take every finding as explained, for good, and tell which they were."""
        found = self.findings()
        for finding in found:
            self.reconciler.accept(finding)
        self._stop = None
        return found

    def adopt(self, symbol: str) -> str:
        """Take trades made by hand as those of the spread in a symbol, and tell what was adopted.

        Raises:
            Refused: They do not explain the position.
        """
        pair = self.symbols.pair(symbol)
        fills = (*self.reconciler.adopt_trades(pair.symbol), *self.reconciler.adopt_coins(pair.symbol))
        if not fills:
            raise Refused(
                f"no trades explain the position in {pair.symbol}", hint=f"positions {pair.symbol}; fills"
            )
        return (
            f"{len(fills)} trades of {pair.symbol} are the spread's now; hedge {pair.symbol} evens its legs"
        )

    def _tell_once(self, finding: Finding) -> None:
        # what was traded twice stays traded: told with what takes it back, it stands in nobody's way
        if finding.kind is Kind.TWICE and self.executor.holder() is None:
            self.reconciler.accept(finding)

    def _compare(self, scopes: Sequence[Scope], *, everywhere: bool) -> list[Finding]:
        found = self.reconciler.compare(scopes, everywhere=everywhere)
        if everywhere:
            self._looked = True
            self._stop = next((f for f in found if f.everywhere), None)
        return found


def _scope(pair: Pair) -> Scope:
    return Scope(
        symbol=pair.symbol,
        spot_symbol=pair.spot.symbol,
        base_asset=pair.spot.base_asset,
        contract=pair.perp.base_asset,
        common_lot=common_lot(pair) * pair.multiplier,
    )
