"""What the account holds, owes and pays: balances, positions, income, fee rates, transfers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from atapi.clock import Clock
from atapi.domain.account import Balance, Position, Wallet
from atapi.domain.amounts import Amount
from atapi.domain.instruments import Market
from atapi.domain.numbers import LEDGER_STEP, ZERO, floor_to, plain
from atapi.errors import Refused, UsageError
from atapi.exchanges.base import FuturesVenue, SpotVenue, WalletVenue
from atapi.services.fees import FeeReader, discount_note
from atapi.services.network import NetworkInfo
from atapi.services.ratios import as_bps
from atapi.services.symbols import SymbolBook, spellings
from atapi.services.valuation import NUMERAIRE, Holding, equity, money, value_holdings
from atapi.table import Table, column

INCOME_KINDS = {  # as typed -> the venue's word
    "funding": "FUNDING_FEE",
    "fee": "COMMISSION",
    "pnl": "REALIZED_PNL",
    "transfer": "TRANSFER",
}
INCOME_SPAN = timedelta(days=30)  # shown where nothing else is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """One asset in one wallet. Nothing is rounded for eyes: two of these differ by exactly what was earned."""

    wallet: str
    asset: str
    free: Decimal = column(digits=8)
    locked: Decimal = column(digits=8)
    total: Decimal = column(digits=8)
    value_usdt: Decimal | None = column(digits=8)  # in the futures wallet with the profit of open positions


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """One open futures position."""

    symbol: str
    side: str  # LONG or SHORT
    qty: Decimal  # base asset
    entry: Decimal
    mark: Decimal
    liq: Decimal | None  # None where it cannot be liquidated
    leverage: Decimal
    margin_usdt: Decimal = column(digits=2, thousands=True)  # initial margin
    pnl_usdt: Decimal = column(digits=2, thousands=True, signed=True)  # not yet realised
    adl: int | None  # auto-deleveraging rank


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeRow:
    """One line of the futures income history."""

    time: datetime
    symbol: str | None  # None where it belongs to none, as a transfer
    kind: str
    amount: Decimal = column(digits=8, signed=True)
    asset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRow:
    """Own fee rates of one symbol, before any discount; None on futures where it has no perpetual."""

    symbol: str
    spot_maker_bp: Decimal = column(digits=2)
    spot_taker_bp: Decimal = column(digits=2)
    perp_maker_bp: Decimal | None = column(digits=2)
    perp_taker_bp: Decimal | None = column(digits=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPlan:
    """A transfer that the source wallet can afford."""

    amount: Decimal
    asset: str
    source: Wallet
    target: Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRow:
    """One transfer that was made."""

    id: str
    amount: Decimal
    asset: str
    source: str = column(name="from")
    target: str = column(name="to")
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountService:
    """Reads the account, and moves funds between its wallets."""

    spot: SpotVenue
    futures: FuturesVenue
    wallets: WalletVenue | None  # None on networks that have neither margin, funding nor transfers
    fee_reader: FeeReader
    book: SymbolBook
    info: NetworkInfo
    clock: Clock

    def balance(self, *, wallet: Wallet | None = None, minimum: Decimal = ZERO) -> Table:
        """List balances, the most valuable of each wallet first.

        `total` is what the wallet holds less what it owes, negative where more is owed; `value_usdt` is that at the
        last price of `…USDT`, rounded to eight decimals. In the futures wallet it includes the profit of open
        positions, so that the column adds up to what the account is worth.

        Args:
            wallet: One wallet; all of them where None.
            minimum: Leave out what is worth less, or owed less, USDT; an asset without a price stays.

        Raises:
            Refused: The network has no such wallet.
        """
        held = self.holdings(wallet)
        unpriced = sorted({h.asset for h in held if h.price is None})
        notes = [f"worth {money(equity(held), NUMERAIRE)} in all"]
        if unpriced:
            notes.append(f"no price in {NUMERAIRE}, counted as nothing: {', '.join(unpriced)}")
        rows = [_balance_row(h) for h in held if h.value is None or abs(h.value) >= minimum]
        return Table.of(rows, BalanceRow, empty="no balances", notes=notes)

    def holdings(self, wallet: Wallet | None = None) -> list[Holding]:
        """Read one wallet, or all of them, and value what is there; wallet by wallet, highest value first."""
        self.info.need_key("balance")
        balances = [b for w in self._readable(wallet) for b in self._balances(w)]
        unrealized = self._unrealized() if wallet in (None, Wallet.FUTURES) else {}
        assets = {b.asset for b in balances} | set(unrealized)
        prices = {} if assets <= {NUMERAIRE} else self.spot.prices()
        held = value_holdings(balances, prices, unrealized)
        order = list(Wallet)
        return sorted(held, key=lambda h: (order.index(h.wallet), -(h.value or ZERO), h.asset))

    def positions(self, typed: Sequence[str] = ()) -> Table:
        """List open futures positions; of all symbols where none is named."""
        self.info.need_key("positions")
        symbols = self.book.choose(typed, market=Market.UM).symbols if spellings(typed) else None
        rows = [
            PositionRow(
                symbol=p.symbol,
                side="LONG" if p.quantity > 0 else "SHORT",
                qty=abs(p.quantity),
                entry=p.entry_price,
                mark=p.mark_price,
                liq=p.liquidation_price,
                leverage=self._leverage(p),
                margin_usdt=p.initial_margin,
                pnl_usdt=p.unrealized,
                adl=p.adl,
            )
            for p in self.futures.positions(symbols)
        ]
        return Table.of(rows, PositionRow, empty="no open positions")

    def income(self, *, kind: str | None = None, since: datetime | None = None) -> Table:
        """List futures income, oldest first.

        Args:
            kind: `funding`, `fee`, `pnl` or `transfer`; every kind where None.
            since: 30 days back where None.
        """
        if kind is not None and kind not in INCOME_KINDS:
            raise UsageError(f"--kind '{kind}' is not one of {', '.join(INCOME_KINDS)}")
        self.info.need_key("income")
        start = since or self.clock.now() - INCOME_SPAN
        empty = f"no {kind or 'income'} since {since:%Y-%m-%d}" if since else "nothing in 30 days"
        words = {venue: typed for typed, venue in INCOME_KINDS.items()}
        rows = [
            IncomeRow(
                time=line.at,
                symbol=line.symbol or None,
                kind=words.get(line.kind, line.kind.lower()),
                amount=line.amount,
                asset=line.asset,
            )
            for line in self.futures.income(kind=INCOME_KINDS[kind] if kind else None, start=start)
        ]
        return Table.of(rows, IncomeRow, index="time", empty=empty)

    def fees(self, typed: Sequence[str] = ()) -> Table:
        """State own fee rates of spot symbols and their perpetuals, before any BNB discount."""
        self.info.need_key("fees")
        chosen, pairs = self.book.choose(typed), self.book.pairs()
        rows = []
        for symbol in chosen.symbols:
            spot = self.spot.fee_rates(symbol)
            perp = self.futures.fee_rates(pairs[symbol].symbol) if symbol in pairs else None
            rows.append(
                FeeRow(
                    symbol=symbol,
                    spot_maker_bp=as_bps(spot.maker),
                    spot_taker_bp=as_bps(spot.taker),
                    perp_maker_bp=as_bps(perp.maker) if perp else None,
                    perp_taker_bp=as_bps(perp.taker) if perp else None,
                )
            )
        return Table.of(rows, FeeRow, notes=(*chosen.notes, discount_note(self.fee_reader.discount())))

    def plan_transfer(self, amount: Amount, source: Wallet, target: Wallet) -> TransferPlan:
        """Work out what a transfer would move; `25%` and `all` are of the free USDT. Nothing is sent.

        Raises:
            UsageError: From a wallet to itself, or more decimals than the ledger has.
            Refused: The source has too little, or the network has no transfers.
        """
        self.info.need_key("transfer")
        if self.wallets is None:
            raise Refused(f"{self.info.name} has no transfers between wallets")
        if source is target:
            raise UsageError(f"{source} to {target} moves nothing", hint="transfer 100usdt spot futures")
        asset = amount.asset or NUMERAIRE
        free = sum((b.free for b in self._balances(source) if b.asset == asset), ZERO)
        wanted = floor_to(free * amount.value, LEDGER_STEP) if amount.asset is None else amount.value
        if wanted % LEDGER_STEP:
            raise UsageError(f"{money(wanted, asset)} has more than 8 decimals")
        if wanted > free or not wanted:
            raise Refused(
                f"{source} has {money(free, asset)} free; {money(wanted, asset)} is needed",
                hint=f"transfer {plain(free)}{asset.lower()} {source} {target}" if free else "balance",
            )
        return TransferPlan(amount=wanted, asset=asset, source=source, target=target)

    def transfer(self, plan: TransferPlan) -> Table:
        """Move funds between wallets."""
        if self.wallets is None:
            raise Refused(f"{self.info.name} has no transfers between wallets")
        transfer_id = self.wallets.transfer(plan.asset, plan.amount, plan.source, plan.target)
        row = TransferRow(
            id=transfer_id,
            amount=plan.amount,
            asset=plan.asset,
            source=plan.source.value,
            target=plan.target.value,
            time=self.clock.now(),
        )
        return Table.of([row], TransferRow)

    def _readable(self, wallet: Wallet | None) -> list[Wallet]:
        readable = list(Wallet) if self.wallets else [Wallet.SPOT, Wallet.FUTURES]
        if wallet is None:
            return readable
        if wallet not in readable:
            raise Refused(f"{self.info.name} has no {wallet} wallet", hint="balance --wallet spot")
        return [wallet]

    def _balances(self, wallet: Wallet) -> list[Balance]:
        if wallet is Wallet.SPOT:
            return self.spot.balances()
        if wallet is Wallet.FUTURES:
            return self.futures.balances()
        return self.wallets.other_balances(wallet) if self.wallets else []

    def _leverage(self, position: Position) -> Decimal:
        return (
            Decimal(self.futures.leverage(position.symbol))
            if position.leverage is None
            else position.leverage
        )

    def _unrealized(self) -> dict[str, Decimal]:
        profits: dict[str, Decimal] = {}  # quote asset -> profit of open positions
        for position in self.futures.positions():
            asset = self.futures.instruments()[position.symbol].quote_asset
            profits[asset] = profits.get(asset, ZERO) + position.unrealized
        return profits


def _balance_row(held: Holding) -> BalanceRow:
    return BalanceRow(
        wallet=held.wallet.value,
        asset=held.asset,
        free=held.free,
        locked=held.locked,
        total=held.total,
        value_usdt=held.value,
    )
