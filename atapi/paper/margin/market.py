"""The margin market: spot orders in the spot books, paid from the margin wallet, on borrowed funds where asked."""

from __future__ import annotations

from atapi.paper.backoffice import Backoffice
from atapi.paper.feeds.base import SpotRules
from atapi.paper.listing import Listing
from atapi.paper.margin.accounts import MarginAccounts
from atapi.paper.margin.records import MarginOrder
from atapi.paper.margin.side_effects import BORROWS, SideEffects, to_borrow
from atapi.paper.margin.terms import Terms
from atapi.paper.market import Draft
from atapi.paper.records import OrderRecord, Refusal, TradeRecord
from atapi.paper.spot_market import SpotMarket, spent
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

    def judge(self, account: str, submit: Submit, now_ms: int) -> Draft:
        """Say what an order would do, or refuse it: also where a loan it needs would be refused."""
        rules = self.listing(submit.symbol).rules
        if not self._terms.tradable(rules):
            raise Refusal(-3021, "Margin account are not allowed to trade this trading pair.")
        return super().judge(account, submit, now_ms)

    def place(self, account: str, submit: Submit, now_ms: int) -> tuple[OrderRecord, list[TradeRecord]]:
        """Judge an order, borrow what it lacks, match and book it, repay with what it brought."""
        draft = self.judge(account, submit, now_ms)
        listing, order = self.listing(submit.symbol), self.number(draft.order)
        side = MarginOrder(
            order_id=order.order_id,
            side_effect=submit.side_effect,
            repay_at_cancel=submit.repay_at_cancel,
        )
        lacking = self.lacking(listing, draft, submit)
        self.side_effects.begin(order, side, spent(listing.rules, order), lacking, now_ms)
        placed, trades = self.accept(draft, now_ms)
        self.side_effects.filled(placed, side, trades, listing.rules, now_ms)
        return placed, trades

    def check_funds(self, listing: Listing[SpotRules], draft: Draft, submit: Submit, now_ms: int) -> None:
        """Refuse an order that neither the wallet nor the loan it asks for can pay."""
        lacking = self.lacking(listing, draft, submit)
        if lacking > 0 and submit.side_effect in BORROWS:
            order = draft.order
            asset = spent(listing.rules, order)
            self._accounts.judge_borrow(order.account, asset, to_borrow(lacking), now_ms)
        else:
            super().check_funds(listing, draft, submit, now_ms)
