"""Ends what was cut short: finds the engine of every intent the journal holds unfinished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atapi.domain.numbers import plain
from atapi.errors import OutcomeUnknown
from atapi.execution.executor import EngineOf, Executor, recovery_engine
from atapi.execution.journal_rows import Intent
from atapi.execution.leg import Unproven
from atapi.execution.order_engines import KINDS, recovering
from atapi.services.symbols import SymbolBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Brings transactions that were cut short to their end, before anything new is begun."""

    executor: Executor
    symbols: SymbolBook

    def run(self) -> list[tuple[Intent, Any]]:
        """Bring every unfinished transaction to its end and tell how each ended.

        Raises:
            OutcomeUnknown: An order's fate is still unproven.
        """
        try:
            return self.executor.recover(self._engine_for)
        except Unproven as e:
            raise unproven(e) from e

    def before_reading(self) -> list[str]:
        """Bring them to their end, unless another process may write: then only say so.

        Returns:
            Lines to be shown beside what is read.

        Raises:
            OutcomeUnknown: An order's fate is still unproven.
        """
        who = self.executor.holder()
        if who is not None:
            return [f"process {who} is trading on this journal: read-only here"]
        return [self._told(intent, outcome) for intent, outcome in self.run()]

    def _told(self, intent: Intent, outcome: Any) -> str:
        if intent.kind in KINDS:
            symbol = intent.terms.get("symbol") or intent.terms["client_order_id"]
            return f"{intent.kind} of {symbol}: ended; orders"
        assert intent.spread_id is not None, intent
        symbol = self.executor.journal.spread(intent.spread_id).symbol
        return f"#{intent.spread_id} {symbol}: ended {outcome.state}"

    def _engine_for(self, intent: Intent) -> EngineOf[Any]:
        if intent.kind in KINDS:
            return recovering(intent, self.executor.journal)
        assert intent.spread_id is not None, intent
        spread = self.executor.journal.spread(intent.spread_id)
        return recovery_engine(intent, self.symbols.pair(spread.symbol))


def unproven(e: Unproven) -> OutcomeUnknown:
    """Say that an order's fate could not be established, and what to do."""
    order = e.attempt.request
    return OutcomeUnknown(
        f"no answer for order {order.client_order_id} ({order.side} {plain(order.quantity)} {order.symbol}"
        f" on {order.market}); it may be live",
        hint="spreads: asks again and goes on from there; nothing is sent twice",
    )
