"""The exchange itself: one deterministic state machine over a feed, a clock and a store. It knows no wire.

Every method is called from one thread (the server's loop). Same feed, same calls at the same clock: same state,
same ids, same answers. This is only its front: the work is done by the nouns it is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import Any

from atapi.matching.ledger import Holder
from atapi.matching.models.fees import Rates
from atapi.paper.accounts import Accounts, KeyMaker, random_key
from atapi.paper.backoffice import Backoffice
from atapi.paper.calls import Calls, first_moment
from atapi.paper.candles import Candles
from atapi.paper.clock import PaperClock
from atapi.paper.cm_market import CmMarket
from atapi.paper.effects import Effects
from atapi.paper.feeds.base import Bar, Catalogue, Feed, Series
from atapi.paper.feeds.coin_margined import CoinMarginedFeed
from atapi.paper.ids import Ids
from atapi.paper.margin.coin_markets import CoinMarkets
from atapi.paper.market import Market
from atapi.paper.orders import Orders
from atapi.paper.perpetuals import Perpetuals
from atapi.paper.prices import Prices
from atapi.paper.records import (
    AccountRecord,
    DepositRecord,
    IncomeRecord,
    OrderRecord,
    Refusal,
    SettledFunding,
    TradeRecord,
    TransferRecord,
)
from atapi.paper.rulebook import Rulebook
from atapi.paper.spot_desk import SpotDesk
from atapi.paper.store import Store
from atapi.paper.tape import Tape
from atapi.paper.terms import REGULAR, Gift, Terms
from atapi.paper.timeline import Timeline
from atapi.paper.traded_through import TradedThrough
from atapi.paper.transfers import Transfers
from atapi.paper.um_desk import UmDesk
from atapi.paper.um_market import UmMarket
from atapi.paper.views import FuturesTotals, Mark, PositionView, Submit
from atapi.paper.wallets import Wallets

__all__ = ["Exchange", "FuturesTotals", "Mark", "PositionView", "Submit"]


class Exchange:
    """Accounts, books, orders, funding and history of one world.

    Args:
        feed: Where prices come from.
        clock: What time it is.
        store: Where everything is kept; what it already holds is taken up again.
        make_key: Makes an API key and its secret.
    Raises:
        ConfigError: The store was made with another feed, or has lived past the clock's time.
        StorageError: The store cannot be written.
    """

    feed: Feed
    catalogue: Catalogue

    def __init__(
        self, feed: Feed, clock: PaperClock, store: Store, *, make_key: KeyMaker = random_key
    ) -> None:
        self.feed = feed = CoinMarginedFeed(feed)
        self.clock = clock
        self._store = store
        settled_ms = first_moment(feed, clock, store)
        self._wallets = Wallets(store)
        self._effects = Effects(store.stage, store.flush, self._wallets.free_and_held)
        store.complete = self._effects.complete
        self._call = Calls(clock, store, self._effects, settled_ms)
        self._rulebook = Rulebook(feed.catalogue(), store, self._effects, settled_ms)
        self.catalogue = self._rulebook.catalogue
        self.lag_ms = 0  # how long orders cannot be found after they were placed
        self._wallets.bind(self._effects)
        ids = Ids(store)
        self._accounts = Accounts(store, self._effects, ids, make_key)
        self._orders = Orders(store)
        self._prices = Prices(feed)
        office = Backoffice(
            feed,
            store,
            self._rulebook,
            self._prices,
            self._accounts,
            self._wallets,
            self._orders,
            ids,
            self._effects,
        )
        coins = CoinMarkets.open(office, self._call)
        self.margin = coins.desk
        self.spot = SpotDesk(coins.spot, self._call)
        self._perpetuals = {kind.name: Perpetuals.open(office, kind) for kind in (UmMarket, CmMarket)}
        self._transfers = Transfers(store, self._effects, self._wallets, ids, self._spendable, coins.accounts)
        self._markets: dict[str, Market[Any]] = {"spot": coins.spot, "margin": coins.margin} | {
            name: perpetuals.market for name, perpetuals in self._perpetuals.items()
        }
        futures = {name: perpetuals.market for name, perpetuals in self._perpetuals.items()}
        self._desks = {
            name: UmDesk(office, perpetuals, futures, settled_ms=settled_ms, call=self._call)
            for name, perpetuals in self._perpetuals.items()
        }
        through = TradedThrough(feed, self._orders, self._markets)
        sources = [
            through,
            *(source for desk in self._desks.values() for source in desk.sources),
            *coins.sources,
        ]
        self._call.follow(Timeline(self._orders, self._markets, sources))
        self._tape = Tape(feed, store)
        self._candles = Candles(feed)
        for order in sorted(store.open_orders(), key=lambda order: (order.working_ms, order.order_id)):
            self._market(order.market).restore(order)
        coins.spot.lists.restored()
        self._effects.meta("feed", feed.identity())
        self._call.commit()

    # --- time -----------------------------------------------------------------------------------------------
    def now_ms(self) -> int:
        """Tell the exchange's time."""
        return self.clock.now_ms()

    def settle(self) -> None:
        """Bring everything up to now: fundings due, resting orders the market reached, the crowd's quotes."""
        self._call.settle()

    def advance(self, span_ms: int) -> None:
        """Move the clock on and settle everything on the way, in order."""
        self._call.advance(span_ms)

    # --- accounts and wallets -------------------------------------------------------------------------------
    def create_account(self, name: str, terms: Terms = REGULAR) -> AccountRecord:
        """Make an account with a key of its own."""
        with self._call() as now:
            record = self._accounts.create(name, now, terms.public_key)
            self._agree(record.account, terms)
            self._fund(record.account, terms.funds, now)
            return record

    def agree(self, account: str, terms: Terms) -> None:
        """Change what an account pays and may do, and give it funds, as far as the terms say."""
        with self._call() as now:
            self._agree(account, terms)
            self._fund(account, terms.funds, now)

    def account_rates(self, account: str, market: str) -> Rates:
        """Fee rates of an account on a market."""
        return self._accounts.rates(account, market)

    def denied(self, account: str) -> frozenset[str]:
        """List what an account's key may not do."""
        return self._accounts.denied(account)

    def accounts(self) -> Sequence[AccountRecord]:
        """List accounts."""
        return self._accounts.all()

    def account_of_key(self, api_key: str) -> AccountRecord | None:
        """Find the account of an API key."""
        return self._accounts.of_key(api_key)

    def deposit(self, account: str, wallet: str, asset: str, amount: Decimal) -> None:
        """Give an account funds, from the faucet."""
        with self._call() as now:
            self._transfers.deposit(Holder(account, wallet), asset, amount, now)

    def transfer(self, account: str, kind: str, asset: str, amount: Decimal) -> TransferRecord:
        """Move funds between wallets: MAIN_UMFUTURE, UMFUTURE_MAIN, MAIN_FUNDING, FUNDING_MAIN, MAIN_MARGIN …"""
        with self._call() as now:
            return self._transfers.transfer(account, kind, asset, amount, now)

    def transfers(self, account: str) -> Sequence[TransferRecord]:
        """List transfers, oldest first."""
        return self._transfers.of(account)

    def deposits(self, account: str) -> Sequence[DepositRecord]:
        """List what an account was given from the faucet, oldest first."""
        return self._transfers.deposits(account)

    def balances(self, account: str, wallet: str) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Free and locked by asset in `spot`, `margin`, `um`, `cm` or `funding` (in `um` and `cm` locked is always 0)."""
        with self._call():
            return self._wallets.of(Holder(account, wallet))

    def fee_rates(self, account: str, market: str, symbol: str) -> tuple[Decimal, Decimal]:
        """Maker and taker rate."""
        return self._market(market).rates(account, symbol)

    def bnb_burn(self, account: str) -> tuple[bool, bool]:
        """Whether fees are paid in BNB on spot, on USD-M."""
        return self._accounts.burns_bnb(account, "spot"), self._accounts.burns_bnb(account, "um")

    def set_bnb_burn(self, account: str, *, spot: bool | None = None, um: bool | None = None) -> None:
        """Switch paying fees in BNB."""
        with self._call():
            for market, on in (("spot", spot), ("um", um)):
                if on is not None:
                    self._accounts.set_burns_bnb(account, market, on)

    # --- market data ----------------------------------------------------------------------------------------
    def last_price(self, market: str, symbol: str) -> Decimal:
        """Last trade price. Refusal -1121 for an unknown symbol, in this and every method that takes one."""
        of = self._market(market)
        of.listing(symbol)
        price = self._prices.last(of.series, symbol, self.now_ms())
        if price is None:
            raise Refusal(-1121, "Invalid symbol.")
        return price

    def depth(
        self, market: str, symbol: str, limit: int
    ) -> tuple[int, Sequence[tuple[Decimal, Decimal]], Sequence[tuple[Decimal, Decimal]]]:
        """Update id, bids and asks as (price, quantity), best first."""
        with self._call() as now:
            self._market(market).look(symbol, now)
            listing = self._market(market).listing(symbol)
        tick, lot = listing.tick, listing.lot
        bids, asks = listing.book.depth(limit)
        return (
            listing.version,
            [(tick * ticks, lot * lots) for ticks, lots in bids],
            [(tick * ticks, lot * lots) for ticks, lots in asks],
        )

    def bars(
        self,
        series: Series,
        symbol: str,
        interval_ms: int,
        start_ms: int | None,
        end_ms: int | None,
        limit: int,
    ) -> Sequence[Bar]:
        """Bars by Binance's rules: from `start_ms` up, else the newest `limit` to `end_ms`; never past now."""
        self._market(_market_of(series, symbol, self.catalogue)).listing(symbol)
        return self._candles.page(series, symbol, interval_ms, start_ms, end_ms, limit, self.now_ms())

    def public_trades(self, market: str, symbol: str, limit: int) -> Sequence[TradeRecord]:
        """Newest trades of the tape, oldest first; `side` is the taker's."""
        of = self._market(market)
        lot = of.listing(symbol).lot
        with self._call() as now:
            return self._tape.newest(market, of.series, symbol, lot, limit, now)

    def public_prints(self, market: str, symbol: str, limit: int) -> Sequence[TradeRecord]:
        """Newest trades of the tape that no account had a part in, oldest first."""
        of = self._market(market)
        lot = of.listing(symbol).lot
        with self._call() as now:
            return self._tape.prints(market, of.series, symbol, lot, limit, now)

    def mark(self, symbol: str, market: str = "um") -> Mark:
        """Mark, index and running funding of one perpetual."""
        return self._perpetuals[market].mark(symbol, self.now_ms())

    def funding_history(
        self,
        symbol: str | None,
        start_ms: int | None,
        end_ms: int | None,
        limit: int,
        market: str = "um",
    ) -> Sequence[SettledFunding]:
        """Settled funding, oldest first, by Binance's paging rules."""
        return self._perpetuals[market].funding_history(symbol, start_ms, end_ms, limit, self.now_ms())

    def open_interest(self, symbol: str, market: str = "um") -> Decimal:
        """Open interest in base asset, on COIN-M in contracts."""
        return self._perpetuals[market].open_interest(symbol, self.now_ms())

    # --- orders ---------------------------------------------------------------------------------------------
    def place(self, account: str, market: str, order: Submit) -> tuple[OrderRecord, Sequence[TradeRecord]]:
        """Judge, match and book one order; raises `Refusal` where Binance would refuse."""
        with self._call() as now:
            return self._market(market).place(account, order, now)

    def test(self, account: str, market: str, order: Submit) -> None:
        """Judge an order and book nothing."""
        with self._call() as now:
            self._market(market).admit(account, order, now)

    def cancel(
        self, account: str, market: str, symbol: str, *, order_id: int | None, client_order_id: str | None
    ) -> OrderRecord:
        """Cancel one order; Refusal -2011 where none is open."""
        with self._call() as now:
            return self._market(market).cancel(account, symbol, order_id, client_order_id, now)

    def cancel_all(self, account: str, market: str, symbol: str) -> Sequence[OrderRecord]:
        """Cancel every open order of a symbol."""
        with self._call() as now:
            return self._market(market).cancel_all(account, symbol, now)

    def order(
        self, account: str, market: str, symbol: str, *, order_id: int | None, client_order_id: str | None
    ) -> OrderRecord:
        """Find one order; Refusal -2013 where there is none."""
        with self._call():
            self._market(market).listing(symbol)
            order = self._orders.find(account, market, symbol, order_id, client_order_id)
            if not self._visible(order):
                raise Refusal(-2013, "Order does not exist.")
            return order

    def open_orders(self, account: str, market: str, symbol: str | None) -> Sequence[OrderRecord]:
        """List open orders, oldest first."""
        with self._call():
            if symbol is not None:
                self._market(market).listing(symbol)
            return [
                copy(order) for order in self._orders.open(account, market, symbol) if self._visible(order)
            ]

    def orders(self, account: str, market: str, symbol: str | None) -> Sequence[OrderRecord]:
        """List all orders, oldest first."""
        with self._call():
            if symbol is not None:
                self._market(market).listing(symbol)
            return [order for order in self._orders.all(account, market, symbol) if self._visible(order)]

    def trades(self, account: str, market: str, symbol: str | None) -> Sequence[TradeRecord]:
        """List an account's fills, oldest first."""
        with self._call():
            if symbol is not None:
                self._market(market).listing(symbol)
            return self._store.trades(account, market, symbol)

    def desk(self, market: str) -> UmDesk:
        """What a futures market has beyond that: settings, conditional orders, liquidation."""
        return self._desks[market]

    @property
    def futures(self) -> UmDesk:
        """The desk of USD-M."""
        return self._desks["um"]

    # --- futures account ------------------------------------------------------------------------------------
    def positions(self, account: str, market: str = "um") -> Sequence[PositionView]:
        """List open positions."""
        with self._call() as now:
            return self._perpetuals[market].accounts.views(account, now)

    def futures_totals(self, account: str, asset: str = "USDT", market: str = "um") -> FuturesTotals:
        """Totals of one margin asset of a futures wallet."""
        with self._call() as now:
            return self._perpetuals[market].accounts.totals(account, asset, now)

    def income(self, account: str, market: str = "um") -> Sequence[IncomeRecord]:
        """List income, oldest first."""
        with self._call():
            return self._store.income(account, market)

    def leverage(self, account: str, symbol: str, market: str = "um") -> int:
        """Leverage of a symbol; 20 until changed, or the most it allows."""
        self._market(market).listing(symbol)
        return self._perpetuals[market].accounts.modes.leverage(account, symbol)

    def set_leverage(self, account: str, symbol: str, leverage: int, market: str = "um") -> None:
        """Set leverage; Refusal -4028 outside the symbol's brackets."""
        with self._call() as now:
            self._perpetuals[market].market.set_leverage(account, symbol, leverage, now)

    # --- rules ----------------------------------------------------------------------------------------------
    def change_rules(self, market: str, symbol: str, changes: Mapping[str, Any]) -> None:
        """Change rules of a symbol for as long as this process runs; `changes` by field of its rules."""
        with self._call() as now:
            self._rulebook.change(market, symbol, changes, now)
            self._market(market).rules_changed(symbol)

    def restore_rules(self, market: str, symbol: str) -> None:
        """Let the feed's own rules of a symbol hold again."""
        with self._call() as now:
            self._rulebook.restore(market, symbol, now)
            self._market(market).rules_changed(symbol)

    # --- events ---------------------------------------------------------------------------------------------
    def subscribe(self, listener: Callable[[str, Any], None]) -> None:
        """Call `listener(kind, record)` after each order, trade, balance or funding event, in order.

        Kinds: "order" (OrderRecord copy), "trade" (TradeRecord), "balance" ((account, wallet, asset, free, locked)),
        "position" (PositionRecord copy), "funding" (SettledFunding), "funding_payment" (FundingPayment), "book" ((market, symbol)), "amendment"
        (OrderRecord copy), "algo" (AlgoRecord copy), "margin_call" (MarginCall), "config" ((account, what changed)),
        "margin_type" ((account, market, symbol, position sides, isolated)).
        """
        self._effects.subscribe(listener)

    # --- durability -----------------------------------------------------------------------------------------
    def defer(self, soon: Callable[[], None]) -> None:
        """Make calls durable together: `soon` is called after each that changed something, and `flush` has to follow
        before anybody is shown what a call returned."""
        self._effects.defer(soon)

    def flush(self) -> None:
        """Make every call so far durable.

        Raises:
            StorageError: It could not be written, and nothing more will be.
        """
        self._effects.flush()

    def take_up(self) -> None:
        """Let the file take up what is durable only in the log ahead of it, as a pause allows.

        Raises:
            StorageError: As `flush`.
        """
        self._store.take_up()

    # --------------------------------------------------------------------------------------------------------
    def _agree(self, account: str, terms: Terms) -> None:
        for market, rates in terms.fees.items():
            self._accounts.set_rates(account, market, rates)
        if terms.permissions is not None:
            self._accounts.allow(account, terms.permissions)
        for market in ("spot", "um") if terms.pays_bnb is not None else ():
            self._accounts.set_burns_bnb(account, market, bool(terms.pays_bnb))

    def _fund(self, account: str, funds: Sequence[Gift], now_ms: int) -> None:
        for wallet, asset, amount in funds:
            self._transfers.deposit(Holder(account, wallet), asset, amount, now_ms)

    def _visible(self, order: OrderRecord) -> bool:
        return not self.lag_ms or self._call.settled_ms - order.created_ms >= self.lag_ms

    def _market(self, name: str) -> Market[Any]:
        return self._markets[name]

    def _spendable(self, holder: Holder, asset: str, now_ms: int) -> Decimal:
        return self._desks[holder.wallet].spendable(holder.account, asset, now_ms)


def _market_of(series: Series, symbol: str, catalogue: Catalogue) -> str:
    if series in (Series.MARK, Series.INDEX, Series.PREMIUM):
        return "cm" if symbol in catalogue.cm else "um"
    return series.value
