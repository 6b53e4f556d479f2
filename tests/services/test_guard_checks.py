"""What the guard judges by, where no exchange is needed to see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.domain.account import FuturesAccount, Position
from atapi.domain.guard import Code, Severity
from atapi.domain.margin import MarginAccount
from atapi.domain.streams import StreamState
from atapi.services.guard_checks import check_silence, check_streams
from atapi.services.guard_facts import Account
from atapi.services.guard_margin import (
    Bounds,
    check_level,
    check_margin,
    distance,
    level_needs,
    needed,
    ratio,
)
from atapi.services.guard_watch import Listening
from tests.fakes import NOON

D = Decimal
BOUNDS = Bounds.at(timedelta(seconds=5))


def account(balance: str = "1000", maintenance: str = "0", risks: tuple[Position, ...] = ()) -> Account:
    return Account(
        at=NOON,
        spreads=(),
        unfinished=frozenset(),
        trader=None,
        futures=FuturesAccount(
            wallet_balance=D(balance),
            margin_balance=D(balance),
            available=D(balance),
            initial_margin=D(0),
            maintenance_margin=D(maintenance),
            multi_assets=False,
            hedge_mode=False,
        ),
        positions={risk.symbol: risk.quantity for risk in risks},
        risks={risk.symbol: risk for risk in risks},
        coins={},
        free={},
        collateral={"USDT": D(balance)},
        margin=None,
        moved=(),
    )


def short(quantity: str, mark: str, liquidation: str | None) -> Position:
    return Position(
        symbol="BTCUSDT",
        position_side="BOTH",
        quantity=-D(quantity),
        entry_price=D(mark),
        mark_price=D(mark),
        liquidation_price=None if liquidation is None else D(liquidation),
        leverage=None,
        initial_margin=D(0),
        maintenance_margin=D(0),
        unrealized=D(0),
        adl=None,
    )


@pytest.mark.parametrize(
    ("every", "reach"),
    [("1", "0.01166666666666666666666666667"), ("5", "0.025"), ("60", "0.2083333333333333333333333333")],
)
def test_the_slower_the_guard_the_farther_it_must_see(every: str, reach: str) -> None:
    assert Bounds.at(timedelta(seconds=int(every))).reach == D(reach)  # 10 % a minute * (2 looks + 5 s)


@pytest.mark.parametrize(
    ("maintenance", "severity"),
    [("499", Severity.OK), ("500", Severity.WARNING), ("699", Severity.WARNING), ("700", Severity.ALARM)],
)
def test_margin_warns_at_half_and_alarms_at_seven_tenths(maintenance: str, severity: Severity) -> None:
    assert check_margin(account(maintenance=maintenance), BOUNDS, "USDT").severity is severity


def test_a_wallet_that_is_used_up_is_at_its_limit() -> None:
    assert ratio(account(balance="-1", maintenance="5")) == 1
    assert ratio(account(balance="0")) == 0


def test_collateral_is_asked_for_by_the_stricter_of_ratio_and_distance() -> None:
    by_ratio = account(balance="1000", maintenance="600")
    by_distance = account(risks=(short("0.2", "50000", "52000"),))

    assert needed(by_ratio, BOUNDS) == 1400  # 600 / 25 % - 1000
    assert needed(by_distance, BOUNDS) == 600  # (10 % - 4 %) of 10 000
    assert needed(account(risks=(short("0.2", "50000", None),)), BOUNDS) == 0


def test_a_margin_account_without_debts_has_no_level() -> None:
    assert check_level(account(), BOUNDS, "USDT") == []


@pytest.mark.parametrize(
    ("level", "severity"), [("2", Severity.OK), ("1.5", Severity.WARNING), ("1.3", Severity.ALARM)]
)
def test_the_margin_level_is_judged_by_the_venues_own_call(level: str, severity: Severity) -> None:
    margin = MarginAccount(
        level=D(level), collateral_level=D(level), collateral=1000 * D(level), may_borrow=True, may_trade=True,
        assets=(),
    )  # fmt: skip

    [check] = check_level(replace(account(), margin=margin), BOUNDS, "USDT")

    assert (check.code, check.severity) == (Code.LEVEL, severity)
    assert level_needs(margin, BOUNDS) == max(D(0), (2 - D(level)) * 1000)  # debts are 1000


@given(
    every=st.integers(1, 60),
    ramp=st.decimals(D("0.001"), D("0.10"), places=3),  # a minute
    away=st.decimals(D("0.01"), D("5"), places=3),
    phase=st.integers(0, 59_000),  # milliseconds from a look to the start of the ramp
)
def test_every_ramp_is_an_alarm_five_seconds_before_it_liquidates(
    every: int, ramp: Decimal, away: Decimal, phase: int
) -> None:
    bounds, per_second, liquidation = Bounds.at(timedelta(seconds=every)), 100 * ramp / 60, 100 * (1 + away)
    first = every - D(phase % (1000 * every)) / 1000  # the look before the ramp is at zero or earlier
    end = (liquidation - 100) / per_second  # seconds until liquidation
    # The last look that leaves five seconds, or the one before the ramp began where none does
    looks = int((end - 5 - first) // every)
    at = first + looks * every if end - 5 >= first else D(0)

    mark = 100 + per_second * max(at, D(0))

    away_then = distance(short("1", str(mark), str(liquidation)))
    assert away_then is not None
    assert away_then <= bounds.reach


@pytest.mark.parametrize(("seconds", "severity"), [(5, Severity.WARNING), (30, Severity.ALARM)])
def test_silence_is_an_alarm_once_it_lasts(seconds: int, severity: Severity) -> None:
    check = check_silence("no answer", timedelta(seconds=seconds))

    assert check.severity is severity
    assert check.message == f"the venue could not be asked for {seconds} s: no answer"


def test_a_stream_that_is_down_is_a_warning_after_its_grace() -> None:
    states = [
        StreamState(name="futures", live=True, heard=3),
        StreamState(name="spot", live=False, heard=0, down_s=14.0, why="not open yet"),
        StreamState(name="listing", live=False, heard=0, down_s=16.0, why="refused"),
    ]

    checks = check_streams(states)

    assert [c.severity for c in checks] == [Severity.OK, Severity.OK, Severity.WARNING]
    assert checks[2].message == "the listing stream is down for 16 s (refused); asking goes on without it"


# --- a stream that lives and says nothing ---------------------------------------------------------------------------
def heard(count: int, *, live: bool = True) -> list[StreamState]:
    return [StreamState(name="futures", live=live, heard=count)]


def test_a_stream_that_told_of_a_change_is_trusted() -> None:
    listening = Listening()

    assert not listening.silent(account("1000"), heard(0))
    assert not listening.silent(account("900"), heard(0))  # the event may still be on its way
    assert not listening.silent(account("900"), heard(2))


def test_a_stream_that_told_nothing_by_the_next_look_is_not() -> None:
    listening = Listening()
    listening.silent(account("1000"), heard(0))
    listening.silent(account("900"), heard(0))

    assert listening.silent(account("900"), heard(0))
    assert not listening.silent(account("900"), heard(0))  # said once for each change


def test_a_stream_that_is_down_owes_nothing() -> None:
    listening = Listening()
    listening.silent(account("1000"), heard(0, live=False))
    listening.silent(account("900"), heard(0, live=False))

    assert not listening.silent(account("900"), heard(0))
