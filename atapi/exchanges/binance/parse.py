"""Public payloads into values: one function each. A field that is missing or unreadable raises; nothing guesses.

The field names are Binance's, from
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints and
https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from atapi.clock import from_ms
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
from atapi.errors import OutcomeUnknown, VenueUnreachable

T = TypeVar("T")
Row = Mapping[str, Any]  # one JSON object

PERPETUAL = frozenset({"PERPETUAL", "TRADIFI_PERPETUAL"})
NO_END = datetime(2100, 1, 1, tzinfo=UTC)  # deliveryDate of a perpetual that goes on lies behind it


def read(endpoint: str, parse: Callable[[Any], T], payload: object) -> T:
    """Parse the answer to a read.

    Raises:
        VenueUnreachable: A field is missing or unreadable; names the endpoint and the field.
    """
    try:
        return parse(payload)
    except KeyError as e:
        raise VenueUnreachable(f"{endpoint}: no field {e} in the answer") from e
    except (ArithmeticError, LookupError, OverflowError, TypeError, ValueError) as e:
        raise VenueUnreachable(f"{endpoint}: the answer cannot be read ({e})") from e


def read_all(endpoint: str, parse: Callable[[Any], T], payload: object) -> list[T]:
    """Parse the answer to a read that is a list.

    Raises:
        VenueUnreachable: Not a list, or as `read`.
    """
    if not isinstance(payload, list):
        raise VenueUnreachable(f"{endpoint}: the answer is not a list")
    return [read(endpoint, parse, row) for row in payload]


def outcome(endpoint: str, parse: Callable[[Any], T], payload: object) -> T:
    """Parse the answer to something that changed the account.

    Raises:
        OutcomeUnknown: It was answered, but a field is missing or unreadable.
    """
    try:
        return parse(payload)
    except (ArithmeticError, LookupError, OverflowError, TypeError, ValueError) as e:
        raise OutcomeUnknown(
            f"{endpoint}: answered, but not readably ({e!r}); it may or may not have been executed"
        ) from e


def number(row: Row, field: str) -> Decimal:
    """Read one exact number: a string, or a JSON number."""
    value = row[field]
    if type(value) is str or type(value) is int or type(value) is Decimal:
        try:
            exact = Decimal(value)
        except ArithmeticError:
            exact = Decimal("NaN")
        if exact.is_finite():
            return exact
    raise ValueError(f"field {field!r} is {value!r}, not a number")


def text(row: Row, field: str, *, empty: bool = False) -> str:
    """Read one text; it may be empty only where that means something."""
    value = row[field]
    if type(value) is str and (value or empty):
        return value
    raise ValueError(f"field {field!r} is {value!r}, not a text")


def whole(row: Row, field: str) -> int:
    """Read one whole number: an id, a count, a time in milliseconds."""
    value = row[field]
    if type(value) is int:
        return value
    raise ValueError(f"field {field!r} is {value!r}, not a whole number")


def flag(row: Row, field: str) -> bool:
    """Read one yes or no."""
    value = row[field]
    if type(value) is bool:
        return value
    raise ValueError(f"field {field!r} is {value!r}, not true or false")


def server_ms(row: Row) -> int:
    """Parse `time`."""
    return whole(row, "serverTime")


def spot_instrument(row: Row) -> Instrument:
    """Parse one symbol of spot's exchangeInfo."""
    return _instrument(row, Market.SPOT, perpetual=False)


def um_instrument(row: Row) -> Instrument:
    """Parse one symbol of USD-M's exchangeInfo. Its `pricePrecision` is not the tick size and is not read."""
    # a contract that is being settled has no type any more
    return _instrument(row, Market.UM, perpetual=text(row, "contractType", empty=True) in PERPETUAL)


def _instrument(row: Row, market: Market, *, perpetual: bool) -> Instrument:
    symbol = text(row, "symbol")
    filters = {rule["filterType"]: rule for rule in row["filters"]}
    try:
        return Instrument(
            market=market,
            symbol=symbol,
            base_asset=text(row, "baseAsset"),
            quote_asset=text(row, "quoteAsset"),
            status=text(row, "status"),
            perpetual=perpetual,
            tick_size=number(filters["PRICE_FILTER"], "tickSize"),
            lot_size=number(filters["LOT_SIZE"], "stepSize"),
            min_quantity=number(filters["LOT_SIZE"], "minQty"),
            max_quantity=number(filters["LOT_SIZE"], "maxQty"),
            min_notional=_min_notional(filters),
            delivers_at=_delivery(row),
        )
    except (KeyError, ValueError) as e:
        raise ValueError(f"{symbol}: {e}") from e


def _delivery(row: Row) -> datetime | None:
    # a perpetual without an end has one in 2100; what is not listed as a contract has no such field
    at = from_ms(whole(row, "deliveryDate")) if row.get("deliveryDate") else None
    return at if at is not None and at < NO_END else None


def _min_notional(filters: Mapping[str, Row]) -> Decimal:
    # one idea, three spellings; a symbol without any has no such rule
    if "NOTIONAL" in filters:
        return number(filters["NOTIONAL"], "minNotional")
    rule = filters.get("MIN_NOTIONAL")
    if rule is None:
        return ZERO
    return number(rule, "notional" if "notional" in rule else "minNotional")


def ticker(row: Row) -> Ticker:
    """Parse one symbol of `ticker/24hr`."""
    return Ticker(
        symbol=text(row, "symbol"),
        last=number(row, "lastPrice"),
        open=number(row, "openPrice"),
        high=number(row, "highPrice"),
        low=number(row, "lowPrice"),
        volume=number(row, "volume"),
        turnover=number(row, "quoteVolume"),
    )


def price(row: Row) -> Decimal:
    """Parse one symbol of `ticker/price`."""
    return number(row, "price")


def book_ticker(row: Row) -> BookTicker:
    """Parse one symbol of `ticker/bookTicker`."""
    return BookTicker(
        symbol=text(row, "symbol"),
        bid=number(row, "bidPrice"),
        bid_quantity=number(row, "bidQty"),
        ask=number(row, "askPrice"),
        ask_quantity=number(row, "askQty"),
    )


def depth(symbol: str, row: Row, limit: int) -> Depth:
    """Parse `depth`, which does not say of which symbol it is."""
    return Depth(symbol=symbol, bids=_levels(row, "bids", limit), asks=_levels(row, "asks", limit))


def _levels(row: Row, side: str, limit: int) -> tuple[Level, ...]:
    return tuple(
        Level(number({side: price}, side), number({side: quantity}, side))
        for price, quantity, *_ in row[side][:limit]
    )


def candle(row: list[Any]) -> Candle:
    """Parse one row of `klines`: a list of twelve, the last one unused."""
    named = dict(zip(("t", "o", "h", "l", "c", "v", "T", "q", "n"), row, strict=False))
    return Candle(
        open_at=from_ms(whole(named, "t")),
        open=number(named, "o"),
        high=number(named, "h"),
        low=number(named, "l"),
        close=number(named, "c"),
        volume=number(named, "v"),
        turnover=number(named, "q"),
        trades=whole(named, "n"),
        close_at=from_ms(whole(named, "T")),
    )


def mark(row: Row) -> MarkPrice:
    """Parse one symbol of `premiumIndex`; its `lastFundingRate` is the running interval's."""
    return MarkPrice(
        symbol=text(row, "symbol"),
        mark_price=number(row, "markPrice"),
        index_price=number(row, "indexPrice"),
        funding_rate=number(row, "lastFundingRate"),
        next_funding_at=from_ms(whole(row, "nextFundingTime")),
        at=from_ms(whole(row, "time")),
    )


def funding_rate(row: Row) -> FundingRate:
    """Parse one row of `fundingRate`; old rows have an empty `markPrice`."""
    return FundingRate(
        symbol=text(row, "symbol"),
        at=from_ms(whole(row, "fundingTime")),
        rate=number(row, "fundingRate"),
        mark_price=number(row, "markPrice") if row.get("markPrice") else None,
    )


def funding_terms(row: Row) -> FundingTerms:
    """Parse one row of `fundingInfo`."""
    return FundingTerms(
        symbol=text(row, "symbol"),
        interval=timedelta(hours=whole(row, "fundingIntervalHours")),
        cap=number(row, "adjustedFundingRateCap"),
        floor=number(row, "adjustedFundingRateFloor"),
    )


def supply(rows: list[Row]) -> dict[str, Decimal]:
    """Parse the product list's circulating supply by base asset; unknown ones (`cs` null or 0) are left out."""
    coins: dict[str, Decimal] = {}
    for row in rows:
        if row["cs"]:
            coins.setdefault(text(row, "b"), number(row, "cs"))
    return coins
