"""Venues in memory for tests of services: they answer from what a test puts into them and count nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from atapi.domain.account import (
    Balance,
    BnbDiscount,
    FeeRates,
    FuturesAccount,
    Income,
    LeverageBracket,
    Position,
    Wallet,
)
from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import (
    BookTicker,
    Candle,
    Depth,
    FundingRate,
    FundingTerms,
    Level,
    MarkPrice,
    Ticker,
)
from atapi.domain.numbers import ZERO
from atapi.domain.orders import Amendment, Fill, Order, OrderRequest
from atapi.errors import OrderNotFound
from atapi.exchanges.paper_admin import PaperStatus
from atapi.exchanges.paper_backroom import FaultWord, Fees, Gift, PaperAccount, PaperFault

D = Decimal
NO_DISCOUNT = BnbDiscount(spot=False, futures=False)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STEPS = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1), "1d": timedelta(days=1)}


def utc(text: str) -> datetime:
    """Read `2026-01-01` or `2026-01-01T08:00` as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def spot_instrument(symbol: str, *, quote: str = "USDT", status: str = "TRADING") -> Instrument:
    """Make a spot symbol with common rules."""
    return Instrument(
        market=Market.SPOT,
        symbol=symbol,
        base_asset=symbol.removesuffix(quote),
        quote_asset=quote,
        status=status,
        perpetual=False,
        tick_size=D("0.01"),
        lot_size=D("0.00001"),
        min_quantity=D("0.00001"),
        max_quantity=D(9000),
        min_notional=D(5),
    )


def perpetual(symbol: str, *, status: str = "TRADING", dated: bool = False) -> Instrument:
    """Make a futures symbol with common rules."""
    return Instrument(
        market=Market.UM,
        symbol=symbol,
        base_asset=symbol.partition("_")[0].removesuffix("USDT"),
        quote_asset="USDT",
        status=status,
        perpetual=not dated,
        tick_size=D("0.1"),
        lot_size=D("0.001"),
        min_quantity=D("0.001"),
        max_quantity=D(1000),
        min_notional=D(50),
    )


def quote(symbol: str, bid: str, ask: str) -> BookTicker:
    """Make a best bid and ask of one unit each."""
    return BookTicker(symbol=symbol, bid=D(bid), bid_quantity=D(1), ask=D(ask), ask_quantity=D(1))


def bars(interval: str, until: datetime, closes: Sequence[str]) -> list[Candle]:
    """Make bars that open where the one before closed; the last one opens at `until`."""
    step = STEPS[interval]
    first = until - step * (len(closes) - 1)
    opens = (closes[0], *closes)
    return [
        Candle(
            open_at=first + step * i,
            open=D(opens[i]),
            high=max(D(opens[i]), D(close)),
            low=min(D(opens[i]), D(close)),
            close=D(close),
            volume=D(2),
            turnover=2 * D(close),
            trades=3,
            close_at=first + step * (i + 1) - timedelta(milliseconds=1),
        )
        for i, close in enumerate(closes)
    ]


@dataclass(kw_only=True)
class FakeMarket:
    """One market: public data, orders and fills."""

    market: Market
    listed: Mapping[str, Instrument] = field(default_factory=dict)
    now: datetime = NOON
    last_prices: Mapping[str, Decimal] = field(default_factory=dict)
    day: Mapping[str, Ticker] = field(default_factory=dict)
    quotes: Mapping[str, BookTicker] = field(default_factory=dict)
    books: Mapping[str, tuple[Sequence[Level], Sequence[Level]]] = field(default_factory=dict)
    history: Mapping[tuple[str, str], Sequence[Candle]] = field(default_factory=dict)  # (symbol, interval)
    all_orders: Sequence[Order] = ()
    all_fills: Sequence[Fill] = ()
    rates: Mapping[str, FeeRates] = field(default_factory=dict)
    held: Sequence[Balance] = ()

    def server_time(self) -> datetime:
        """Tell the time it was given."""
        return self.now

    def instruments(self) -> Mapping[str, Instrument]:
        """List what it was given."""
        return self.listed

    def refresh_instruments(self) -> None:
        """Have nothing to forget."""

    def listing(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        """Tell the rules of what is listed."""
        return {symbol: self.listed[symbol] for symbol in symbols if symbol in self.listed}

    def tickers(self, symbols: Sequence[str] | None = None) -> list[Ticker]:
        """Quote the named symbols, in no order of anybody's."""
        return [t for s, t in sorted(self.day.items()) if symbols is None or s in symbols]

    def prices(self, symbols: Sequence[str] | None = None) -> dict[str, Decimal]:
        """Quote last prices."""
        return {s: p for s, p in self.last_prices.items() if symbols is None or s in symbols}

    def book_tickers(self, symbols: Sequence[str] | None = None) -> dict[str, BookTicker]:
        """Quote best prices."""
        return {s: q for s, q in self.quotes.items() if symbols is None or s in symbols}

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Show a whole book, as venues do that round the limit up."""
        bids, asks = self.books[symbol]
        return Depth(symbol=symbol, bids=tuple(bids), asks=tuple(asks))

    def candles(
        self,
        symbol: str,
        interval: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 500,
    ) -> list[Candle]:
        """Read bars: the newest `limit`, or all from `start` on."""
        bars = [c for c in self.history.get((symbol, interval), ()) if end is None or c.open_at <= end]
        return bars[-limit:] if start is None else [c for c in bars if c.open_at >= start]

    def place(self, request: OrderRequest) -> Order:
        """Refuse: what reads an account places no orders."""
        raise AssertionError(f"a read-only service placed {request}")

    def cancel(self, symbol: str, client_order_id: str) -> Order:
        """Refuse: what reads an account cancels no orders."""
        raise AssertionError(f"a read-only service canceled {client_order_id}")

    def amend(self, amendment: Amendment) -> None:
        """Refuse: what reads an account changes no orders."""
        raise AssertionError(f"a read-only service changed {amendment}")

    def order(self, symbol: str, client_order_id: str) -> Order:
        """Find an order by our id."""
        for found in self.all_orders:
            if (found.symbol, found.client_order_id) == (symbol, client_order_id):
                return found
        raise OrderNotFound("Order does not exist.", code=-2013)

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """List orders that can still fill."""
        return [o for o in self.all_orders if not o.status.final and symbol in (None, o.symbol)]

    def orders(self, symbol: str, *, start: datetime | None = None) -> list[Order]:
        """List every order of a symbol."""
        return [o for o in self.all_orders if o.symbol == symbol]

    def fills(self, symbol: str, *, start: datetime | None = None, order_id: str | None = None) -> list[Fill]:
        """List fills of a symbol."""
        return [
            f
            for f in self.all_fills
            if f.symbol == symbol
            and (start is None or f.at >= start)
            and (order_id is None or f.order_id == order_id)
        ]

    def fee_rates(self, symbol: str) -> FeeRates:
        """Tell the fee rates it was given."""
        return self.rates[symbol]

    def balances(self) -> list[Balance]:
        """List what it was given."""
        return list(self.held)


@dataclass(kw_only=True)
class FakeSpot(FakeMarket):
    """A spot market."""

    market: Market = Market.SPOT


@dataclass(kw_only=True)
class FakeFutures(FakeMarket):
    """A futures market."""

    market: Market = Market.UM
    running: Sequence[MarkPrice] = ()
    settled: Sequence[FundingRate] = ()
    intervals: Mapping[str, timedelta] = field(default_factory=dict)  # symbol -> interval; else 8 h
    open_positions: Sequence[Position] = ()
    lines: Sequence[Income] = ()
    wallet_balance: Decimal = ZERO

    def marks(self, symbols: Sequence[str] | None = None) -> list[MarkPrice]:
        """Quote running funding."""
        return [m for m in self.running if symbols is None or m.symbol in symbols]

    def funding_history(
        self, symbol: str, *, start: datetime | None = None, end: datetime | None = None, limit: int = 100
    ) -> list[FundingRate]:
        """Read settled funding: the newest `limit`, or all from `start` on."""
        rows = [r for r in self.settled if r.symbol == symbol and (end is None or r.at <= end)]
        return rows[-limit:] if start is None else [r for r in rows if r.at >= start]

    def funding_terms(self, symbols: Sequence[str]) -> dict[str, FundingTerms]:
        """Read intervals; 8 h where none was given."""
        eight = timedelta(hours=8)
        return {
            s: FundingTerms(symbol=s, interval=self.intervals.get(s, eight), cap=None, floor=None)
            for s in symbols
        }

    def countdown(self, symbol: str, seconds: int) -> None:
        """Refuse: what reads an account arms no switch."""
        raise AssertionError(f"a read-only service armed the countdown of {symbol}")

    def account(self) -> FuturesAccount:
        """Add up the wallet."""
        return FuturesAccount(
            wallet_balance=self.wallet_balance,
            margin_balance=self.wallet_balance + sum((p.unrealized for p in self.open_positions), ZERO),
            available=self.wallet_balance,
            initial_margin=D(0),
            maintenance_margin=D(0),
            multi_assets=False,
            hedge_mode=False,
        )

    def positions(self, symbols: Sequence[str] | None = None) -> list[Position]:
        """List open positions."""
        return [p for p in self.open_positions if symbols is None or p.symbol in symbols]

    def income(
        self,
        *,
        kind: str | None = None,
        symbol: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> list[Income]:
        """List income, both ends included."""
        return [
            line
            for line in self.lines
            if (kind is None or line.kind == kind)
            and (symbol is None or line.symbol == symbol)
            and (start is None or line.at >= start)
            and (end is None or line.at <= end)
        ]

    def leverage(self, symbol: str) -> int:
        """Tell what a new account has."""
        return 20

    def set_leverage(self, symbol: str, leverage: int) -> None:
        """Refuse: what reads an account sets nothing."""
        raise AssertionError(f"a read-only service set the leverage of {symbol} to {leverage}")

    def brackets(self, symbol: str) -> list[LeverageBracket]:
        """Have one tier for everything."""
        tier = LeverageBracket(
            notional_floor=D(0),
            notional_cap=D(1_000_000),
            leverage=20,
            maintenance_rate=D("0.01"),
            maintenance_offset=D(0),
        )
        return [tier]


@dataclass(kw_only=True)
class FakeWallets:
    """The wallets beside spot and futures, and transfers between all of them."""

    held: Mapping[Wallet, Sequence[Balance]] = field(default_factory=dict)
    discount: BnbDiscount = NO_DISCOUNT
    moved: list[tuple[str, Decimal, Wallet, Wallet]] = field(default_factory=list)

    def transfer(self, asset: str, amount: Decimal, source: Wallet, target: Wallet) -> str:
        """Write a transfer down and number it."""
        self.moved.append((asset, amount, source, target))
        return str(100 + len(self.moved))

    def other_balances(self, wallet: Wallet) -> list[Balance]:
        """List what it was given."""
        return list(self.held.get(wallet, ()))

    def bnb_discount(self) -> BnbDiscount:
        """Tell what it was given."""
        return self.discount


@dataclass(frozen=True)
class FakeSupply:
    """Circulating supply."""

    coins: Mapping[str, Decimal]

    def circulating_supply(self) -> dict[str, Decimal]:
        """Tell what it was given."""
        return dict(self.coins)


@dataclass(frozen=True)
class FakeClockSource:
    """A measured clock."""

    ahead: timedelta = timedelta(0)
    took: timedelta = timedelta(milliseconds=1)

    def offset(self) -> timedelta:
        """Tell what it was given."""
        return self.ahead

    def round_trip(self) -> timedelta:
        """Tell what it was given."""
        return self.took


@dataclass(kw_only=True)
class FakePaper:
    """The control path of an embedded exchange whose clock stands still."""

    now: datetime = NOON
    details: tuple[tuple[str, str], ...] = ()
    deposits: list[tuple[Wallet, str, Decimal]] = field(default_factory=list)

    def status(self) -> PaperStatus:
        """Tell the time and what it was given."""
        return PaperStatus(now=self.now, details=self.details)

    def advance(self, span: timedelta) -> datetime:
        """Move the clock."""
        self.now += span
        return self.now

    def deposit(self, wallet: Wallet, asset: str, amount: Decimal) -> None:
        """Write a deposit down."""
        self.deposits.append((wallet, asset, amount))

    def reset(self) -> None:
        """Begin again."""
        self.now = NOON


@dataclass
class FakeBackroom:
    """The control path of accounts and faults; what is made is kept."""

    made: list[PaperAccount] = field(default_factory=list)
    given: list[tuple[str, Wallet, str, Decimal]] = field(default_factory=list)
    recorded: list[tuple[str, list[str]]] = field(default_factory=list)
    standing: list[PaperFault] = field(default_factory=list)

    def faults(self) -> list[PaperFault]:
        """List the faults set."""
        return list(self.standing)

    def record(self, path: str, symbols: Sequence[str]) -> None:
        """Note what is recorded."""
        self.recorded.append((path, list(symbols)))

    def stop_recording(self) -> tuple[str, int]:
        """Finish it after seven lines."""
        return self.recorded.pop()[0], 7

    def fault_words(self) -> list[FaultWord]:
        """Explain one."""
        return [FaultWord(action="cut", value="BYTES", befalls="requests", about="it ends early")]

    def add_fault(self, line: str) -> PaperFault:
        """Set a fault that has met nothing."""
        self.standing.append(PaperFault(number=len(self.standing) + 1, fault=line, met=0, struck=0))
        return self.standing[-1]

    def clear_faults(self, number: int | None) -> int:
        """Take faults away."""
        kept = [fault for fault in self.standing if number is not None and fault.number != number]
        gone, self.standing = len(self.standing) - len(kept), kept
        return gone

    def accounts(self) -> list[PaperAccount]:
        """List what was made, secrets kept."""
        return [replace(account, secret=None) for account in self.made]

    def add_account(
        self,
        name: str,
        *,
        funded: bool,
        fees: Mapping[str, Fees],
        permissions: tuple[str, ...] | None,
        public_key: str | None = None,
    ) -> PaperAccount:
        """Make an account on a regular user's fees."""
        regular = {
            "spot": Fees(maker=D("0.001"), taker=D("0.001")),
            "futures": Fees(maker=D("0.0002"), taker=D("0.0005")),
        }
        account = PaperAccount(
            name=name,
            key="k" * 64,
            secret="s" * 64 if public_key is None else None,
            fees=regular | dict(fees),
            permissions=permissions or ("read", "spot", "margin", "futures", "transfer"),
            created=NOON,
        )
        self.made.append(account)
        if funded:
            self.fund_account(name)
        return account

    def change_account(
        self, name: str, *, fees: Mapping[str, Fees], permissions: tuple[str, ...] | None
    ) -> PaperAccount:
        """Change the account that has the name."""
        [at] = [at for at, account in enumerate(self.made) if account.name == name]
        kept = self.made[at]
        self.made[at] = replace(
            kept, fees=dict(kept.fees) | dict(fees), permissions=permissions or kept.permissions
        )
        return replace(self.made[at], secret=None)

    def fund_account(self, name: str) -> list[Gift]:
        """Give a little of two things."""
        gifts = [
            Gift(wallet=Wallet.SPOT, asset="BTC", amount=D(1)),
            Gift(wallet=Wallet.FUTURES, asset="USDT", amount=D(5)),
        ]
        self.given += [(name, gift.wallet, gift.asset, gift.amount) for gift in gifts]
        return gifts

    def deposit(self, name: str, wallet: Wallet, asset: str, amount: Decimal) -> None:
        """Write a deposit down."""
        self.given.append((name, wallet, asset, amount))


def by_symbol(instruments: Iterable[Instrument]) -> dict[str, Instrument]:
    """Key instruments by their symbol."""
    return {i.symbol: i for i in instruments}
