"""Interest is told apart by when it was charged, and by what was sold at that moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from atapi.domain.instruments import Market
from atapi.domain.margin import Interest
from atapi.domain.orders import Fill, Side
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.services.interest import InterestBook

D = Decimal
AT = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def fill(market: Market, side: Side, at: datetime, order: str) -> Fill:
    return Fill(
        market=market, symbol="BTCUSDT", trade_id=order, order_id=order, side=side, price=D(100), quantity=D(1),
        fee=D(0), fee_asset="USDT", realized=None, maker=False, at=at,
    )  # fmt: skip


def spread(number: int, opened: datetime, closed: datetime | None = None) -> Spread:
    fills = [
        (LegName.PERP_ENTRY, fill(Market.UM, Side.BUY, opened, f"p{number}")),
        (LegName.SPOT_ENTRY, fill(Market.MARGIN, Side.SELL, opened, f"s{number}")),
    ]
    if closed is not None:
        fills += [
            (LegName.SPOT_EXIT, fill(Market.MARGIN, Side.BUY, closed, f"x{number}")),
            (LegName.PERP_EXIT, fill(Market.UM, Side.SELL, closed, f"y{number}")),
        ]
    return Spread(
        spread_id=number, symbol="BTCUSDT", spot_symbol="BTCUSDT", base_asset="BTC", quote_asset="USDT",
        multiplier=D(1), state=SpreadState.HEDGED if closed is None else SpreadState.FLAT, tag="",
        created_at=opened, reverse=True, fills=tuple(fills),
    )  # fmt: skip


def line(number: int, at: datetime, *, on_borrow: bool = False, asset: str = "BTC") -> Interest:
    return Interest(
        owed_asset="BTC", asset=asset, amount=D("0.001"), principal=D(1), on_borrow=on_borrow, at=at,
        interest_id=str(number),
    )  # fmt: skip


class Ledger:
    """A margin venue that lists interest, a journal that holds none, and spreads."""

    def __init__(self, lines: list[Interest], *spreads: Spread) -> None:
        self.lines = lines
        self.asked: list[tuple[datetime, datetime | None]] = []
        journal = SimpleNamespace(interest=lambda spread_id: [])
        self.executor: Any = SimpleNamespace(journal=journal, spreads=lambda: list(spreads))
        self.book = InterestBook(margin=self, executor=self.executor)  # type: ignore[arg-type]  # only what is asked

    def interest(self, asset: str, *, start: datetime, end: datetime | None = None) -> list[Interest]:
        self.asked.append((start, end))
        return [x for x in self.lines if start <= x.at and (end is None or x.at <= end)]

    def ids(self, spread: Spread) -> list[str]:
        return [x.interest_id for x in self.book.of(spread)]


def test_what_was_charged_while_it_stood_is_its_own() -> None:
    first, second = spread(1, AT, AT + 2 * HOUR), spread(2, AT + 3 * HOUR)
    ledger = Ledger(
        [
            line(1, AT - HOUR),  # dust of long ago
            line(2, AT, on_borrow=True),
            line(3, AT + HOUR / 2),
            line(4, AT + 2 * HOUR + HOUR / 2),  # dust in between
            line(5, AT + 3 * HOUR, on_borrow=True),
            line(6, AT + 4 * HOUR),
        ],
        first,
        second,
    )

    assert ledger.ids(first) == ["2", "3"]
    assert ledger.ids(second) == ["5", "6"]


def test_loans_of_one_moment_belong_to_the_sales_in_their_order() -> None:
    closed = AT + HOUR
    first, second = spread(1, AT, closed), spread(2, closed)
    hour = line(2, closed)  # of the hour that began then: charged before anything was traded
    ledger = Ledger([line(1, AT, on_borrow=True), hour, line(3, closed, on_borrow=True)], first, second)

    assert ledger.ids(first) == ["1", "2"]
    assert ledger.ids(second) == ["3"]


def test_a_loan_that_margins_clock_puts_before_the_perpetual_is_not_lost() -> None:
    only = spread(1, AT)

    assert Ledger([line(1, AT - timedelta(milliseconds=7), on_borrow=True)], only).ids(only) == ["1"]


@pytest.mark.parametrize(
    ("which", "expected"),
    [("reverse", 1), ("carry", 0), ("nothing filled", 0), ("no margin", 0)],
)
def test_only_what_borrowed_pays_interest(which: str, expected: int) -> None:
    only = spread(1, AT)
    ledger = Ledger([line(1, AT, on_borrow=True)], only)
    book = ledger.book if which != "no margin" else replace(ledger.book, margin=None)
    asked = {"carry": replace(only, reverse=False), "nothing filled": replace(only, fills=())}.get(
        which, only
    )

    assert len(book.of(asked)) == expected


def test_interest_in_bnb_is_owed_in_no_coin() -> None:
    only = spread(1, AT)
    ledger = Ledger([line(1, AT, on_borrow=True), line(2, AT + HOUR, asset="BNB")], only)

    assert ledger.book.in_coins(only) == D("0.001")
    assert ledger.book.owed(only) == D("1.001")
    assert ledger.book.charged(only).delta == D("-0.001")
