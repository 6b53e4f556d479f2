"""The guard on the embedded exchange, which deleverages, liquidates, delists and forgets on request.

No test waits: each looks when it wants to, and moves the exchange's clock itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import atapi
from atapi.desk import Desk
from atapi.domain.guard import Check, Code, Policy, Severity, Sweep
from atapi.domain.spreads import SpreadState
from atapi.errors import Refused
from atapi.execution.lock import WriterLock
from atapi.execution.terms import OpenTerms
from atapi.services.guard import Guard, Options
from atapi.services.guard_funds import Allowance, reserved

D = Decimal
ALARM, WARNING = Severity.ALARM, Severity.WARNING


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as opened:
        yield opened


@pytest.fixture
def held(desk: Desk) -> Desk:
    """Hold a spread of 0.215 BTC."""
    desk.open_spread("BTCUSDT", "10000usdt")
    return desk


def guard(desk: Desk, policy: Policy = Policy.ALARM, **allowed: str) -> Guard:
    allowance = Allowance(**{name: D(value) for name, value in allowed.items()})
    return desk.services.guard.begin(Options(policy=policy, allowance=allowance))


def fault(desk: Desk, line: str) -> None:
    assert desk.services.paper is not None
    desk.services.paper.faults.add(line.split())


def by_hand(desk: Desk, market: str, side: str, quantity: str) -> None:
    """Trade as somebody on the website would."""
    service = desk.services.spreads
    link, path = (
        (service.futures.link, "/fapi/v1/order")  # type: ignore[attr-defined]
        if market == "um"
        else (service.spot.link, "/api/v3/order")  # type: ignore[attr-defined]
    )
    order: dict[str, Any] = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": quantity}
    link.request("POST", path, order, signed=True)


def pay_fees_in_bnb(desk: Desk) -> None:
    spreads = desk.services.spreads
    spreads.spot.link.request("POST", "/sapi/v1/bnbBurn", {"spotBNBBurn": "true"}, signed=True)  # type: ignore[attr-defined]
    spreads.futures.link.request("POST", "/fapi/v1/feeBurn", {"feeBurn": "true"}, signed=True)  # type: ignore[attr-defined]


def only(sweep: Sweep) -> Check:
    [check] = sweep.findings
    return check


def codes(sweep: Sweep) -> set[tuple[Code, Severity]]:
    return {(check.code, check.severity) for check in sweep.findings}


def legs(desk: Desk) -> tuple[Decimal, Decimal]:
    """Coins and position as the exchange itself has them."""
    spreads = desk.services.spreads
    coins = sum((b.total for b in spreads.spot.balances() if b.asset == "BTC"), D(0))
    return coins, sum((p.quantity for p in spreads.futures.positions(["BTCUSDT"])), D(0))


def state(desk: Desk) -> SpreadState:
    return desk.services.spreads.executor.spreads()[-1].state


def futures_wallet(desk: Desk) -> Decimal:
    return desk.services.spreads.futures.account().wallet_balance


# --- all well -------------------------------------------------------------------------------------------------------
def test_where_nothing_is_held_there_is_nothing_to_look_at(desk: Desk) -> None:
    sweep = guard(desk).sweep()

    assert sweep.checks == ()
    assert not sweep.exposed


def test_a_hedged_spread_is_well(held: Desk) -> None:
    sweep = guard(held).sweep()

    assert sweep.findings == ()
    assert {c.code for c in sweep.checks} == {
        Code.DELTA, Code.LISTING, Code.FUNDING, Code.LIQUIDATION, Code.MARGIN, Code.COLLATERAL,
    }  # fmt: skip


def test_a_notebook_looks_once(held: Desk) -> None:
    fault(held, "adl BTCUSDT quantity=0.1")

    frame = held.guard()

    assert frame["check"].tolist() == ["adl", "listing", "funding", "liquidation", "margin", "collateral"]
    assert frame["state"].tolist()[:2] == ["alarm", "ok"]


def test_fundings_and_foreign_coins_are_no_findings(held: Desk) -> None:
    by_hand(held, "spot", "BUY", "0.5")
    watching = guard(held)
    watching.sweep()

    held.advance("9h")

    assert watching.sweep().findings == ()


# --- deleveraging ---------------------------------------------------------------------------------------------------
def test_deleveraging_alarms_and_is_booked_but_nothing_is_sent(held: Desk) -> None:
    watching = guard(held)
    assert not watching.sweep().exposed

    fault(held, "adl BTCUSDT quantity=0.1")
    check = only(watching.sweep())

    assert (check.code, check.severity) == (Code.ADL, ALARM)
    assert check.message.startswith("BTCUSDT is long 0.10000478 BTC (")
    assert check.message.endswith("unhedged for 0 s: 0.1 BTCUSDT was deleveraged by the exchange")
    assert check.mend == "hedge BTCUSDT"
    assert legs(held) == (D("0.21500478"), D("-0.115"))
    assert held.services.spreads.executor.spreads()[-1].perp_quantity == D("-0.115")


def test_an_alarm_grows_older(held: Desk) -> None:
    watching = guard(held)
    fault(held, "adl BTCUSDT quantity=0.1")
    watching.sweep()

    held.advance("90s")

    assert "unhedged for 90 s" in only(watching.sweep()).message


def test_rehedging_sells_the_naked_coins_and_no_others(held: Desk) -> None:
    by_hand(held, "spot", "BUY", "0.5")
    fault(held, "adl BTCUSDT quantity=0.1")
    watching = guard(held, Policy.REHEDGE)

    sweep = watching.sweep()

    assert [c.code for c in sweep.seen] == [Code.ADL]
    assert [d.what for d in sweep.deeds] == ["evened BTCUSDT by 0.1 of spot: #1 is HEDGED"]
    assert sweep.findings == ()
    assert legs(held) == (D("0.11500478") + D("0.4995"), D("-0.115"))
    assert watching.sweep().deeds == ()


def test_unwinding_closes_both_legs(held: Desk) -> None:
    fault(held, "adl BTCUSDT quantity=0.1")

    sweep = guard(held, Policy.UNWIND).sweep()

    assert [d.done for d in sweep.deeds] == [True]
    assert legs(held) == (D("0.00000478"), D(0))
    assert state(held) is SpreadState.FLAT


def test_a_liquidated_spread_is_sold(held: Desk) -> None:
    held.transfer("49200usdt", "futures", "spot")
    watching = guard(held, Policy.REHEDGE)
    watching.sweep()

    fault(held, "move BTCUSDT by=30% over=1s")
    held.advance("2s")
    sweep = watching.sweep()

    assert Code.LIQUIDATED in {c.code for c in sweep.seen}
    assert legs(held) == (D("0.00000478"), D(0))
    assert state(held) is SpreadState.FLAT


# --- by hand --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("trade", "policy", "left", "said"),
    [
        (("um", "BUY", "0.1"), Policy.REHEDGE, ("0.11500478", "-0.115"), "closed by hand"),
        (("um", "BUY", "0.215"), Policy.REHEDGE, ("0.00000478", "0"), "closed by hand"),
        (("um", "BUY", "0.1"), Policy.UNWIND, ("0.00000478", "0"), "closed by hand"),
        (("spot", "SELL", "0.1"), Policy.REHEDGE, ("0.11500478", "-0.115"), "sold or moved by hand"),
        (("spot", "SELL", "0.215"), Policy.UNWIND, ("0.00000478", "0"), "sold or moved by hand"),
    ],
)
def test_trades_by_hand_are_answered_by_policy(
    held: Desk, trade: tuple[str, str, str], policy: Policy, left: tuple[str, str], said: str
) -> None:
    by_hand(held, *trade)

    sweep = guard(held, policy).sweep()

    [seen] = sweep.seen
    assert seen.code is Code.HAND
    assert said in seen.message
    assert [d.done for d in sweep.deeds] == [True]
    assert legs(held) == (D(left[0]), D(left[1]))
    assert not sweep.exposed


def test_coins_moved_away_are_bought_out_of_the_perpetual(held: Desk) -> None:
    held.transfer("0.1btc", "spot", "funding")

    sweep = guard(held, Policy.REHEDGE).sweep()

    assert [d.done for d in sweep.deeds] == [True]
    assert legs(held) == (D("0.11500478"), D("-0.115"))
    assert not sweep.exposed


def test_what_somebody_sold_short_beside_the_spread_is_not_touched(held: Desk) -> None:
    by_hand(held, "um", "SELL", "0.1")

    sweep = guard(held, Policy.UNWIND).sweep()

    assert (only(sweep).code, only(sweep).severity) == (Code.FOREIGN, WARNING)
    assert sweep.deeds == ()
    assert legs(held) == (D("0.21500478"), D("-0.315"))


def test_a_position_turned_around_by_hand_is_left_to_whoever_did_it(held: Desk) -> None:
    by_hand(held, "um", "BUY", "0.3")

    sweep = guard(held, Policy.REHEDGE).sweep()

    [deed] = sweep.deeds
    assert not deed.done
    assert "turned around by hand: 0.085 is no spread's" in deed.what
    assert sweep.exposed
    assert {c.mend for c in sweep.findings} == {"positions BTCUSDT"}
    assert legs(held) == (D("0.21500478"), D("0.085"))


# --- the other way round --------------------------------------------------------------------------------------------
@pytest.fixture
def reverse(desk: Desk) -> Desk:
    """Be long 0.108 BTC of the perpetual against borrowed coins that were sold."""
    desk.transfer("5500usdt", "spot", "margin")
    desk.advance("1s")
    desk.open_spread("BTCUSDT", "5000usdt", reverse=True)
    return desk


def owed(desk: Desk) -> Decimal:
    return desk.services.spreads.reverse.margin.account().of("BTC").owed


def test_a_reverse_spread_is_well_while_interest_grows(reverse: Desk) -> None:
    watching = guard(reverse)
    watching.sweep()

    reverse.advance("50h")
    sweep = watching.sweep()

    assert sweep.findings == ()
    assert Code.LEVEL in {c.code for c in sweep.checks}


@pytest.mark.parametrize(("policy", "position"), [(Policy.REHEDGE, "0.058"), (Policy.UNWIND, "0")])
def test_a_deleveraged_reverse_spread_buys_back_what_it_borrowed(
    reverse: Desk, policy: Policy, position: str
) -> None:
    fault(reverse, "adl BTCUSDT quantity=0.05")

    sweep = guard(reverse, policy).sweep()

    assert [c.code for c in sweep.seen] == [Code.ADL]
    assert [d.done for d in sweep.deeds] == [True]
    assert legs(reverse)[1] == D(position)
    assert abs(owed(reverse) - D(position)) < D("0.001")
    assert not sweep.exposed


def test_debts_repaid_by_hand_leave_a_perpetual_that_rehedging_sells(reverse: Desk) -> None:
    link = reverse.services.spreads.spot.link  # type: ignore[attr-defined]
    order = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "MARKET",
        "quantity": "0.05",
        "sideEffectType": "AUTO_REPAY",
    }
    link.request("POST", "/sapi/v1/margin/order", order, signed=True)

    sweep = guard(reverse, Policy.REHEDGE).sweep()

    assert "are owed where the journal has 0.108, repaid or liquidated" in sweep.seen[0].message
    assert abs(owed(reverse) - legs(reverse)[1]) < D("0.001")
    assert not sweep.exposed


def test_the_margin_level_is_topped_up_before_the_venue_calls(reverse: Desk) -> None:
    fault(reverse, "move BTCUSDT by=60% over=1m")
    watching = guard(reverse, top_up="20000")

    deeds, levels = [], []
    for _ in range(7):
        sweep = watching.sweep()
        deeds += [d.what for d in sweep.deeds]
        levels += [D(c.value) for c in sweep.checks if c.code is Code.LEVEL]
        reverse.advance("10s")

    assert len(deeds) == 1
    assert deeds[0].endswith("USDT from spot to margin: the margin is strained")
    assert min(levels) > D("1.4")


# --- symbols --------------------------------------------------------------------------------------------------------
def test_a_delisting_warns_when_announced_and_alarms_in_its_last_hour(held: Desk) -> None:
    fault(held, "delist BTCUSDT in=3h")

    announced = only(guard(held).sweep())
    held.advance("125m")
    near = guard(held).sweep()

    assert (announced.code, announced.severity) == (Code.LISTING, WARNING)
    assert announced.message.startswith("BTCUSDT on um ends 2026-01-01 03:00")
    assert (only(near).code, only(near).severity) == (Code.LISTING, ALARM)


def test_unwinding_leaves_before_a_delisting(held: Desk) -> None:
    fault(held, "delist BTCUSDT in=3h")
    watching = guard(held, Policy.UNWIND)
    assert watching.sweep().deeds == ()

    held.advance("125m")
    sweep = guard(held, Policy.UNWIND).sweep()

    assert [d.done for d in sweep.deeds] == [True]
    assert legs(held) == (D("0.00000478"), D(0))


def test_a_settled_perpetual_leaves_coins_that_rehedging_sells(held: Desk) -> None:
    fault(held, "delist BTCUSDT in=1h")
    held.advance("2h")

    sweep = guard(held, Policy.REHEDGE).sweep()

    assert [c.code for c in sweep.seen if c.severity is ALARM] == [Code.SETTLED, Code.LISTING]
    assert "0.215 BTCUSDT was settled at delisting" in sweep.seen[0].message
    assert legs(held) == (D("0.00000478"), D(0))
    assert sweep.checks == ()


def test_a_halted_spot_market_alarms(held: Desk) -> None:
    fault(held, "rule BTCUSDT market=spot status=HALT")

    check = only(guard(held).sweep())

    assert (check.code, check.severity) == (Code.LISTING, ALARM)
    assert check.message.startswith("BTCUSDT on spot is HALT")


def test_funding_paid_more_often_and_capped_otherwise_is_told(held: Desk) -> None:
    held.advance("17h")
    watching = guard(held)
    assert watching.sweep().findings == ()

    fault(held, "rule BTCUSDT market=um interval_hours=4 funding_cap=0.02 funding_floor=-0.02")
    again = guard(held).sweep()

    check = only(again)
    assert (check.code, check.severity) == (Code.FUNDING, WARNING)
    assert check.message == "funding of BTCUSDT is now paid every 4h, was 8h"  # a new guard saw no other cap
    assert not again.exposed


# --- margin ---------------------------------------------------------------------------------------------------------
def test_collateral_taken_away_alarms_until_it_is_brought_back(held: Desk) -> None:
    watching = guard(held)
    watching.sweep()

    held.advance("20s")
    held.transfer("10000usdt", "futures", "spot")
    taken = only(watching.sweep())
    held.transfer("10000usdt", "spot", "futures")
    back = watching.sweep()

    assert (taken.code, taken.severity) == (Code.COLLATERAL, ALARM)
    assert taken.message.startswith(
        "10000.00 USDT left the futures wallet under standing spreads, last 00:00:20 UTC"
    )
    assert taken.mend == "transfer 10000usdt spot futures"
    assert back.findings == ()


def strained(desk: Desk) -> None:
    """Hold a spread on 1000 USDT and let the price rise by 10 % a minute for three minutes."""
    desk.transfer("49000usdt", "futures", "spot")
    desk.advance("1s")
    desk.open_spread("BTCUSDT", "10000usdt")
    fault(desk, "move BTCUSDT by=30% over=3m")


def ramp(desk: Desk, watching: Guard) -> list[Sweep]:
    """Look every ten seconds of it: half as often as the guard's bounds expect."""
    sweeps = []
    for _ in range(19):
        sweeps.append(watching.sweep())
        desk.advance("10s")
    return sweeps


def test_a_price_that_runs_is_an_alarm_before_it_liquidates(desk: Desk) -> None:
    strained(desk)

    sweeps = ramp(desk, guard(desk))

    told = [codes(sweep) & {(Code.LIQUIDATION, WARNING), (Code.LIQUIDATION, ALARM)} for sweep in sweeps]
    first = [found for found in told if found]
    assert first[0] == {(Code.LIQUIDATION, WARNING)}
    assert {(Code.LIQUIDATION, ALARM)} in first
    assert (Code.LIQUIDATED, ALARM) in codes(sweeps[-1])  # nobody did anything about it


def test_topping_up_keeps_a_running_price_from_liquidating(desk: Desk) -> None:
    strained(desk)

    sweeps = ramp(desk, guard(desk, top_up="5000"))

    deeds = [deed for sweep in sweeps for deed in sweep.deeds]
    assert deeds
    assert all(deed.done for deed in deeds)
    assert legs(desk)[1] == D("-0.215")
    moved = sum(D(deed.what.split()[1]) for deed in deeds)
    assert 0 < moved <= 5000


def test_topping_up_stays_within_its_limit_also_after_a_restart(desk: Desk) -> None:
    strained(desk)

    first = ramp(desk, guard(desk, top_up="300"))[:8]
    deeds = [deed for sweep in first for deed in sweep.deeds]
    again = guard(desk, top_up="300").sweep()

    assert sum(D(d.what.split()[1]) for d in deeds if d.done) == 300
    assert "but the limit is used up" in deeds[-1].what
    assert [d.what for d in again.deeds if d.done] == []


def test_unwinding_leaves_before_a_running_price_liquidates(desk: Desk) -> None:
    strained(desk)

    sweeps = ramp(desk, guard(desk, Policy.UNWIND))

    [deed] = [deed for sweep in sweeps for deed in sweep.deeds]
    assert deed.done
    assert "closed BTCUSDT by 0.215 of spot and 0.215 of the perpetual" in deed.what
    assert legs(desk) == (D("0.00000478"), D(0))


# --- BNB ------------------------------------------------------------------------------------------------------------
def test_bnb_that_runs_out_is_a_warning_in_each_wallet(held: Desk) -> None:
    pay_fees_in_bnb(held)
    held.deposit("1bnb", "futures")

    found = guard(held).sweep()

    check = only(found)
    assert (check.code, check.severity, check.symbol) == (Code.BNB, WARNING, "spot")
    assert check.message.startswith("0 BNB in spot pays for 0 more fills")
    assert not found.exposed


def test_bnb_is_moved_to_the_wallet_that_lacks_it(held: Desk) -> None:
    pay_fees_in_bnb(held)
    held.deposit("1bnb", "futures")
    watching = guard(held, keep_bnb="0.2")

    first, second = watching.sweep(), watching.sweep()

    assert [d.what for d in first.deeds] == ["moved 0.2 BNB from futures to spot: fees are paid in it"]
    assert second.deeds == ()
    assert second.findings == ()


def test_bnb_that_is_nowhere_is_asked_for_once(held: Desk) -> None:
    pay_fees_in_bnb(held)
    watching = guard(held, keep_bnb="0.2")

    first, second = watching.sweep(), watching.sweep()

    assert [d.what for d in first.deeds] == ["0.4 BNB are missing for fees; --buy-bnb 20usdt would buy them"]
    assert second.deeds == ()


def test_bnb_is_bought_through_the_order_path_and_shared_out(held: Desk) -> None:
    pay_fees_in_bnb(held)
    watching = guard(held, keep_bnb="0.02", buy_bnb="50")

    bought, moved, well = watching.sweep(), watching.sweep(), watching.sweep()

    [attempt] = held.services.spreads.executor.journal.attempts(2)
    assert (attempt.request.symbol, attempt.request.side, attempt.executed) == ("BNBUSDT", "BUY", D("0.04"))
    assert bought.deeds[0].what.startswith("bought 0.04 BNB for ")
    assert [d.what for d in moved.deeds] == ["moved 0.01997 BNB from spot to futures: fees are paid in it"]
    assert well.deeds == ()


def test_no_more_bnb_is_bought_than_allowed_in_a_day(held: Desk) -> None:
    pay_fees_in_bnb(held)
    watching = guard(held, keep_bnb="0.02", buy_bnb="10")

    [deed] = watching.sweep().deeds

    assert not deed.done
    assert deed.what.endswith("USDT, of the limit 10 are left")


# --- transfers whose answer is lost ---------------------------------------------------------------------------------
@pytest.mark.parametrize(("when", "balance"), [("after", "0.2"), ("before", "0")])
def test_a_transfer_without_an_answer_is_asked_for_and_never_repeated_on_a_guess(
    held: Desk, when: str, balance: str
) -> None:
    pay_fees_in_bnb(held)
    held.deposit("1bnb", "futures")
    fault(held, f"status 503 {when} method=POST path=/sapi/v1/asset/transfer times=1")
    watching = guard(held, keep_bnb="0.2")

    first, second = watching.sweep(), watching.sweep()

    assert not first.deeds[0].done
    assert "may have moved 0.2 BNB" in first.deeds[0].what
    spot = sum((b.total for b in held.services.spreads.spot.balances() if b.asset == "BNB"), D(0))
    assert spot == D(balance)
    if when == "after":
        assert [d.what for d in second.deeds] == ["the transfer 0.2bnb futures spot was made"]
    else:
        assert second.deeds == ()
        assert Code.MOVE in {c.code for c in second.findings}


def test_a_transfer_that_the_venue_never_shows_was_not_made_and_is_made_then(held: Desk) -> None:
    pay_fees_in_bnb(held)
    held.deposit("1bnb", "futures")
    fault(held, "status 503 before method=POST path=/sapi/v1/asset/transfer times=1")
    watching = guard(held, keep_bnb="0.2")
    watching.sweep()

    held.advance("61s")
    told = [d.what for d in watching.sweep().deeds]

    assert told == [
        "the transfer 0.2bnb futures spot was never made",
        "moved 0.2 BNB from futures to spot: fees are paid in it",
    ]


# --- what stands in the way -----------------------------------------------------------------------------------------
def test_while_another_process_may_write_it_only_alarms_and_says_who(tmp_path: Path) -> None:
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as shell:
        shell.open_spread("BTCUSDT", "10000usdt")
        fault(shell, "adl BTCUSDT quantity=0.1")
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as beside:
        [lock] = (tmp_path / "paper").glob("*/journal.lock")
        other = WriterLock(lock)
        watching = guard(beside, Policy.REHEDGE, top_up="100")

        first, second = watching.sweep(), watching.sweep()

        assert first.exposed
        [deed] = first.deeds
        assert "is trading on this journal: only alarms here until it ends" in deed.what
        assert second.deeds == ()
        assert legs(beside) == (D("0.21500478"), D("-0.115"))
        other.release()
        assert not watching.sweep().exposed
        assert legs(beside) == (D("0.11500478"), D("-0.115"))


def test_it_holds_the_right_to_write_only_while_it_acts(tmp_path: Path) -> None:
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as shell:
        shell.open_spread("BTCUSDT", "10000usdt")
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as beside:
        fault(beside, "adl BTCUSDT quantity=0.1")
        assert [d.done for d in guard(beside, Policy.REHEDGE).sweep().deeds] == [True]

        [lock] = (tmp_path / "paper").glob("*/journal.lock")
        WriterLock(lock).release()


def test_a_deed_that_fails_is_not_tried_again_before_a_minute_and_three_times_at_most(held: Desk) -> None:
    fault(held, "adl BTCUSDT quantity=0.1")
    fault(held, "code -2010 method=POST path=/api/v3/order")
    watching = guard(held, Policy.REHEDGE)

    tried = []
    for _ in range(10):
        tried.append(len(watching.sweep().deeds))
        held.advance("30s")

    assert tried == [1, 0, 1, 0, 1, 0, 0, 0, 0, 0]


def test_a_venue_that_does_not_answer_is_told_and_ends_nothing(held: Desk) -> None:
    watching = guard(held)
    watching.sweep()

    fault(held, "code -1000 path=/fapi/v3/account")
    silent = watching.sweep()
    held.services.paper.faults.clear(None)  # type: ignore[union-attr]

    assert (only(silent).code, only(silent).severity) == (Code.REST, WARNING)
    assert watching.sweep().findings == ()


def test_a_transaction_that_was_cut_short_alarms_and_is_ended_by_policy(held: Desk) -> None:
    executor = held.services.spreads.executor
    spread = executor.spreads()[-1]
    plan = held.services.spreads.plan_close("BTCUSDT")
    executor.journal.create_intent(spread.spread_id, "close", plan.terms.as_text(), held.services.clock.now())
    watching, ending = guard(held), guard(held, Policy.REHEDGE)

    young = watching.sweep(), ending.sweep()
    held.advance("11s")
    old, ended = watching.sweep(), ending.sweep()

    assert [sweep.findings for sweep in young] == [(), ()]
    assert (only(old).code, only(old).mend) == (Code.TRANSIT, "spreads")
    assert "was cut short (HEDGED for 11 s)" in only(old).message
    assert [d.done for d in ended.deeds] == [True]
    assert executor.unfinished() == set()


def test_a_transaction_that_another_process_carries_on_may_last_but_not_leave_a_leg(tmp_path: Path) -> None:
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as shell:
        shell.open_spread("BTCUSDT", "10000usdt")
        spreads = shell.services.spreads
        terms = spreads.plan_close("BTCUSDT").terms.as_text()
        spreads.executor.journal.create_intent(1, "close", terms, shell.services.clock.now())
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as beside:
        [lock] = (tmp_path / "paper").glob("*/journal.lock")
        other = WriterLock(lock)
        watching = guard(beside, Policy.REHEDGE)
        watching.sweep()
        beside.advance("5m")

        slow = watching.sweep()
        by_hand(beside, "spot", "SELL", "0.1")
        naked = watching.sweep()
        beside.advance("61s")
        late = watching.sweep()
        other.release()

    assert slow.findings == ()  # as one that goes over ten minutes, in slices
    assert naked.findings == ()
    assert (only(late).code, only(late).severity) == (Code.TRANSIT, ALARM)
    assert "BTCUSDT has 0.09999522 BTC unhedged for 61 s while process" in only(late).message


def test_an_order_of_another_atapi_alarms(held: Desk) -> None:
    link = held.services.spreads.spot.link  # type: ignore[attr-defined]
    order = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001",
        "newClientOrderId": "at-zzzz-aaaaaaaaaaaaap1",
    }  # fmt: skip
    link.request("POST", "/api/v3/order", order, signed=True)

    check = only(guard(held).sweep())

    assert (check.code, check.severity) == (Code.JOURNAL, ALARM)
    assert check.message.startswith("another atapi (zzzz) trades on this account")


def test_the_kill_switch_is_told_and_lets_rehedging_through(held: Desk) -> None:
    fault(held, "adl BTCUSDT quantity=0.1")
    held.services.limits.halt("a bad day")

    sweep = guard(held, Policy.REHEDGE).sweep()

    check = only(sweep)
    assert (check.code, check.severity, check.mend) == (Code.HALT, WARNING, "limits resume")
    assert "a bad day; only what takes risk away is sent" in check.message
    assert [d.done for d in sweep.deeds] == [True]


def test_a_transfer_that_is_refused_is_said(held: Desk) -> None:
    pay_fees_in_bnb(held)
    held.deposit("1bnb", "futures")
    fault(held, "code -5013 method=POST path=/sapi/v1/asset/transfer times=1")
    watching = guard(held, keep_bnb="0.2")

    first, second = watching.sweep(), watching.sweep()

    assert first.deeds[0].what.startswith("not moved 0.2 BNB from futures to spot")
    assert [d.done for d in second.deeds] == [True]


def test_what_an_unfinished_opening_still_needs_is_not_the_guards_to_move(held: Desk) -> None:
    executor = held.services.spreads.executor
    terms = OpenTerms(quantity=D("0.1"), perp_limit=D(46000), spot_limit=D(47000), base_fee=D("0.001"))
    executor.journal.create_intent(1, "open", terms.as_text(), held.services.clock.now())

    assert reserved(executor) == 4700  # 0.1 * 47 000


# --- policies -------------------------------------------------------------------------------------------------------
def test_a_spreads_own_policy_outlives_the_session_and_wins(tmp_path: Path) -> None:
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as desk:
        desk.open_spread("BTCUSDT", "10000usdt")
        desk.services.guard.set_policy("BTCUSDT", Policy.UNWIND)
        desk.services.guard.set_policy("1", Policy.REHEDGE)
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as desk:
        fault(desk, "adl BTCUSDT quantity=0.1")

        sweep = guard(desk, Policy.ALARM).sweep()

        assert desk.services.guard.policies() == {1: Policy.REHEDGE}
        assert [d.what for d in sweep.deeds] == ["evened BTCUSDT by 0.1 of spot: #1 is HEDGED"]


def test_a_policy_needs_a_spread(desk: Desk) -> None:
    with pytest.raises(Refused, match="no open spread ETHUSDT"):
        desk.services.guard.set_policy("ETHUSDT", Policy.UNWIND)


def test_alarms_are_written_down_once(held: Desk) -> None:
    watching = guard(held)
    by_hand(held, "um", "BUY", "0.1")
    watching.sweep()
    watching.sweep()

    [note] = held.services.spreads.executor.journal.notes("alarm")

    assert (note["code"], note["spread"]) == ("hand", 1)


# --- streams --------------------------------------------------------------------------------------------------------
def test_a_stream_wakes_it_long_before_its_time(held: Desk) -> None:
    watching = held.services.guard.begin(Options())
    watching.follow()
    assert watching.wait()  # the streams ring when they are open
    watching.sweep()

    fault(held, "adl BTCUSDT quantity=0.1")
    assert watching.wait()
    sweep = watching.sweep()
    watching.stop()

    assert (Code.ADL, ALARM) in codes(sweep)
    assert {c.symbol for c in sweep.checks if c.code is Code.STREAM} == {"futures", "spot", "listing"}
    assert not watching.wait()
    watching.close()


def test_a_stream_that_is_silent_about_a_change_is_distrusted(
    held: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    distrusted: list[str] = []
    monkeypatch.setattr(held.services.guard.streams, "distrust", distrusted.append)
    watching = held.services.guard.begin(Options())
    watching.follow()
    while any(not s.live for s in held.services.guard.streams.states()):
        assert watching.wait()
    watching.sweep()
    fault(held, "silent market=um account=default")
    held.transfer("100usdt", "spot", "futures")

    watching.sweep()  # the event may still be on its way
    assert distrusted == []
    watching.sweep()

    assert distrusted == ["futures"]
    watching.close()
