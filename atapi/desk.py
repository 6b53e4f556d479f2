"""The desk in Python: the shell's commands as methods that return DataFrames.

Frames hold floats, UTC times and the units their column names say (`_bp`, `_pct`, `_usdt`, `_ms`); exact decimals are
on the values that `plan_spread` and `services` return. A time argument is an aware `datetime`, or text such as
`2026-11-01` or `30d`. Every method raises an `atapi.errors.AtapiError` where the shell would print one.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any

from atapi.domain.account import Wallet
from atapi.domain.amounts import BPS, Amount, parse_amount, parse_span, parse_time
from atapi.domain.instruments import Market
from atapi.domain.orders import Side, TimeInForce
from atapi.domain.spreads import Spread, SpreadPlan
from atapi.errors import AtapiError, OutcomeUnknown, UsageError, VenueUnreachable
from atapi.services.container import Services
from atapi.services.guard_rows import check_table
from atapi.services.manner import PLAIN, Manner
from atapi.services.order_changes import CanceledOrder
from atapi.services.order_plan import Wish
from atapi.services.order_rows import PlacedRow, placed_rows
from atapi.services.paper import PaperService
from atapi.services.spread_plan import Limits
from atapi.services.spread_rows import CloseRow, LegRow, SpreadRow, close_row, plan_rows
from atapi.table import Table

if TYPE_CHECKING:
    import pandas as pd


Names = str | Iterable[str]
When = datetime | str | None


class Desk:
    """A trading desk on one network; use it in a `with` block."""

    def __init__(self, opening: AbstractContextManager[Services]) -> None:
        self._opening = opening
        self.services: Services = opening.__enter__()

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections, the journal and, where it runs in this process, the embedded exchange."""
        self._opening.__exit__(None, None, None)

    # --- market data ------------------------------------------------------------------------------------------------
    def servertime(self) -> datetime:
        """Ask the venue's time, aware, in UTC."""
        return self.services.network.server_time()

    def network(self) -> pd.DataFrame:
        """List the APIs of the network: url, key (shortened), clock offset in ms."""
        return self.services.network.table().frame()

    def symbols(
        self, match: str | None = None, *, market: str = "spot", spreadable: bool = False
    ) -> pd.DataFrame:
        """List symbols and their filters; `market` is `spot` or `um`."""
        return self.services.market.symbols(match=match, market=Market(market), spreadable=spreadable).frame()

    def ticker(self, symbols: Names = ()) -> pd.DataFrame:
        """Quote the last 24 hours."""
        return self.services.market.ticker(_names(symbols)).frame()

    def klines(
        self,
        symbol: str,
        *,
        interval: str = "1d",
        since: When = None,
        last: int | None = None,
        market: str = "spot",
    ) -> pd.DataFrame:
        """Read candles, oldest first; the last one may still be running. Index `Date` or `Time`, UTC."""
        table = self.services.market.klines(
            symbol, interval=interval, since=self._when(since), last=last, market=Market(market)
        )
        return table.frame()

    def depth(self, symbol: str, *, levels: int = 10, market: str = "spot") -> pd.DataFrame:
        """Read the best levels of an order book."""
        return self.services.market.depth(symbol, levels=levels, market=Market(market)).frame()

    def circulating_supply(self, symbols: Names = (), *, match: str | None = None) -> pd.DataFrame:
        """State coins in circulation, as the venue's product list has them now."""
        return self.services.marketcap.circulating_supply(_names(symbols), match=match).frame()

    def assets_close(self, symbols: Names = (), *, days: int = 500) -> pd.DataFrame:
        """Read daily closes: `Date` index (naive UTC midnights), one column per symbol, quote asset."""
        return self.services.marketcap.assets_close(_names(symbols), days=days).frame()

    def marketcap(self, symbols: Names = (), *, days: int = 500) -> pd.DataFrame:
        """Multiply daily closes by current supply: `Date` index, one column per symbol, whole quote units, cut."""
        return self.services.marketcap.marketcap(_names(symbols), days=days).frame()

    def marketcap_summary(self, symbols: Names = (), *, days: int = 500) -> pd.DataFrame:
        """Sum the market caps of each day."""
        return self.services.marketcap.marketcap_summary(_names(symbols), days=days).frame()

    # --- carry ------------------------------------------------------------------------------------------------------
    def funding(
        self, symbol: str | None = None, *, last: int | None = None, since: When = None
    ) -> pd.DataFrame:
        """Read funding: one perpetual's history (`time` index, rate_bp, interval_h, mark, apr_pct), or all current rates."""
        if symbol is None:
            return self.services.funding.current().frame()
        return self.services.funding.history(symbol, last=last, since=self._when(since)).frame()

    def basis(self, symbols: Names = (), *, since: When = None) -> pd.DataFrame:
        """Set perpetuals against spot, now or daily since a time."""
        start = self._when(since)
        basis = self.services.basis
        table = (
            basis.current(_names(symbols)) if start is None else basis.history(_names(symbols), since=start)
        )
        return table.frame()

    def spread(self, symbol: str) -> pd.DataFrame:
        """Quote what opening and closing a spread would trade at now."""
        return self.services.basis.spread(symbol).frame()

    def plan_spread(
        self,
        symbol: str,
        amount: str | Amount | None = None,
        *,
        notional: float | Decimal | None = None,
        max_slippage_bp: float | Decimal = 5,
        leverage: int | None = None,
        add: bool = False,
        reverse: bool = False,
        manner: Manner = PLAIN,
    ) -> SpreadPlan:
        """Plan an opening, exactly; nothing is sent.

        Args:
            amount: As typed in the shell: `1000usdt`, `0.01btc`, `25%`, `all`.
            notional: Instead of it: quote asset per leg.
            reverse: Long the perpetual against spot that is borrowed on cross margin.
            manner: Route, slices and limits, as `Manner(slices=4, over=timedelta(minutes=10))`.
        """
        asked = self._amount(symbol, amount, notional)
        limits = Limits(max_slippage=Decimal(str(max_slippage_bp)) * BPS, manner=manner)
        return self.services.spreads.plan(
            symbol, asked, limits=limits, leverage=leverage, add=add, reverse=reverse
        )

    def open_spread(
        self,
        symbol: str,
        amount: str | Amount | None = None,
        *,
        notional: float | Decimal | None = None,
        max_slippage_bp: float | Decimal = 5,
        leverage: int | None = None,
        add: bool = False,
        reverse: bool = False,
        manner: Manner = PLAIN,
        tag: str = "",
    ) -> Spread:
        """Short the perpetual and buy the spot in equal size, or the reverse; the arguments are `plan_spread`'s."""
        plan = self.plan_spread(
            symbol,
            amount,
            notional=notional,
            max_slippage_bp=max_slippage_bp,
            leverage=leverage,
            add=add,
            reverse=reverse,
            manner=manner,
        )
        return self.services.spreads.open(plan, tag=tag, add=add).spread

    def close_spread(
        self,
        spread: str | int | Spread,
        amount: str | Amount | None = None,
        *,
        max_slippage_bp: float | Decimal = 5,
        manner: Manner = PLAIN,
    ) -> pd.DataFrame:
        """Trade both legs back, whichever way round they stand; one row with the profit split.

        Args:
            spread: A symbol, a spread's id, or the spread itself.
            amount: A part of it; all where None.
            manner: Route, slices and limits, as for opening.
        """
        spreads = self.services.spreads
        part = parse_amount(amount) if isinstance(amount, str) else amount
        slippage = Decimal(str(max_slippage_bp)) * BPS
        plan = spreads.plan_close(self._symbol(spread), part, max_slippage=slippage, manner=manner)
        result = spreads.close(plan)
        row = close_row(result, self.services.pnl.of(result.spread), self.services.clock.now())
        return Table.of([row], CloseRow).frame()

    def plan_frame(self, plan: SpreadPlan) -> pd.DataFrame:
        """Show a plan leg by leg."""
        return Table.of(plan_rows(plan), LegRow).frame()

    def spreads(self, *, everything: bool = False) -> pd.DataFrame:
        """List open spreads, or all, and what they earned."""
        self.services.recovery.before_reading()
        return Table.of(self.services.spreads.rows(everything=everything), SpreadRow).frame()

    def guard(self) -> pd.DataFrame:
        """Look once at what is held: every check with its value, its limit and its state.

        Alarms about a spread are answered as its own policy says; none was given one unless you did.

        Raises:
            VenueUnreachable: The venue could not be asked.
        """
        sweep = self.services.guard.sweep()
        if sweep.unheard is not None:
            raise VenueUnreachable(sweep.unheard.message)
        return check_table(sweep).frame()

    # --- single orders ----------------------------------------------------------------------------------------------
    def buy(self, symbol: str, amount: str | Amount, **terms: Any) -> pd.DataFrame:
        """Buy on spot or futures; one row per order that was sent.

        Args:
            symbol: In any spelling.
            amount: `1000usdt`, `0.01btc`, `25%` or `all`.
            terms: `price` makes it a limit order that may rest, with `time_in_force` (`GTC`, `IOC`, `FOK`, `GTX` for
                post-only); without it `max_slippage_bp` (5) caps what it takes. `market` is `spot` or `um`;
                `reduce_only` and `from_spread` as in the shell; `again` although one like it is not done.
        """
        return self._trade(Side.BUY, symbol, amount, **terms)

    def sell(self, symbol: str, amount: str | Amount, **terms: Any) -> pd.DataFrame:
        """Sell on spot or futures; the arguments are `buy`'s."""
        return self._trade(Side.SELL, symbol, amount, **terms)

    def cancel(self, *orders: str | int) -> pd.DataFrame:
        """Cancel orders by their ids, or atapi's own in a symbol; one row each, with how it ended."""
        changes = self.services.changes
        report = changes.cancel(changes.plan_cancel([str(order) for order in orders]))
        if report.left:
            raise OutcomeUnknown(
                f"no answer for {', '.join(report.left)}; it may be live", hint="cancel again"
            )
        return Table.of(report.ended, CanceledOrder).frame()

    # --- account ----------------------------------------------------------------------------------------------------
    def balance(self, wallet: str | None = None) -> pd.DataFrame:
        """List balances of one wallet (`spot`, `margin`, `futures`, `funding`) or of all."""
        return self.services.account.balance(wallet=Wallet(wallet) if wallet else None).frame()

    def positions(self, symbols: Names = ()) -> pd.DataFrame:
        """List open futures positions."""
        return self.services.account.positions(_names(symbols)).frame()

    def orders(self, symbols: Names = (), *, everything: bool = False) -> pd.DataFrame:
        """List open orders, or all."""
        return self.services.orders.orders(_names(symbols), every=everything).frame()

    def fills(self, symbols: Names = (), *, since: When = None) -> pd.DataFrame:
        """List own fills, oldest first."""
        return self.services.orders.fills(_names(symbols), since=self._when(since)).frame()

    def income(self, kind: str | None = None, *, since: When = None) -> pd.DataFrame:
        """List futures income by kind: `funding`, `fee`, `pnl`, `transfer`."""
        return self.services.account.income(kind=kind, since=self._when(since)).frame()

    def pnl(self, *, by: str = "total", since: When = None) -> pd.DataFrame:
        """State profit by cause; by `total`, `day`, `symbol` or `spread`."""
        from atapi.services.pnl import PnlRow

        return Table.of(self.services.pnl.rows(by=by, since=self._when(since)), PnlRow).frame()

    def audit(self, *, since: When = None, symbols: Names = ()) -> pd.DataFrame:
        """Check every balance against the venue's records and those against the journal; see `docs/pnl.md`.

        Args:
            symbols: Further spot symbols that trades may be in.

        Raises:
            AtapiError: Something does not balance; the message names it.
        """
        from atapi.services.audit_rows import audit_table

        table = audit_table(self.services.audit.run(since=self._when(since), symbols=_names(symbols)))
        if table.fault is not None:
            raise AtapiError(table.fault, hint="pnl --audit")
        return table.frame()

    def fees(self, symbols: Names = ()) -> pd.DataFrame:
        """State own fee rates."""
        return self.services.account.fees(_names(symbols)).frame()

    def transfer(self, amount: str | Amount, source: str, target: str) -> pd.DataFrame:
        """Move funds between wallets."""
        account = self.services.account
        asked = parse_amount(amount) if isinstance(amount, str) else amount
        return account.transfer(account.plan_transfer(asked, Wallet(source), Wallet(target))).frame()

    # --- the embedded exchange --------------------------------------------------------------------------------------
    def paper_status(self) -> pd.DataFrame:
        """Describe the embedded exchange."""
        return self._paper().status().frame()

    def advance(self, span: str | timedelta) -> pd.DataFrame:
        """Move the embedded exchange's clock on; lists the fundings that were received."""
        return self._paper().advance(parse_span(span, "span") if isinstance(span, str) else span).frame()

    def deposit(self, amount: str | Amount, wallet: str = "spot") -> pd.DataFrame:
        """Give the embedded exchange's account funds."""
        asked = parse_amount(amount) if isinstance(amount, str) else amount
        return self._paper().deposit(asked, Wallet(wallet)).frame()

    def reset(self) -> pd.DataFrame:
        """Throw the embedded exchange's world away and begin a new one."""
        return self._paper().reset().frame()

    # --- inside -----------------------------------------------------------------------------------------------------
    def _trade(
        self,
        side: Side,
        symbol: str,
        amount: str | Amount,
        *,
        price: float | str | Decimal | None = None,
        market: str = "spot",
        time_in_force: str = "GTC",
        max_slippage_bp: float | Decimal = 5,
        reduce_only: bool = False,
        from_spread: bool = False,
        again: bool = False,
    ) -> pd.DataFrame:
        wish = Wish(
            side=side,
            amount=parse_amount(amount) if isinstance(amount, str) else amount,
            price=None if price is None else Decimal(str(price)),
            time_in_force=TimeInForce.IOC if price is None else TimeInForce(time_in_force),
            reduce_only=reduce_only,
            max_slippage=Decimal(str(max_slippage_bp)) * BPS,
            from_spread=from_spread,
        )
        trading = self.services.trading
        plan = trading.plan(symbol, wish, market=Market(market))
        return Table.of(placed_rows(trading.place(plan, again=again)), PlacedRow).frame()

    def _paper(self) -> PaperService:
        if self.services.paper is None:
            raise UsageError("this network is not the embedded exchange", hint='atapi.connect("paper")')
        return self.services.paper

    def _when(self, when: When) -> datetime | None:
        return parse_time(when, "since", self.services.clock.now()) if isinstance(when, str) else when

    def _amount(self, symbol: str, amount: str | Amount | None, notional: float | Decimal | None) -> Amount:
        if (amount is None) == (notional is None):
            raise UsageError(
                "give either an amount or a notional", hint='open_spread("BTCUSDT", notional=1000)'
            )
        if amount is not None:
            return parse_amount(amount) if isinstance(amount, str) else amount
        value = Decimal(str(notional))
        if not value.is_finite() or value <= 0:
            raise UsageError(f"notional {notional} is not a positive number")
        return Amount(value, self.services.spreads.symbols.pair(symbol).spot.quote_asset)

    def _symbol(self, spread: str | int | Spread) -> str:
        if isinstance(spread, Spread):
            return spread.symbol
        if isinstance(spread, str):
            return spread
        found = [s.symbol for s in self.services.spreads.executor.spreads() if s.spread_id == spread]
        if not found:
            raise UsageError(f"no spread #{spread}", hint="spreads")
        return found[0]


def _names(symbols: Names) -> list[str]:
    return [symbols] if isinstance(symbols, str) else list(symbols)
