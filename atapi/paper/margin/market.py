"""The margin market: spot orders in the spot books, paid from the margin wallet, on borrowed funds where asked."""

from __future__ import annotations

from atapi.paper.backoffice import Backoffice
from atapi.paper.margin.accounts import MarginAccounts
from atapi.paper.margin.side_effects import BORROWS, SideEffects, to_borrow
from atapi.paper.margin.terms import Terms
from atapi.paper.market import Draft
from atapi.paper.records import OrderRecord, Refusal, TradeRecord
from atapi.paper.spot_market import SpotMarket
from atapi.paper.views import Submit


class MarginMarket(SpotMarket):
    """Spot orders of margin accounts.

    Args:
        spot: Whose books they trade in.
    """

    name = "margin"

    def __init__(
        self,
        office: Backoffice,
        spot: SpotMarket,
        terms: Terms,
        accounts: MarginAccounts,
        side_effects: SideEffects,
    ) -> None:
        super().__init__(office, spot.rules, side_effects)
        self.share_books(spot)
        self._terms = terms
        self._accounts = accounts

    def draw_up(self, account: str, submit: Submit, now_ms: int) -> OrderRecord:
        """Write down an order as it was asked; refuse one for a pair that does not trade on margin."""
        if not self._terms.tradable(self.listing(submit.symbol).rules):
            raise Refusal(-3021, "Margin account are not allowed to trade this trading pair.")
        return super().draw_up(account, submit, now_ms)

    def check_funds(self, draft: Draft, now_ms: int) -> None:
        """Refuse an order that neither its wallet nor the loan it asks for can pay."""
        order, lacking = draft.order, self.lacking(draft)
        if lacking > 0 and order.terms.side_effect in BORROWS:
            self._accounts.judge_borrow(order.account, self.spent(order), to_borrow(lacking), now_ms)
        else:
            super().check_funds(draft, now_ms)

    def begin(self, draft: Draft, now_ms: int) -> list[TradeRecord]:
        """Borrow what an order lacks, and let it go on the book or wait for its price."""
        lacking = self.lacking(draft)
        if lacking > 0:
            self.side_effects.borrow(draft.order, self.spent(draft.order), lacking, now_ms)
        return super().begin(draft, now_ms)
