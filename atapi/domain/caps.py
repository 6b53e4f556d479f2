"""The limits a trader sets himself: their names, their units, and what they are until he says otherwise."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.amounts import PERCENT, parse_amount, parse_rate
from atapi.domain.numbers import parse_plain, plain
from atapi.errors import UsageError

NUMERAIRE = "USDT"  # what every notional is capped in, whatever a symbol is quoted in


@dataclass(frozen=True, slots=True)
class Unit:
    """What a limit is counted in, and how it is typed."""

    name: str  # as the table shows it
    example: str
    read: Callable[[str], Decimal]
    write: Callable[[Decimal], str]


@dataclass(frozen=True, slots=True)
class Cap:
    """One limit that can be set."""

    name: str  # as typed: "max-order"
    unit: Unit
    about: str

    @property
    def field(self) -> str:
        """Its field of `Caps`."""
        return self.name.replace("-", "_")

    def read(self, text: str) -> Decimal:
        """Read a value as typed.

        Raises:
            UsageError: It has another unit, or none, or is no number.
        """
        try:
            return self.unit.read(text.strip())
        except UsageError as e:
            raise UsageError(
                f"{self.name}: {e.message}", hint=f"limits set {self.name} {self.unit.example}"
            ) from e

    def write(self, value: Decimal) -> str:
        """Write a value as it would be typed."""
        return self.unit.write(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What may leave this machine, whatever the layers above ask."""

    max_order: Decimal  # USDT, one order
    max_minute: Decimal  # USDT, all orders of sixty seconds
    max_orders_minute: Decimal  # orders in sixty seconds
    max_day: Decimal  # USDT, all orders of the UTC day
    max_symbol: Decimal  # USDT, what is open in one symbol of one market
    max_account: Decimal  # USDT, what is open in all
    max_day_loss: Decimal  # fraction of what the account was worth when the UTC day began
    max_leverage: Decimal  # of a perpetual


def _money(text: str) -> Decimal:
    amount = parse_amount(text)
    if amount.asset != NUMERAIRE:
        raise UsageError(f"'{text}' is not an amount of {NUMERAIRE}")
    return amount.value


def _share(text: str) -> Decimal:
    return parse_rate(text, "rate")


def _whole(text: str) -> Decimal:
    value = parse_plain(text)
    if value is None or value % 1 or not value:
        raise UsageError(f"'{text}' is not a whole number above zero")
    return value


_MONEY = Unit(NUMERAIRE, "1000usdt", _money, lambda value: f"{plain(value)}{NUMERAIRE.lower()}")
_ORDERS = Unit("orders", "120", _whole, plain)
_SHARE = Unit("%", "2%", _share, lambda value: f"{plain(value / PERCENT)}%")
_TIMES = Unit("x", "5", _whole, plain)

CAPS = (
    Cap("max-order", _MONEY, "one order"),
    Cap("max-minute", _MONEY, "all orders of a minute"),
    Cap("max-orders-minute", _ORDERS, "orders in a minute"),
    Cap("max-day", _MONEY, "all orders of a UTC day"),
    Cap("max-symbol", _MONEY, "open in one symbol of one market"),
    Cap("max-account", _MONEY, "open in all, both legs counted"),
    Cap("max-day-loss", _SHARE, "lost since the UTC day began, of what the account was worth then"),
    Cap("max-leverage", _TIMES, "of a perpetual"),
)

_D = Decimal
_PLAY = Caps(
    max_order=_D(1_000_000),
    max_minute=_D(20_000_000),
    max_orders_minute=_D(3000),
    max_day=_D(1_000_000_000),
    max_symbol=_D(5_000_000),
    max_account=_D(20_000_000),
    max_day_loss=_D("0.5"),
    max_leverage=_D(125),
)
_REAL = Caps(
    max_order=_D(1000),
    max_minute=_D(5000),
    max_orders_minute=_D(120),
    max_day=_D(20_000),
    max_symbol=_D(5000),
    max_account=_D(20_000),
    max_day_loss=_D("0.02"),
    max_leverage=_D(3),
)


def defaults(network: str) -> Caps:
    """Tell the limits of a network of which nothing was said: wide where the money is not real, tight where it is."""
    return _REAL if network == "mainnet" else _PLAY


def find(name: str) -> Cap:
    """Find a limit by name; underscores are accepted.

    Raises:
        UsageError: There is none of that name; the nearest is named.
    """
    canonical = name.lower().replace("_", "-")
    for cap in CAPS:
        if cap.name == canonical:
            return cap
    near = difflib.get_close_matches(canonical, [cap.name for cap in CAPS], n=1)
    guess = f"; did you mean {near[0]}?" if near else ""
    raise UsageError(f"no limit '{name}'{guess}", hint="limits lists them")
