"""What a futures market has beyond orders, positions and funding: settings, conditional orders, what happens by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from decimal import Decimal

from atapi.paper.algo_book import AlgoBook
from atapi.paper.algo_desk import AlgoDesk
from atapi.paper.algos import AlgoRecord
from atapi.paper.backoffice import Backoffice
from atapi.paper.collateral import BUFFERS, AssetIndex
from atapi.paper.deadlines import Deadlines
from atapi.paper.delistings import Delistings
from atapi.paper.forced import ForcedOrders
from atapi.paper.funding_dues import FundingDues
from atapi.paper.insurance import InsuranceFund
from atapi.paper.liquidations import Liquidations
from atapi.paper.liquidator import Liquidator
from atapi.paper.lookout import Lookout
from atapi.paper.perpetuals import Perpetuals
from atapi.paper.records import ZERO, OrderRecord, Refusal
from atapi.paper.timeline import Source
from atapi.paper.triggers import Triggers
from atapi.paper.um_amend import Amendment, amend
from atapi.paper.um_amendments import AmendmentRecord, UmAmendments
from atapi.paper.um_market import UmMarket
from atapi.paper.um_modes import BOTH, LONG, SHORT
from atapi.paper.um_settings import Calling, UmSettings
from atapi.paper.views import PositionView


class UmDesk:
    """The collaborators of one futures market, put together.

    Args:
        futures: Both futures markets.
        settled_ms: Up to when the exchange has lived.
        call: Brackets what a call does: settled before, durable after.
    """

    def __init__(
        self,
        office: Backoffice,
        perpetuals: Perpetuals,
        futures: Mapping[str, UmMarket],
        *,
        settled_ms: int,
        call: Calling,
    ) -> None:
        self._market = market = perpetuals.market
        self._collateral = perpetuals.collateral
        self._call = call
        positions = market.positions
        self._algos = AlgoBook(
            office.store,
            office.effects,
            market.rules,
            lambda *key: not positions.quantity(*key),
            lambda order: market.rules[order.symbol].contract.price(order.executed, order.quote_executed),
            settled_ms,
        )
        market.on_end.append(self._algos.order_ended)
        market.on_trade.append(self._algos.traded)
        lookout = Lookout(office.feed, office.prices, market.rules, market.series)
        triggers = Triggers(lookout, office.prices, perpetuals.marks, self._algos, market)
        self._algo_desk = AlgoDesk(market, self._algos, triggers, office.ids)
        self._deadlines = Deadlines(market, self._algos, office.accounts)
        self._amendments = UmAmendments(office.store, office.effects, office.ids, market.name)
        self.insurance = InsuranceFund(office.wallets, market.name)
        self.forced = ForcedOrders()
        self._liquidator = Liquidator(market, self.insurance, self.forced)
        self.settings = UmSettings(office, market, futures, call)
        self.delistings = Delistings(market, office.rulebook, perpetuals.marks, self._algos)
        self.sources: Sequence[Source] = (
            self._deadlines,
            self.delistings,
            FundingDues(perpetuals.funding, market, office.orders, self._algos),
            triggers,
            Liquidations(lookout, market.accounts, self._liquidator, office.effects),
        )

    # --- orders -------------------------------------------------------------------------------------------------
    def amend(self, account: str, wanted: Amendment) -> OrderRecord:
        """Change price and quantity of an open order."""
        with self._call() as now:
            return amend(self._market, self._amendments, account, wanted, now)

    def amendments(self, account: str, order_id: int) -> Sequence[AmendmentRecord]:
        """List what an order was before each change, oldest first."""
        with self._call():
            return self._amendments.of(account, order_id)

    def count_down(self, account: str, symbol: str, span_ms: int) -> None:
        """Cancel an account's orders in a symbol after a while, unless called again; 0 calls it off."""
        with self._call() as now:
            self._market.listing(symbol)
            self._deadlines.count_down(account, symbol, span_ms, now)

    # --- conditional orders -------------------------------------------------------------------------------------
    def place_algo(self, algo: AlgoRecord) -> AlgoRecord:
        """Keep a conditional order that has no id yet, or refuse it."""
        with self._call() as now:
            return self._algo_desk.place(algo, now)

    def cancel_algo(self, account: str, algo_id: int | None, client_algo_id: str | None) -> AlgoRecord:
        """Cancel one that has not triggered."""
        with self._call() as now:
            return self._algos.cancel(account, algo_id, client_algo_id, now)

    def cancel_algos(self, account: str, symbol: str) -> None:
        """Cancel every one of a symbol that has not triggered."""
        with self._call() as now:
            self._market.listing(symbol)
            for algo in self._algos.open(account, symbol):
                self._algos.end(algo, "CANCELED", "", now)

    def algo(self, account: str, algo_id: int | None, client_algo_id: str | None) -> AlgoRecord:
        """Find one, open or not."""
        with self._call():
            return self._algos.find(account, algo_id, client_algo_id)

    def open_algos(self, account: str, symbol: str | None) -> Sequence[AlgoRecord]:
        """List those that have not triggered, oldest first."""
        with self._call():
            if symbol is not None:
                self._market.listing(symbol)
            return [copy(algo) for algo in self._algos.open(account, symbol)]

    def algos(self, account: str, symbol: str | None) -> Sequence[AlgoRecord]:
        """List all, oldest first."""
        with self._call():
            return self._algos.all(account, symbol)

    # --- margin -------------------------------------------------------------------------------------------------
    def views(self, account: str, symbol: str) -> Sequence[PositionView]:
        """Show a symbol, held or flat: one row in one-way mode, all three in hedge mode."""
        with self._call() as now:
            self._market.listing(symbol)
            accounts = self._market.accounts
            sides = (BOTH, LONG, SHORT) if self.settings.hedged(account) else (BOTH,)
            held = {
                v.position.position_side: v
                for v in accounts.views(account, now)
                if v.position.symbol == symbol
            }
            return [held.get(side) or accounts.flat_view(account, symbol, side, now) for side in sides]

    def busy_views(self, account: str) -> Sequence[PositionView]:
        """Show positions that are open, and flat symbols that have orders."""
        with self._call() as now:
            accounts = self._market.accounts
            found = accounts.views(account, now)
            held = {view.position.symbol for view in found}
            sides = (LONG, SHORT) if self.settings.hedged(account) else (BOTH,)
            flat = [
                accounts.flat_view(account, symbol, side, now)
                for symbol in accounts.resting_symbols(account)
                if symbol not in held
                for side in sides
            ]
            return sorted(
                [*found, *flat], key=lambda view: (view.position.symbol, view.position.position_side)
            )

    def open_notional(self, account: str, symbol: str) -> tuple[Decimal, Decimal]:
        """Tell the notional of an account's open orders in a symbol: those that buy, those that sell."""
        return self._market.accounts.open_notional(account, symbol)

    def spendable(self, account: str, asset: str, now_ms: int) -> Decimal:
        """How much of an asset may leave the futures wallet."""
        accounts = self._market.accounts
        totals = accounts.totals(account, asset, now_ms)
        if not self.settings.joined(account):
            return max(ZERO, min(totals.cross_wallet, totals.available))
        index = self._collateral.index(asset, now_ms)
        own = accounts.balance(account, asset)
        return max(ZERO, own if index is None else min(own, totals.available / index.bid))

    def asset_indices(self) -> Sequence[AssetIndex]:
        """List what margin assets are worth in multi-assets mode."""
        with self._call() as now:
            found = (self._collateral.index(asset, now) for asset in sorted(BUFFERS))
            return [index for index in found if index is not None]

    def delist(self, symbol: str, span_ms: int | None) -> None:
        """End a symbol after a while; None lets it live on."""
        with self._call() as now:
            if span_ms is None:
                self.delistings.call_off(symbol, now)
            else:
                self.delistings.schedule(symbol, now + span_ms, now)

    def deleverage(self, account: str, symbol: str, side: str, quantity: Decimal) -> None:
        """Close so much of a position at the mark, as if somebody on the other side had gone bankrupt."""
        with self._call() as now:
            position = self._market.positions.find(account, symbol, side)
            mark = self._market.mark(symbol, now)
            if position is None or mark is None or not 0 < quantity <= abs(position.quantity):
                raise Refusal(-2022, "ReduceOnly Order is rejected.")
            self._liquidator.deleverage(position, quantity, mark, now)
