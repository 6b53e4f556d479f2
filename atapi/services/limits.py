"""The limits a trader sets himself: shown, changed, and asked before anything is planned any further."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from atapi.clock import Clock, SystemClock
from atapi.domain.amounts import Amount
from atapi.domain.caps import CAPS, NUMERAIRE, Cap, Caps, find
from atapi.domain.instruments import Market
from atapi.domain.numbers import plain
from atapi.domain.orders import Amendment, OrderRequest
from atapi.domain.spreads import SpreadPlan
from atapi.domain.style import AT_ONCE, Style
from atapi.errors import AtapiError, Refused
from atapi.exchanges.base import RequestBudget
from atapi.execution.day_loss import DayLoss
from atapi.execution.executor import Executor
from atapi.execution.gate import CENT, LastGate, Want, over
from atapi.execution.halt import BY_HAND, Halt, KillSwitch
from atapi.execution.outgoing import Used
from atapi.execution.past import Key
from atapi.services.account import AccountService
from atapi.services.network import NetworkService
from atapi.services.ratios import as_percent
from atapi.services.valuation import equity
from atapi.table import Table

PERCENT_CAPS = ("max-day-loss",)
MINUTE_MS = 60_000


class CapsFile(Protocol):
    """Where limits are kept."""

    def caps(self, network: str) -> Caps:
        """Tell the limits of a network as they are now."""
        ...

    def set_cap(self, network: str, name: str, typed: str) -> Caps:
        """Set a limit to stay."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """One limit, and how much of it is used."""

    name: str
    value: Decimal
    used: Decimal | None  # None where it is looked at order by order
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsService:
    """Shows and moves the limits, halts trading, and refuses a plan that the last gate would refuse."""

    file: CapsFile
    switch: KillSwitch
    gate: LastGate
    day_loss: DayLoss
    executor: Executor
    account: AccountService
    network: NetworkService
    budgets: Mapping[str, RequestBudget]  # API -> what its host has left for us
    clock: Clock

    # --- showing and changing -----------------------------------------------------------------------------------
    def table(self) -> Table:
        """List the limits of this network with what is used of them, and the venue's own on requests."""
        caps, used = self.caps(), self._mirror().used()
        loss, notes = self._loss_now()
        rows = [_row(cap, caps, used, loss) for cap in CAPS]
        for api in self.network.apis:
            try:
                api.venue.instruments()  # states the limits with the rules; cached
            except AtapiError as e:
                notes.append(f"{api.name}: request limits are unknown: {e.message}")
            rows += [
                LimitRow(
                    name=f"{api.name} {window.kind}",
                    value=Decimal(window.limit),
                    used=Decimal(window.used),
                    unit=f"in {window.span.total_seconds():g} s",
                )
                for window in self.budgets[api.name].windows()
            ]
        halt = self.switch.standing()
        if halt is not None:
            notes.append(f"{halt.refusal().message} (limits resume)")
        return Table.of(rows, LimitRow, notes=notes)

    def caps(self) -> Caps:
        """Tell the limits as they stand."""
        return self.file.caps(self.network.info.name)

    def set(self, name: str, typed: str) -> str:
        """Set a limit of this network to stay, and tell it as it now stands.

        Raises:
            UsageError: No such limit, or no value of it.
            ConfigError: The settings file makes no sense.
            StorageError: It cannot be written.
        """
        cap = find(name)
        caps = self.file.set_cap(self.network.info.name, name, typed)
        return f"{cap.name} is now {cap.write(getattr(caps, cap.field))} on {self.network.info.name}"

    def halt(self, why: str = "") -> Halt:
        """Stop everything but what takes risk away, in every process, until `resume`."""
        return self.switch.pull(why or BY_HAND, self._now())

    def resume(self) -> None:
        """Let trading go on; a loss of the day counts from now.

        Raises:
            Refused: The file that halts all accounts stands.
        """
        self.switch.release()
        self.day_loss.begin_anew()

    # --- before the first order ---------------------------------------------------------------------------------
    def check(self, orders: Sequence[OrderRequest], *, asked: Amount | None = None) -> None:
        """See whether orders would be let out, one after the other; those that take risk away always are.

        Args:
            orders: As they will be sent; their ids do not matter.
            asked: The amount as typed, for the message.

        Raises:
            Refused: One would not; names the limit, and nothing was sent.
        """
        quotes = self.gate.quotes
        adding = [order for order in orders if not (order.reducing or order.reduce_only)]
        self._check([Want(Key(o.market, o.symbol), quotes.notional(o)) for o in adding], asked)

    def check_change(self, amendment: Amendment) -> None:
        """See whether an order would be let become another where it rests; what comes to less always is.

        Raises:
            Refused: It would not; names the limit, and nothing was sent.
        """
        self._mirror().foresee_change(amendment)

    def check_opening(self, plan: SpreadPlan, asked: Amount, style: Style = AT_ONCE) -> None:
        """See whether both legs of a spread would be let out, and remember their prices for the gate.

        Args:
            style: How the legs are cut up; every slice is an order of its own.

        Raises:
            Refused: They would not; nothing was sent.
        """
        self.check_leverage(plan.pair.symbol, plan.leverage)
        slice_ = []
        for instrument, leg in ((plan.pair.perp, plan.perp), (plan.pair.spot, plan.spot)):
            if instrument.quote_asset == NUMERAIRE:
                self.gate.quotes.saw(instrument.market, instrument.symbol, leg.touch)
            quote = self.gate.quotes.of(instrument.market, instrument.symbol)
            notional = quote.notional(leg.side, leg.quantity, leg.limit_price) / style.slices
            borrowed = plan.reverse and instrument.market is Market.SPOT
            slice_.append(
                Want(Key(Market.MARGIN if borrowed else instrument.market, instrument.symbol), notional)
            )
        soon = style.slices if not style.interval else min(style.slices, MINUTE_MS // style.interval + 1)
        self._check(slice_ * style.slices, asked if style.slices == 1 else None, soon=soon * len(slice_))

    def check_leverage(self, symbol: str, leverage: int) -> None:
        """Refuse a leverage over the limit.

        Raises:
            Refused: It is; nothing was sent.
        """
        most = self.caps().max_leverage
        if leverage > most:
            raise Refused(
                f"leverage {leverage} of {symbol} is over the limit of {plain(most)}",
                hint=f"--leverage {plain(most)}, or limits set max-leverage {leverage}",
            )

    def watch_loss(self) -> None:
        """Measure what the account is worth, and halt where it has lost more than the limit since the day began.

        Raises:
            Refused: It has; trading is halted from now on.
        """
        loss, most = self.day_loss.measure(self._worth(), self._now()), self.caps().max_day_loss
        if loss > most:
            why = f"day loss {_percent(loss)} over {_percent(most)}"
            raise self.switch.pull(why, self._now()).refusal()

    # --- inside -------------------------------------------------------------------------------------------------
    def _check(self, wants: Sequence[Want], asked: Amount | None, *, soon: int | None = None) -> None:
        if not wants:
            return
        self.watch_loss()
        most = self.caps().max_order
        largest = max(want.notional for want in wants)
        if largest > most and asked is not None and asked.asset == NUMERAIRE:
            raise over("max-order", max(asked.value, largest), most)
        self._mirror().foresee(wants, soon=soon)

    def _mirror(self) -> LastGate:
        return self.gate.twin(self.executor.journal if self.executor.begun else None)

    def _worth(self) -> Decimal:
        return equity(self.account.holdings())  # what margin owes is taken off

    def _loss_now(self) -> tuple[Decimal | None, list[str]]:
        if not self.network.info.key:
            return None, []
        try:
            return self.day_loss.measure(self._worth(), self._now()), []
        except AtapiError as e:
            return None, [f"max-day-loss: what the account is worth is unknown: {e.message}"]

    def _now(self) -> datetime:
        try:
            return self.clock.now()
        except AtapiError:
            return SystemClock().now()  # halting must not wait for a venue that does not answer


def _row(cap: Cap, caps: Caps, used: Used, loss: Decimal | None) -> LimitRow:
    value: Decimal = getattr(caps, cap.field)
    so_far: dict[str, Decimal | None] = {
        "max-minute": used.minute.quantize(CENT),
        "max-orders-minute": Decimal(used.orders),
        "max-day": used.day.quantize(CENT),
        "max-symbol": used.symbol.quantize(CENT),
        "max-account": used.account.quantize(CENT),
        "max-day-loss": None if loss is None else as_percent(loss),
    }
    shown = as_percent(value).normalize() if cap.name in PERCENT_CAPS else value
    return LimitRow(name=cap.name, value=shown, used=so_far.get(cap.name), unit=cap.unit.name)


def _percent(fraction: Decimal) -> str:
    return f"{plain(as_percent(fraction).quantize(CENT))}%"
