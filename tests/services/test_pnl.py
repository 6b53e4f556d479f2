"""What spreads earned, read from fakes: whose funding is whose, rows by key, fees by asset, one page for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from atapi.clock import ManualClock
from atapi.domain.account import Income, Position
from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO
from atapi.domain.orders import Fill, Side
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.services.past_prices import PastPrices
from atapi.services.pnl import PnlService
from atapi.services.spread_books import SpreadBooks, parts_of, shared
from tests.fakes import D, FakeFutures, FakeSpot, bars, by_symbol, perpetual, spot_instrument, utc

T0 = utc("2026-01-01T12:00")
DAY = timedelta(days=1)


@dataclass(kw_only=True)
class CountedFutures(FakeFutures):
    """Futures that count how often income is read."""

    reads: list[str | None] = field(default_factory=list)

    def income(self, *, kind: str | None = None, symbol: str | None = None, start: datetime | None = None,
               end: datetime | None = None) -> list[Income]:  # fmt: skip
        self.reads.append(symbol)
        return super().income(kind=kind, symbol=symbol, start=start, end=end)


def fill(leg: LegName, side: Side, price: str, at: datetime, *, quantity: str = "1", symbol: str = "BTCUSDT",
         fee: str = "0", paid_in: str = "USDT", realized: str | None = None) -> tuple[LegName, Fill]:  # fmt: skip
    return leg, Fill(
        market=Market.SPOT if leg.spot else Market.UM, symbol=symbol, trade_id="1", order_id="1", side=side,
        price=D(price), quantity=D(quantity), fee=D(fee), fee_asset=paid_in,
        realized=None if realized is None else D(realized), maker=False, at=at,
    )  # fmt: skip


def spread(
    spread_id: int, opened: datetime, closed: datetime | None = None, symbol: str = "BTCUSDT"
) -> Spread:
    """Make a spread of one coin: in at 101 against 100, out at 110.4 against 110."""
    fills = [
        fill(LegName.PERP_ENTRY, Side.SELL, "101", opened, fee="0.05", symbol=symbol),
        fill(LegName.SPOT_ENTRY, Side.BUY, "100", opened, fee="0.0001", paid_in="BNB", symbol=symbol),
    ]
    if closed is not None:
        fills += [
            fill(LegName.SPOT_EXIT, Side.SELL, "110", closed, fee="0.11", symbol=symbol),
            fill(LegName.PERP_EXIT, Side.BUY, "110.4", closed, fee="0.06", realized="-9.4", symbol=symbol),
        ]
    return Spread(
        spread_id=spread_id, symbol=symbol, spot_symbol=symbol, base_asset=symbol.removesuffix("USDT"),
        quote_asset="USDT", multiplier=D(1), state=SpreadState.HEDGED if closed is None else SpreadState.FLAT,
        tag="", created_at=opened, fills=tuple(fills),
    )  # fmt: skip


def paid(at: datetime, amount: str, symbol: str = "BTCUSDT") -> Income:
    return Income(symbol=symbol, kind="FUNDING_FEE", amount=D(amount), asset="USDT", at=at, income_id=f"{at}")


def position(quantity: str, mark: str, profit: str) -> Position:
    return Position(
        symbol="BTCUSDT", position_side="BOTH", quantity=D(quantity), entry_price=D(101), mark_price=D(mark),
        liquidation_price=None, leverage=D(1), initial_margin=ZERO, maintenance_margin=ZERO, unrealized=D(profit),
        adl=None,
    )  # fmt: skip


def service(
    spreads: Sequence[Spread], futures: FakeFutures | None = None, orders: Sequence[Fill] = ()
) -> PnlService:
    listed = by_symbol([spot_instrument(s) for s in ("BTCUSDT", "ETHUSDT", "BNBUSDT")])
    history = {("BNBUSDT", "1m"): bars("1m", T0, ["600", "600"])}
    market = FakeSpot(
        listed=listed, history=history,
        last_prices={"BTCUSDT": D(110), "ETHUSDT": D(110), "BNBUSDT": D(600)},
    )  # fmt: skip
    futures = futures or CountedFutures()
    futures.listed = by_symbol([perpetual("BTCUSDT"), perpetual("ETHUSDT")])
    return PnlService(
        executor=SimpleNamespace(spreads=lambda: list(spreads), order_fills=lambda: list(orders)),  # type: ignore[arg-type]  # all it asks of it
        books=SpreadBooks(
            spot=market, futures=futures, interest=SimpleNamespace(of=lambda spread: []),  # type: ignore[arg-type]
            clock=ManualClock(T0 + 9 * DAY), past=PastPrices(market),
        ),
    )  # fmt: skip


def test_the_parts_of_a_closed_spread() -> None:
    lines = [paid(T0 + timedelta(hours=4), "0.5"), paid(T0 + timedelta(hours=12), "0.3")]

    [row] = service([spread(1, T0, T0 + DAY)], CountedFutures(lines=lines)).rows()

    assert row.basis_usdt == D("0.6")  # (101 - 100) - (110.4 - 110)
    assert row.funding_usdt == D("0.8")
    assert row.fees_usdt == D("-0.28")  # 0.05 + 0.0001 * 600 + 0.11 + 0.06
    assert (row.price_usdt, row.interest_usdt, row.dust_usdt) == (0, 0, 0)
    assert row.total_usdt == D("1.12")


def test_days_have_what_was_booked_on_them_and_sum_to_the_total() -> None:
    lines = [
        paid(T0 + timedelta(hours=4), "0.5"),
        paid(T0 + timedelta(hours=12), "0.3"),
    ]  # 16:00 and midnight
    pnl = service([spread(1, T0, T0 + DAY)], CountedFutures(lines=lines))

    first, second, today = pnl.rows(by="day")

    assert (first.key, first.funding_usdt, first.fees_usdt, first.basis_usdt) == (
        "2026-01-01", D("0.5"), D("-0.11"), 0,
    )  # fmt: skip
    assert (second.key, second.funding_usdt, second.fees_usdt, second.basis_usdt) == (
        "2026-01-02", D("0.3"), D("-0.17"), D("0.6"),
    )  # fmt: skip
    assert (today.key, today.total_usdt) == ("2026-01-10", 0)  # nothing is held any more
    assert first.total_usdt + second.total_usdt == pnl.rows()[0].total_usdt


def test_since_leaves_out_what_was_booked_before_and_what_had_ended() -> None:
    lines = [paid(T0 + 3 * DAY, "0.5")]
    spreads = [spread(1, T0, T0 + DAY), spread(2, T0 + 2 * DAY, T0 + 4 * DAY)]
    pnl = service(spreads, CountedFutures(lines=lines))

    [row] = pnl.rows(by="spread", since=T0 + 3 * DAY)

    assert (row.key, row.funding_usdt, row.fees_usdt) == ("#2", D("0.5"), D("-0.17"))  # its exit's fees alone


def test_fees_are_listed_in_the_asset_they_were_paid_in() -> None:
    pnl = service([spread(1, T0, T0 + DAY)])

    rows = {row.asset: (row.key, row.fee, row.fees_usdt) for row in pnl.fee_rows(by="spread")}

    assert rows == {"BNB": ("#1", D("-0.0001"), D("-0.06")), "USDT": ("#1", D("-0.22"), D("-0.22"))}


def test_two_spreads_in_one_symbol_that_meet_at_a_funding() -> None:
    meet = T0 + timedelta(hours=4)
    older, newer = spread(1, T0, meet), spread(2, meet, meet + DAY)

    found = service([older, newer], CountedFutures(lines=[paid(meet, "0.5")])).rows(by="spread")

    assert [row.funding_usdt for row in found] == [
        D("0.5"),
        ZERO,
    ]  # paid on the position that stood before it


@pytest.mark.parametrize(("late", "owned"), [(0, True), (15, True), (16, False)])
def test_a_funding_may_be_charged_to_a_position_opened_just_after_its_time(late: int, owned: bool) -> None:
    opened = spread(1, T0 + timedelta(seconds=late))

    parts = parts_of(paid(T0, "0.5"), [opened], [])

    assert parts == ([(1, D("0.5"))] if owned else [])


def test_funding_of_another_symbol_or_after_the_end_is_nobodys() -> None:
    closed = spread(1, T0, T0 + DAY)

    assert parts_of(paid(T0 + timedelta(hours=4), "0.5", "ETHUSDT"), [closed], []) == []
    assert parts_of(paid(T0 + 2 * DAY, "0.5"), [closed], []) == []


def test_a_single_order_in_the_symbol_has_its_part_of_the_funding() -> None:
    _, order = fill(LegName.ORDER, Side.SELL, "101", T0, quantity="0.5")
    line = paid(T0 + timedelta(hours=4), "0.1")

    assert parts_of(line, [spread(1, T0)], [order]) == [
        (1, D("0.06666667")),
        (None, D("0.03333333")),
    ]  # 1 : 0.5
    assert parts_of(line, [], [order]) == [(None, D("0.1"))]


def test_what_a_single_order_did_to_the_venues_mean_price_is_not_the_spreads() -> None:
    _, order = fill(LegName.ORDER, Side.SELL, "121", T0 + timedelta(hours=1))
    sold = spread(1, T0, T0 + DAY)
    # the venue's mean entry is 111 now, so that it realizes 111 - 110.4 where the spread itself lost 101 - 110.4
    mixed = replace(
        sold, fills=(*sold.fills[:3], (sold.fills[3][0], replace(sold.fills[3][1], realized=D("0.6"))))
    )

    [row] = service([mixed], orders=[order]).rows()

    assert (row.price_usdt, row.basis_usdt) == (0, D("0.6"))


def test_income_is_read_once_for_all_spreads() -> None:
    futures = CountedFutures()
    spreads = [spread(n, T0 + n * DAY, T0 + n * DAY + timedelta(hours=3)) for n in range(5)]
    others = [spread(9, T0, T0 + DAY, "ETHUSDT")]

    service(spreads, futures).rows()
    service([*spreads, *others], futures).rows()

    assert futures.reads == ["BTCUSDT", None]


def test_what_is_held_has_the_venues_own_profit() -> None:
    futures = CountedFutures(open_positions=[position("-1", "110.4", "-9.40000001")])

    [row] = service([spread(1, T0)], futures).rows()

    assert (row.basis_usdt, row.price_usdt) == (
        D("0.6"),
        D("-0.00000001"),
    )  # spot stands at 110; its rounding is price


def test_a_position_somebody_else_traded_in_has_the_spreads_own_part() -> None:
    bought_back_by_hand = position("-0.4", "110.4", "-3.76")
    futures = CountedFutures(open_positions=[bought_back_by_hand])

    [row] = service([spread(1, T0)], futures).rows()

    assert (row.basis_usdt, row.price_usdt) == (
        D("0.6"),
        0,
    )  # 101 - 110.4 and 110 - 100, whatever was done by hand


def test_what_is_known_to_be_shared() -> None:
    _, order = fill(LegName.ORDER, Side.SELL, "101", T0 + timedelta(hours=1))
    elsewhere, later = replace(order, symbol="ETHUSDT"), replace(order, at=T0 + 2 * DAY)
    closed = spread(1, T0, T0 + DAY)

    assert [shared(closed, None, [o]) for o in (order, elsewhere, later)] == [True, False, False]
    assert shared(spread(1, T0), None, [])
    assert not shared(spread(1, T0), position("-1", "110", "-9"), [])


def test_a_spread_without_a_fill_earned_nothing() -> None:
    empty = replace(spread(1, T0), fills=())

    assert service([empty]).of(empty).total == 0
    assert [row.total_usdt for row in service([]).rows()] == [0]
    assert service([]).rows(by="day") == []
