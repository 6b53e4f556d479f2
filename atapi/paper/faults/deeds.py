"""What an exchange does to its users by itself, done because somebody asked: positions deleveraged, orders canceled,
listen keys ended; and, for as long as the fault stands, a symbol delisted or a price moved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase

from atapi.domain.numbers import parse_plain
from atapi.paper.exchange import Exchange
from atapi.paper.faults.words import Fault, span_ms
from atapi.paper.feeds.base import Series
from atapi.paper.feeds.coin_margined import CoinMarginedFeed, followed
from atapi.paper.feeds.moves import Move, Moves
from atapi.paper.prices import SECOND, Prices
from atapi.paper.records import PositionRecord, Refusal
from atapi.paper.wire.listenkeys import ListenKeys

FUTURES = ("um", "cm")
MARKETS = ("spot", "margin", *FUTURES)
DAY_OF_NOTICE = "1h"
HUNDRED = Decimal(100)
LEAST_SHARE = Decimal("-0.99")

_SHARE = re.compile(r"([+-]?)([0-9]{1,4}(?:\.[0-9]{1,6})?)%", re.ASCII)


def perform(fault: Fault, exchange: Exchange, keys: Mapping[str, ListenKeys]) -> int:
    """Do once what was asked for; tells to how many positions, orders or keys.

    Raises:
        Refusal: -1102 where there was nothing to do it to.
    """
    if fault.action == "adl":
        done = _deleverage(fault, exchange)
    elif fault.action == "cancel":
        done = _cancel(fault, exchange)
    else:
        done = _expire(fault, exchange, keys)
    if not done:
        raise Refusal(-1102, f"{fault.text}: there is nothing to do it to")
    return done


def begin(fault: Fault, exchange: Exchange) -> None:
    """Let a symbol be delisted, or a price be moved."""
    if fault.action == "delist":
        exchange.desk(_futures(fault, exchange)).delist(
            _symbol(fault), span_ms(fault.options.get("in", DAY_OF_NOTICE))
        )
        return
    exchange.settle()
    _moves(exchange).begin(id(fault), _move(fault, exchange))


def end(fault: Fault, exchange: Exchange) -> None:
    """Let a symbol live on; let prices be the feed's again."""
    if fault.action == "delist":
        exchange.desk(_futures(fault, exchange)).delist(_symbol(fault), None)
        return
    exchange.settle()  # what has happened until now has happened at moved prices
    _moves(exchange).end(id(fault))


# --- at once --------------------------------------------------------------------------------------------------
def _deleverage(fault: Fault, exchange: Exchange) -> int:
    market = _futures(fault, exchange)
    side, share = fault.options.get("side", "").upper(), _share(fault.options.get("share", "100%"))
    if side not in ("", "LONG", "SHORT") or not 0 < share <= 1:
        raise Refusal(-1102, "adl takes side=LONG or side=SHORT, and share=1% to share=100%")
    lot = exchange.catalogue.perpetuals(market)[_symbol(fault)].lot_size
    done = 0
    for account in _accounts(fault, exchange):
        for view in exchange.positions(account, market):
            position = view.position
            if position.symbol != _symbol(fault) or side not in ("", _direction(position)):
                continue
            quantity = _quantity(fault, abs(position.quantity) * share, lot)
            exchange.desk(market).deleverage(
                account, position.symbol, position.position_side, min(quantity, abs(position.quantity))
            )
            done += 1
    return done


def _cancel(fault: Fault, exchange: Exchange) -> int:
    asked = fault.where.patterns.get("market", "*")
    return sum(
        len(exchange.cancel_all(account, market, _symbol(fault)))
        for market in MARKETS
        if fnmatchcase(market, asked) and _symbol(fault) in exchange.catalogue.symbols(_listed(market))
        for account in _accounts(fault, exchange)
    )


def _expire(fault: Fault, exchange: Exchange, keys: Mapping[str, ListenKeys]) -> int:
    if fault.value != "listen-keys":
        raise Refusal(-1102, f"'{fault.value}' does not expire; listen-keys do")
    asked, wanted = fault.where.patterns.get("market", "*"), _accounts(fault, exchange)
    ended = [
        mine.close(account)
        for market, mine in keys.items()
        if fnmatchcase(market, asked)
        for account in mine.accounts()
        if account in wanted
    ]
    return len(ended)


# --- for a while ----------------------------------------------------------------------------------------------
def _move(fault: Fault, exchange: Exchange) -> Move:
    symbol = _symbol(fault)
    if symbol in exchange.catalogue.cm:
        symbol = followed(symbol)
    if symbol not in exchange.catalogue.um and symbol not in exchange.catalogue.spot:
        raise Refusal(-1102, f"'{fault.value}' is not listed")
    share = _share(fault.options.get("by", ""))
    if share < LEAST_SHARE:
        raise Refusal(-1102, "by must be a share such as by=-10%, no less than -99%")
    source = Prices(exchange.feed).index_source(symbol)  # of 1000PEPEUSDT, the spot price of PEPEUSDT
    keys = {source[:2]} if source is not None else set()
    if symbol in exchange.catalogue.um:
        keys |= {(series, symbol) for series in (Series.UM, Series.MARK, Series.INDEX)}
    span = max(SECOND, span_ms(fault.options.get("over", "1s")))
    return Move(frozenset(keys), exchange.now_ms() // SECOND * SECOND, span // SECOND * SECOND, share)


def _moves(exchange: Exchange) -> Moves:
    feed = exchange.feed
    assert isinstance(feed, CoinMarginedFeed)
    if feed.recorded is not None:
        raise Refusal(-1102, "recorded books cannot be moved")
    return feed.moves


# --------------------------------------------------------------------------------------------------------------
def _symbol(fault: Fault) -> str:
    return str(fault.value).upper()


def _futures(fault: Fault, exchange: Exchange) -> str:
    asked = fault.where.patterns.get("market")
    found = [m for m in FUTURES if asked in (None, m) and _symbol(fault) in exchange.catalogue.symbols(m)]
    if not found:
        raise Refusal(-1102, f"'{fault.value}' is no perpetual" + (f" on {asked}" if asked else ""))
    return found[0]


def _listed(market: str) -> str:
    return "spot" if market == "margin" else market


def _accounts(fault: Fault, exchange: Exchange) -> list[str]:
    pattern = fault.where.patterns.get("account", "*")
    return [record.account for record in exchange.accounts() if fnmatchcase(record.name, pattern)]


def _direction(position: PositionRecord) -> str:
    return "LONG" if position.quantity > 0 else "SHORT"


def _quantity(fault: Fault, wanted: Decimal, lot: Decimal) -> Decimal:
    text = fault.options.get("quantity")
    if text is not None:
        given = parse_plain(text)
        if given is None or not given or given % lot:
            raise Refusal(-1102, f"quantity '{text}' is not a number of lots of {lot:f}")
        return given
    return max(lot, wanted // lot * lot)


def _share(text: str) -> Decimal:
    match = _SHARE.fullmatch(text)
    if match is None:
        raise Refusal(-1102, f"'{text}' is not a share such as 10% or -2.5%")
    return Decimal(f"{match[1]}{match[2]}") / HUNDRED
