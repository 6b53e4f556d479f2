"""Margin orders: in the spot books, from the margin wallet, with what they borrow and repay on their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from atapi.paper.exchange import Exchange, Submit
from atapi.paper.feeds.base import Series
from atapi.paper.records import OrderRecord, Refusal
from tests.paper.feed_of_bars import DEFAULT, HOUR, MINUTE, T0, D, FeedOfBars
from tests.paper.worlds import at_market, free, funded, limit, world

HOURLY_RATE = D("0.00013233") / 24
ALWAYS = (0, 10**15)


def falling() -> FeedOfBars:
    """BTC at 50 000, for ten minutes from the twentieth at 48 000."""
    steps = dict(DEFAULT)
    at = (T0 + 20 * MINUTE, T0 + 30 * MINUTE)
    steps[Series.SPOT, "BTCUSDT"] = [(0, D(50_000)), (at[0], D(48_000)), (at[1], D(50_000))]
    return FeedOfBars(steps)


def place(exchange: Exchange, account: str, order: Submit) -> OrderRecord:
    return exchange.place(account, "margin", order)[0]


def test_a_margin_order_trades_in_the_spot_book_from_the_margin_wallet() -> None:
    exchange = world()
    account = funded(exchange, spot_USDT="1000", margin_USDT="10000")
    book = exchange.depth("spot", "BTCUSDT", 1)[2]

    order, [fill] = exchange.place(account, "margin", at_market("BUY", "0.1"))

    assert (order.market, fill.price) == ("margin", book[0][0])
    assert free(exchange, account, "BTC", "margin") == D("0.0999")  # less 0.1 %
    assert free(exchange, account, "USDT", "margin") == 10_000 - fill.price / 10
    assert exchange.balances(account, "spot") == {"USDT": (1000, 0)}
    assert exchange.orders(account, "spot", None) == []
    assert exchange.orders(account, "margin", "BTCUSDT") == [order]
    assert [t.trade_id for t in exchange.trades(account, "margin", "BTCUSDT")] == [fill.trade_id]
    assert exchange.public_trades("spot", "BTCUSDT", 5)[-1].trade_id == fill.trade_id


def test_spot_and_margin_meet_each_other_and_share_ids() -> None:
    exchange = world()
    maker = funded(exchange, "maker", margin_BTC="1")
    taker = funded(exchange, "taker", spot_USDT="100000")
    rests = place(exchange, maker, limit("SELL", "0.5", "50000"))

    bought, [fill] = exchange.place(taker, "spot", limit("BUY", "0.5", "50000"))

    assert bought.order_id == rests.order_id + 1
    assert (bought.status, fill.price) == ("FILLED", 50_000)
    assert free(exchange, maker, "USDT", "margin") == D("24975")  # 25 000 less 0.1 %
    assert exchange.orders(maker, "margin", None)[0].status == "FILLED"


def test_one_owner_does_not_meet_itself_across_wallets() -> None:
    exchange = world()
    account = funded(exchange, spot_USDT="100000", margin_BTC="1")
    rests = place(exchange, account, limit("SELL", "0.5", "50000"))

    exchange.place(account, "spot", limit("BUY", "0.1", "50000", time_in_force="IOC"))

    found = exchange.order(account, "margin", "BTCUSDT", order_id=rests.order_id, client_order_id=None)
    assert (found.status, found.executed) == ("EXPIRED_IN_MATCH", 0)


def test_wallets_do_not_see_each_others_orders() -> None:
    exchange = world()
    account = funded(exchange, spot_USDT="1000", margin_USDT="10000")
    same_id = {"client_order_id": "mine"}
    in_margin = place(exchange, account, limit("BUY", "0.01", "49000", **same_id))
    in_spot, _ = exchange.place(account, "spot", limit("BUY", "0.02", "49000", **same_id))

    assert exchange.open_orders(account, "margin", None) == [in_margin]
    assert exchange.open_orders(account, "spot", None) == [in_spot]
    for market, other in (("spot", in_margin), ("margin", in_spot)):
        with pytest.raises(Refusal, match="Unknown order"):
            exchange.cancel(account, market, "BTCUSDT", order_id=other.order_id, client_order_id=None)
        with pytest.raises(Refusal, match="does not exist"):
            exchange.order(account, market, "BTCUSDT", order_id=other.order_id, client_order_id=None)
    exchange.cancel(account, "margin", "BTCUSDT", order_id=None, client_order_id="mine")
    assert exchange.open_orders(account, "spot", None) == [in_spot]


def test_without_a_side_effect_the_wallet_must_suffice() -> None:
    exchange = world()
    account = funded(exchange, margin_USDT="1000")

    with pytest.raises(Refusal) as caught:
        place(exchange, account, at_market("BUY", "0.1"))

    assert caught.value.code == -2010
    assert exchange.margin.standing(account).debts == {}


def test_margin_buy_borrows_exactly_what_lacks() -> None:
    exchange = world()
    account = funded(exchange, margin_USDT="2000")

    order, [fill] = exchange.place(account, "margin", at_market("BUY", "0.1", side_effect="MARGIN_BUY"))

    side = order.terms
    assert side.borrowed == fill.price / 10 - 2000
    assert side.borrowed_asset == "USDT"
    assert exchange.margin.standing(account).debts["USDT"].principal == side.borrowed
    assert free(exchange, account, "USDT", "margin") == 0


def test_a_short_sale_borrows_coins_and_buys_them_back() -> None:
    exchange = world()
    account = funded(exchange, margin_USDT="10000")

    place(exchange, account, at_market("SELL", "0.1", side_effect="MARGIN_BUY"))
    debt = exchange.margin.standing(account).debts["BTC"]
    place(exchange, account, at_market("BUY", "0.10011", side_effect="AUTO_REPAY"))

    assert debt.principal == D("0.1")
    assert debt.interest == D("0.00000109")  # 0.1 * 0.00026125 / 24
    assert exchange.margin.standing(account).debts == {}
    # 0.10011 less 0.1 % is 0.10000989, and 0.10000109 was owed
    assert free(exchange, account, "BTC", "margin") == D("0.00000880")
    [repaid] = exchange.margin.loans(account, "REPAY", *ALWAYS)
    assert (repaid.interest, repaid.principal) == (D("0.00000109"), D("0.1"))


def test_auto_borrow_repay_turns_a_position_round_in_one_order() -> None:
    exchange = world()
    account = funded(exchange, margin_USDT="10000")
    place(exchange, account, at_market("SELL", "0.1", side_effect="AUTO_BORROW_REPAY"))

    place(exchange, account, at_market("BUY", "0.3", side_effect="AUTO_BORROW_REPAY"))

    standing = exchange.margin.standing(account)
    assert list(standing.debts) == ["USDT"]
    assert free(exchange, account, "BTC", "margin") == D("0.2997") - D("0.10000109")


def test_a_loan_too_large_refuses_the_order_and_lends_nothing() -> None:
    exchange = world()
    account = funded(exchange, margin_USDT="1000")

    for effect in ("MARGIN_BUY", "AUTO_BORROW_REPAY"):
        with pytest.raises(Refusal) as caught:
            place(exchange, account, at_market("BUY", "1", side_effect=effect))
        assert caught.value.code == -3006

    assert exchange.balances(account, "margin") == {"USDT": (1000, 0)}
    assert exchange.orders(account, "margin", None) == []


@pytest.mark.parametrize(("keep", "left"), [(False, "0"), (True, "2900")])
def test_a_canceled_order_gives_its_loan_back_unless_told_not_to(keep: bool, left: str) -> None:
    exchange = world()
    account = funded(exchange, margin_USDT="2000")
    order = place(
        exchange, account, limit("BUY", "0.1", "49000", side_effect="MARGIN_BUY", repay_at_cancel=not keep)
    )
    interest = (2900 * HOURLY_RATE).quantize(D("1e-8"))  # 0.1 * 49 000 - 2000 borrowed
    assert exchange.margin.standing(account).debts["USDT"] == (2900, interest)

    exchange.cancel(account, "margin", "BTCUSDT", order_id=order.order_id, client_order_id=None)

    debts = exchange.margin.standing(account).debts
    # 2900 is given back: the interest first, so that so much of the principal stays
    assert debts["USDT"] == ((2900, interest) if keep else (interest, 0))
    assert free(exchange, account, "USDT", "margin") == 2000 + D(left)


def test_a_resting_order_repays_when_it_fills_later() -> None:
    exchange = world(falling())
    account = funded(exchange, margin_USDT="10000")
    exchange.margin.borrow(account, "BTC", D("0.05"))
    order = place(exchange, account, limit("BUY", "0.1", "49000", side_effect="AUTO_REPAY"))

    exchange.advance(25 * MINUTE)

    assert exchange.orders(account, "margin", None)[0].status == "FILLED"
    assert exchange.margin.standing(account).debts == {}
    # 0.05 borrowed, 0.1 bought less 0.1 %, 0.05 and the interest of one hour repaid
    assert free(exchange, account, "BTC", "margin") == D("0.0999") - D("0.00000054")
    assert order.terms.side_effect == "AUTO_REPAY"


def test_what_an_order_is_to_do_survives_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "x.sqlite")
    exchange = world(falling(), path=path)
    account = funded(exchange, margin_USDT="10000")
    exchange.margin.borrow(account, "BTC", D("0.05"))
    place(exchange, account, limit("BUY", "0.1", "49000", side_effect="AUTO_REPAY"))
    dropped = place(exchange, account, limit("BUY", "0.2", "47000", side_effect="MARGIN_BUY"))
    assert dropped.terms.borrowed == 4300  # 4900 held, 10 000 - 4900 free

    again = world(falling(), at_ms=T0 + 25 * MINUTE, path=path)
    again.cancel(account, "margin", "BTCUSDT", order_id=dropped.order_id, client_order_id=None)

    debts = again.margin.standing(account).debts
    assert list(debts) == ["USDT"]  # the interest on 4300 for one hour, which no cancel gives back
    assert debts["USDT"].total == (4300 * HOURLY_RATE).quantize(D("1e-8"))
    assert again.balances(account, "margin")["USDT"] == (5100, 0)
    assert again.open_orders(account, "margin", None) == []


def test_fees_are_paid_in_the_bnb_of_the_margin_wallet() -> None:
    exchange = world()
    account = funded(exchange, bnb=True, spot_BNB="1", margin_USDT="10000", margin_BNB="1")

    _, [fill] = exchange.place(account, "margin", at_market("BUY", "0.1"))

    assert fill.fee_asset == "BNB"
    assert free(exchange, account, "BNB", "margin") == 1 - fill.fee
    assert free(exchange, account, "BNB") == 1


def test_rules_are_spots_own() -> None:
    exchange = world()
    account = funded(exchange, margin_USDT="10000")

    cases: list[tuple[dict[str, Any], int]] = [
        ({"symbol": "NOSUCH"}, -1121),
        ({"quantity": "0.000001"}, -1013),
    ]
    for change, code in cases:
        with pytest.raises(Refusal) as caught:
            place(exchange, account, at_market("BUY", change.pop("quantity", "0.1"), **change))
        assert caught.value.code == code
    exchange.test(account, "margin", at_market("BUY", "0.5", side_effect="MARGIN_BUY"))
    assert exchange.margin.standing(account).debts == {}
    assert exchange.now_ms() < T0 + HOUR


def test_a_stop_order_borrows_when_placed_and_repays_when_it_works() -> None:
    exchange = world(falling())
    account = funded(exchange, margin_USDT="10000")
    stop = Submit(
        symbol="BTCUSDT",
        side="SELL",
        type="STOP_LOSS",
        quantity=D("0.1"),
        stop_price=D(49_000),
        side_effect="MARGIN_BUY",
    )
    order = place(exchange, account, stop)
    debts = exchange.margin.standing(account).debts
    assert (order.terms.borrowed, order.terms.borrowed_asset, debts["BTC"].principal) == (
        D("0.1"),
        "BTC",
        D("0.1"),
    )
    assert exchange.balances(account, "margin")["BTC"] == (0, D("0.1"))

    exchange.advance(25 * MINUTE)

    [sold] = exchange.orders(account, "margin", None)
    assert (sold.status, sold.executed) == ("FILLED", D("0.1"))
    assert exchange.margin.standing(account).debts["BTC"].principal == D("0.1")  # still short
    place(exchange, account, at_market("BUY", "0.11", side_effect="AUTO_REPAY"))
    assert exchange.margin.standing(account).debts == {}


def test_a_waiting_order_that_is_canceled_gives_its_loan_back() -> None:
    exchange = world()
    account = funded(exchange, margin_USDT="10000")
    stop = limit("SELL", "0.1", "48000", side_effect="MARGIN_BUY")
    order = place(exchange, account, replace(stop, type="STOP_LOSS_LIMIT", stop_price=D(49_000)))

    exchange.cancel(account, "margin", "BTCUSDT", order_id=order.order_id, client_order_id=None)

    # 0.1 is given back, of which the interest of an hour comes first
    assert exchange.margin.standing(account).debts["BTC"] == (D("0.00000109"), 0)
    assert exchange.balances(account, "margin") == {"USDT": (10_000, 0)}
