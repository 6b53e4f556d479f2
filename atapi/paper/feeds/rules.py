"""Trading rules of recorded symbols: the shipped ones where they are known, else sensible ones by price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from atapi.paper.feeds.base import PerpetualRules, Series, SpotRules
from atapi.paper.feeds.brackets import brackets
from atapi.paper.feeds.markets import find

QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "EUR", "TRY", "BRL", "BTC", "ETH", "BNB")


def split_symbol(symbol: str, quotes: Sequence[str] = QUOTES) -> tuple[str, str]:
    """Split `BTCUSDT` into base and quote asset; the quote is empty where none is known."""
    quote = next((quote for quote in quotes if symbol.endswith(quote) and symbol != quote), "")
    return symbol[: len(symbol) - len(quote)], quote


def coins_per_contract(symbol: str) -> int:
    """Tell how many coins one unit of a perpetual's base asset is: 1000 for `1000PEPEUSDT`."""
    digits = len(symbol) - len(symbol.lstrip("0123456789"))
    return int(symbol[:digits]) if digits > 1 and int(symbol[:digits]) == 10 ** (digits - 1) else 1


def spot_symbol(perpetual: str) -> str:
    """Tell the spot symbol a perpetual follows: `PEPEUSDT` for `1000PEPEUSDT`."""
    coins = coins_per_contract(perpetual)
    return perpetual[len(str(coins)) :] if coins > 1 else perpetual


def spot_rules(symbol: str, digits: int, price: Decimal) -> SpotRules:
    """Give the rules of a spot symbol whose recorded prices need so many decimals.

    The tick is never coarser than the recording: a price that was traded can be quoted.
    """
    tick = Decimal(1).scaleb(-digits)
    if market := find(Series.SPOT, symbol):
        return replace(market.spot, tick_size=min(tick, market.spot.tick_size))
    base, quote = split_symbol(symbol)
    most = _quantity_worth("1000000", price)
    return SpotRules(
        symbol=symbol,
        base_asset=base,
        quote_asset=quote,
        tick_size=tick,
        lot_size=_lot("0.1", price),
        min_notional=Decimal(5),
        max_quantity=most * 10,
        market_max_quantity=most,
    )


def perpetual_rules(symbol: str, digits: int, price: Decimal) -> PerpetualRules:
    """Give the rules of a perpetual whose recorded prices need so many decimals; see `spot_rules`."""
    tick = Decimal(1).scaleb(-digits)
    market = find(Series.UM, symbol)
    if market and market.um:
        return replace(
            market.um,
            tick_size=min(tick, market.um.tick_size),
            price_precision=max(digits, market.um.price_precision),
        )
    base, quote = split_symbol(symbol)
    lot, most = _lot("1", price), _quantity_worth("1000000", price)
    return PerpetualRules(
        symbol=symbol,
        base_asset=base,
        quote_asset=quote,
        tick_size=tick,
        lot_size=lot,
        min_notional=Decimal(5),
        price_precision=digits,
        quantity_precision=max(-lot.adjusted(), 0),
        brackets=brackets("small"),
        max_quantity=most * 10,
        market_max_quantity=most,
        price_band=Decimal("0.15"),
        liquidation_fee=Decimal("0.015"),
    )


def _quantity_worth(notional: str, price: Decimal) -> Decimal:
    """Tell the power of ten of coins that is worth about so much, rounded down."""
    digits = (Decimal(notional) / price).adjusted()
    return Decimal(10**digits) if digits > 0 else Decimal(1).scaleb(digits)  # never 1E+5, which prints so


def _lot(notional: str, price: Decimal) -> Decimal:
    return min(_quantity_worth(notional, price), Decimal(1))
