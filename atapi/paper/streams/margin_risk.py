"""The risk stream of a margin account: its level's status when that changes, and its debts when they do."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atapi.matching.credit import LIQUIDATION_BAR, TRANSFER_BAR, Bars, Debt
from atapi.paper.exchange import Exchange
from atapi.paper.margin.loans import NOTHING
from atapi.paper.wire.figures import eight
from atapi.paper.wire.shapes.margin import level

Json = dict[str, Any]


class MarginRisk:
    """Watches one account for one listener; what it is like at the beginning is not told."""

    def __init__(self, exchange: Exchange, account: str, tell: Callable[[Json], None]) -> None:
        self._exchange = exchange
        self._account = account
        self._tell = tell
        self._status, self._debts = self._look()[1:]

    def news(self) -> None:
        """Tell what has changed since the last look."""
        before_status, before = self._status, self._debts
        shown, self._status, self._debts = self._look()
        now = self._exchange.now_ms()
        for asset in sorted({*before, *self._debts}):
            old, new = before.get(asset, NOTHING), self._debts.get(asset, NOTHING)
            if old != new:
                self._tell(
                    {
                        "e": "USER_LIABILITY_CHANGE",
                        "E": now,
                        "a": asset,
                        "t": _kind(old, new),
                        "p": eight(new.principal),
                        "i": eight(new.interest),
                    }
                )
        if self._status != before_status:
            self._tell({"e": "MARGIN_LEVEL_STATUS_CHANGE", "E": now, "l": shown, "s": self._status})

    def _look(self) -> tuple[str, str, dict[str, Debt]]:
        standing = self._exchange.margin.standing(self._account)
        status = _status(standing.margin_level, standing.bars)
        return level(standing.margin_level), status, dict(standing.debts)


def _status(level: Decimal, bars: Bars) -> str:
    if level > TRANSFER_BAR:
        return "EXCESSIVE"
    if level > bars.call:
        return "NORMAL"
    return "MARGIN_CALL" if level > LIQUIDATION_BAR else "FORCE_LIQUIDATION"


def _kind(old: Debt, new: Debt) -> str:
    if new.principal != old.principal:
        return "BORROW" if new.principal > old.principal else "REPAY"
    return "INTEREST" if new.interest > old.interest else "REPAY"
