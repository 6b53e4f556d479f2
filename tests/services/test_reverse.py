"""Reverse spreads on the embedded exchange: borrowed, held, repaid, and every digit accounted for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import atapi
from atapi.desk import Desk
from atapi.domain.amounts import parse_amount
from atapi.domain.instruments import Market
from atapi.domain.margin import MarginAccount
from atapi.domain.orders import Side
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.errors import OutcomeUnknown, Refused, SpreadBroken, UsageError, VenueUnreachable
from atapi.exchanges.base import MarginVenue
from atapi.services.reverse import ReverseService
from tests.fakes import NOON

D = Decimal
LOT = D("0.00001")  # of spot BTCUSDT


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as opened:
        opened.transfer("20000usdt", "spot", "margin")
        yield opened


def equity(desk: Desk) -> Decimal:
    held = desk.services.account.holdings()
    return sum((row.value for row in held if row.value is not None), D(0))


def margin(desk: Desk) -> MarginVenue:
    return desk.services.spreads.reverse.margin


def owed(desk: Desk, asset: str = "BTC") -> Decimal:
    return margin(desk).account().of(asset).owed


def last(desk: Desk) -> Spread:
    return desk.services.spreads.executor.spreads()[-1]


def by_hand(desk: Desk, path: str, **parameters: Any) -> Any:
    link = desk.services.spreads.spot.link  # type: ignore[attr-defined]  # as from another program
    return link.request("POST", path, parameters, signed=True)


def test_a_reverse_spread_is_opened_held_and_closed_to_the_last_digit(desk: Desk) -> None:
    opened = desk.open_spread("BTCUSDT", "1000usdt", reverse=True)
    desk.advance("24h")
    standing = desk.spreads()
    closed = desk.close_spread("BTCUSDT")

    spread = last(desk)
    [sale] = spread.leg_fills(LegName.SPOT_ENTRY)
    [cover] = spread.leg_fills(LegName.SPOT_EXIT)
    hour = sale.quantity * D("0.00026125") / 24  # the exchange's daily rate of BTC
    assert opened.reverse
    assert opened.state is SpreadState.HEDGED
    assert (sale.market, sale.side, sale.fee_asset) == (Market.MARGIN, Side.SELL, "USDT")
    assert (cover.market, cover.side, cover.fee_asset) == (Market.MARGIN, Side.BUY, "BTC")
    assert standing["kind"].tolist() == ["reverse"]
    assert standing["qty"].tolist() == [0.021]
    assert spread.interest == 25 * round(hour, 8)  # the hour that had begun, and 24 that did
    assert standing["delta"].tolist() == [float(-spread.interest)]
    assert closed["state"].tolist() == ["FLAT"]
    assert owed(desk) == 0
    # bought net of the fee: what was sold, what was charged, and dust of less than one lot
    assert 0 <= spread.delta < LOT
    assert margin(desk).account().of("BTC").free == spread.delta
    assert desk.positions().empty
    assert equity(desk) - 100_000 == desk.services.pnl.of(spread).total


def test_a_negative_rate_pays_and_the_plan_says_when(desk: Desk) -> None:
    plan = desk.plan_spread("ATOMUSDT", "1000usdt", reverse=True)
    desk.open_spread("ATOMUSDT", "1000usdt", reverse=True)
    desk.advance("8h")

    [row] = desk.services.spreads.rows()
    assert plan.funding_rate < 0
    assert plan.break_even_intervals is not None
    assert plan.borrow is not None
    assert plan.income_rate == -plan.funding_rate - plan.borrow.interest(plan.funding_interval)
    assert row.funding_usdt > 0


def test_a_perpetual_by_the_thousand_borrows_a_thousand_coins_for_one(desk: Desk) -> None:
    spread = desk.open_spread("1000PEPEUSDT", "1000usdt", reverse=True)

    assert spread.spot_quantity == -1000 * spread.perp_quantity
    assert margin(desk).account().of("PEPE").borrowed == 1000 * spread.perp_quantity

    desk.close_spread("1000PEPEUSDT")

    assert owed(desk, "PEPE") == 0
    assert desk.positions().empty


def test_a_part_is_closed_with_the_interest_so_far(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt", reverse=True)
    desk.advance("72h")

    desk.close_spread("BTCUSDT", "50%")

    half = last(desk)
    assert half.state is SpreadState.HEDGED
    # what is owed is what the perpetual stands against: bought up to the next lot, for an hour that might begin
    assert 0 <= half.delta < 2 * LOT
    assert owed(desk) == half.interest - half.spot_quantity

    desk.advance("24h")
    desk.close_spread("BTCUSDT")

    assert last(desk).state is SpreadState.FLAT
    assert owed(desk) == 0
    assert equity(desk) - 100_000 == desk.services.pnl.of(last(desk)).total


def test_a_reverse_spread_is_added_to(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "1000usdt", reverse=True)
    desk.advance("8h")
    with pytest.raises(Refused, match=r"BTCUSDT has an open reverse spread of 0\.021 BTC \(#1\)"):
        desk.plan_spread("BTCUSDT", "1000usdt", reverse=True)

    desk.open_spread("BTCUSDT", "1000usdt", reverse=True, add=True)

    spread = last(desk)
    assert spread.spread_id == 1
    assert spread.spot_quantity == -spread.perp_quantity
    assert owed(desk) == spread.interest - spread.spot_quantity


@pytest.mark.parametrize("reverse", [True, False])
def test_nothing_is_added_the_other_way_round(desk: Desk, reverse: bool) -> None:
    desk.open_spread("BTCUSDT", "1000usdt", reverse=not reverse)

    with pytest.raises(Refused, match="the other way round") as refusal:
        desk.plan_spread("BTCUSDT", "1000usdt", reverse=reverse, add=True)

    assert refusal.value.hint == "close-spread BTCUSDT first"


def test_where_the_clock_stands_still_interest_is_told_apart(desk: Desk) -> None:
    for _ in range(2):
        desk.open_spread("BTCUSDT", "1000usdt", reverse=True)
        desk.close_spread("BTCUSDT")

    first, second = desk.services.spreads.executor.spreads()
    assert first.interest == second.interest == D("0.00000023")  # one begun hour each
    # the dust of both lies in one balance, whose worth is rounded once
    assert abs(equity(desk) - 100_000 - desk.services.pnl.rows()[0].total_usdt) <= D("0.00000001")


def test_fees_and_interest_in_bnb_leave_no_dust(desk: Desk) -> None:
    for wallet in ("spot", "futures"):
        desk.deposit("5bnb", wallet)
    desk.transfer("2bnb", "spot", "margin")
    by_hand(desk, "/sapi/v1/bnbBurn", spotBNBBurn="true", interestBNBBurn="true")
    before = equity(desk)

    desk.open_spread("BTCUSDT", "1000usdt", reverse=True)
    desk.advance("4h")
    price_change = equity(desk) - before - desk.services.pnl.of(last(desk)).total
    desk.close_spread("BTCUSDT")

    spread = last(desk)
    assert {f.fee_asset for _, f in spread.fills if f.market is Market.MARGIN} == {"BNB"}
    assert {line.asset for line in desk.services.spreads.reverse.interest.of(spread)} == {"BNB"}
    assert (spread.spot_quantity, spread.interest, spread.delta) == (0, 0, 0)
    assert owed(desk) == 0
    # the deposited BNB changed its price while the spread stood, and nothing else did
    assert equity(desk) - before - price_change == desk.services.pnl.of(spread).total


@pytest.mark.parametrize(
    ("amount", "message", "hint"),
    [
        ("30000usdt", r"margin level would be 1\.67 after borrowing 0\.648 BTC \(limit 2\)", "transfer 9[0-9]{3}usdt spot margin"),
        ("0.0001btc", "0.0001 BTC is no multiple of 0.001", "smallest: 0.001btc"),
    ],
)  # fmt: skip
def test_what_the_account_cannot_bear_is_refused(desk: Desk, amount: str, message: str, hint: str) -> None:
    with pytest.raises(Refused, match=message) as refusal:
        desk.plan_spread("BTCUSDT", amount, reverse=True)

    assert re.fullmatch(hint, str(refusal.value.hint))
    assert desk.orders("BTCUSDT", everything=True).empty


def test_coins_and_debts_of_ones_own_are_not_mixed_with_the_spreads(desk: Desk) -> None:
    by_hand(
        desk, "/sapi/v1/margin/borrow-repay", asset="BTC", isIsolated="FALSE", amount="0.01", type="BORROW"
    )

    with pytest.raises(Refused, match=r"margin holds 0\.01 BTC of its own"):
        desk.plan_spread("BTCUSDT", "1000usdt", reverse=True)
    desk.transfer("0.01btc", "margin", "spot")
    with pytest.raises(Refused, match=r"margin already owes 0\.0100001. BTC that no spread here borrowed"):
        desk.plan_spread("BTCUSDT", "1000usdt", reverse=True)


def test_a_refused_sale_takes_the_perpetual_back(desk: Desk) -> None:
    plan = desk.plan_spread("BTCUSDT", "10000usdt", reverse=True)
    desk.transfer("all", "margin", "futures")

    with pytest.raises(Refused) as refusal:
        desk.services.spreads.open(plan)

    assert refusal.value.message.startswith(
        "spot leg refused (-3006) after the perp filled 0.216 BTC; perp sold back"
    )
    assert last(desk).state is SpreadState.FLAT
    assert desk.positions().empty
    assert owed(desk) == 0
    assert equity(desk) - 100_000 == desk.services.pnl.of(last(desk)).total


def test_closing_without_funds_in_margin_is_refused_before_it_is_sent(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "1000usdt", reverse=True)
    desk.deposit("5bnb", "spot")
    desk.transfer("5bnb", "spot", "margin")
    # other collateral takes the place of the proceeds
    by_hand(desk, "/sapi/v1/margin/order", symbol="ETHUSDT", side="BUY", type="MARKET", quoteOrderQty="20900")

    with pytest.raises(Refused, match=r"margin has [0-9.]+ USDT free; [0-9.]+ USDT is needed") as refusal:
        desk.close_spread("BTCUSDT")

    assert str(refusal.value.hint).endswith("usdt spot margin")
    assert last(desk).state is SpreadState.HEDGED


def test_a_debt_repaid_by_hand_leaves_coins_not_a_debt(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "1000usdt", reverse=True)
    desk.deposit("1btc", "spot")
    desk.transfer("0.03btc", "spot", "margin")
    margin(desk).repay("BTC", owed(desk))

    desk.close_spread("BTCUSDT")

    assert last(desk).state is SpreadState.FLAT
    assert owed(desk) == 0
    assert margin(desk).account().of("BTC").free >= D("0.03")


def test_dust_of_an_earlier_debt_goes_with_the_closing(desk: Desk) -> None:
    by_hand(
        desk,
        "/sapi/v1/margin/borrow-repay",
        asset="BTC",
        isIsolated="FALSE",
        amount="0.000009",
        type="BORROW",
    )
    desk.open_spread("BTCUSDT", "1000usdt", reverse=True)

    desk.close_spread("BTCUSDT")

    assert owed(desk) == 0


class Silent:
    """A margin venue that cannot be asked."""

    def account(self) -> MarginAccount:
        raise VenueUnreachable("margin/account: no answer")


def service(desk: Desk, venue: Any) -> ReverseService:
    ours = desk.services.spreads.reverse
    return ReverseService(venue=venue, spot=ours.spot, wallet=ours.wallet, interest=ours.interest)


def test_more_than_dust_left_owing_is_exposure_with_what_mends_it(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "1000usdt", reverse=True)

    with pytest.raises(SpreadBroken) as broken:
        desk.services.spreads.reverse.settle(last(desk))  # as if it were closed

    assert broken.value.exit_code == 3
    assert broken.value.message == "#1 is closed, but margin still owes 0.02100023 BTC"
    assert broken.value.hint == "transfer 0.02100023btc spot margin; repay 0.02100023btc"


def test_a_debt_in_another_coin_is_not_touched(desk: Desk) -> None:
    by_hand(
        desk, "/sapi/v1/margin/borrow-repay", asset="BTC", isIsolated="FALSE", amount="0.01", type="BORROW"
    )
    desk.open_spread("ETHUSDT", "1000usdt", reverse=True)

    desk.close_spread("ETHUSDT")

    assert owed(desk, "ETH") == 0
    assert owed(desk) > D("0.01")
    assert margin(desk).account().of("BTC").free == D("0.01")


def test_coins_that_are_left_repay_what_is_owed(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "1000usdt", reverse=True)
    desk.deposit("1btc", "spot")
    desk.transfer("1btc", "spot", "margin")

    desk.services.spreads.reverse.settle(last(desk))

    assert owed(desk) == 0


def test_a_debt_that_could_not_be_asked_about_is_unknown_not_done(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "1000usdt", reverse=True)
    reverse = service(desk, Silent())

    with pytest.raises(OutcomeUnknown, match="whether margin still owes BTC could not be asked") as unknown:
        reverse.settle(last(desk))

    assert unknown.value.hint == "balance --wallet margin"
    assert reverse.told(last(desk)) == [
        "what margin owes could not be asked: margin/account: no answer; balance --wallet margin"
    ]


def test_a_network_without_margin_refuses_in_one_line(desk: Desk) -> None:
    reverse = service(desk, None)

    with pytest.raises(Refused) as refusal:
        reverse.credit(desk.services.spreads.symbols.pair("BTCUSDT"), None)

    assert refusal.value.message == (
        "this network has no margin: nothing can be borrowed on Binance's demo and testnet"
    )
    assert refusal.value.hint == "network paper, or mainnet"


def test_a_repayment_by_hand_is_checked_first(desk: Desk) -> None:
    reverse = desk.services.spreads.reverse
    by_hand(
        desk, "/sapi/v1/margin/borrow-repay", asset="BTC", isIsolated="FALSE", amount="0.01", type="BORROW"
    )
    desk.transfer("0.005btc", "margin", "spot")

    with pytest.raises(UsageError):
        reverse.plan_repayment(parse_amount("50%"))
    with pytest.raises(Refused, match=r"margin owes 0\.0100001. BTC"):
        reverse.plan_repayment(parse_amount("0.02btc"))
    with pytest.raises(Refused, match=r"margin has 0\.005 BTC free; 0\.006 BTC is needed") as refusal:
        reverse.plan_repayment(parse_amount("0.006btc"))
    row = reverse.repay(*reverse.plan_repayment(parse_amount("0.005btc")), NOON)

    assert refusal.value.hint == "transfer 0.001btc spot margin"
    assert (row.amount, row.asset, row.left) == (D("0.005"), "BTC", owed(desk))


def test_whoever_only_reads_does_not_take_the_right_to_write(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "1000usdt", reverse=True)
    desk.advance("3h")
    desk.services.spreads.executor.close()

    [row] = desk.services.spreads.rows()

    assert not desk.services.spreads.executor.owns
    assert row.delta == -4 * D("0.00000023")
    assert len(desk.services.spreads.executor.journal.interest(1)) == 1  # the hour it was opened in


def test_interest_is_booked_while_it_stands_and_not_twice(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "1000usdt", reverse=True)
    journal = desk.services.spreads.executor.journal
    for hours in (5, 3):
        desk.advance(f"{hours}h")
        desk.spreads()
        desk.spreads()

    lines = journal.interest(1)
    assert len({line.interest_id for line in lines}) == len(lines) == 9
    assert lines == desk.services.spreads.reverse.interest.of(last(desk))
    assert len(journal.notes("interest")) == 3
