"""Ends what was cut short: finds the engine of every intent the journal holds unfinished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atapi.domain.numbers import plain
from atapi.domain.spreads import Spread, SpreadState
from atapi.errors import OutcomeUnknown
from atapi.execution.executor import EngineOf, Executor, recovery_engine
from atapi.execution.journal_rows import Intent
from atapi.execution.leg import Unproven
from atapi.execution.order_engines import KINDS, recovering
from atapi.services.reverse import ReverseService
from atapi.services.symbols import SymbolBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Brings transactions that were cut short to their end, before anything new is begun."""

    executor: Executor
    symbols: SymbolBook
    reverse: ReverseService

    def run(self) -> list[tuple[Intent, Any]]:
        """Bring every unfinished transaction to its end and tell how each ended.

        Raises:
            OutcomeUnknown: An order's fate is still unproven.
            SpreadBroken: A reverse spread was closed, and more than dust of what it borrowed is still owed.
        """
        try:
            ended = self.executor.recover(self._engine_for)
        except Unproven as e:
            raise unproven(e) from e
        for spread in self._repaid(ended):
            self.reverse.settle(spread)
        return ended

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
        ended = self.run()
        debts = [line for spread in self._repaid(ended) for line in self.reverse.told(spread)]
        return [*(self._told(intent, outcome) for intent, outcome in ended), *debts]

    def _repaid(self, ended: list[tuple[Intent, Any]]) -> list[Spread]:
        """The reverse spreads that were brought to their end, and owe nothing if it is a good one."""
        ids = {intent.spread_id for intent, _ in ended}
        return [
            s
            for s in self.executor.spreads()
            if s.spread_id in ids and s.reverse and s.state is SpreadState.FLAT
        ]

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
