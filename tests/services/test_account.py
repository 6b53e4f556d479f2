"""Balances and what they are worth, positions, income, fee rates, transfers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from atapi.clock import ManualClock
from atapi.domain.account import Balance, BnbDiscount, FeeRates, Income, Position, Wallet
from atapi.domain.amounts import parse_amount
from atapi.errors import AuthenticationError, Refused, UsageError
from atapi.services.account import AccountService
from atapi.services.fees import FeeReader
from atapi.services.network import NetworkInfo
from tests.fakes import D, FakeFutures, FakeSpot, FakeWallets, utc
from tests.services.worlds import FUTURES, SPOT, book_of, column, record

NOON = utc("2026-01-01T12:00")


def held(wallet: Wallet, asset: str, free: str, locked: str = "0") -> Balance:
    return Balance(wallet=wallet, asset=asset, free=D(free), locked=D(locked))


def position(symbol: str, quantity: str, unrealized: str = "-1") -> Position:
    return Position(
        symbol=symbol,
        position_side="BOTH",
        quantity=D(quantity),
        entry_price=D(100),
        mark_price=D(101),
        liquidation_price=None,
        leverage=D(2),
        initial_margin=D("50.5"),
        maintenance_margin=D(1),
        unrealized=D(unrealized),
        adl=1,
    )


@dataclass
class World:
    """An account on a fake venue."""

    spot: FakeSpot = field(default_factory=FakeSpot)
    futures: FakeFutures = field(default_factory=FakeFutures)
    wallets: FakeWallets | None = field(default_factory=FakeWallets)
    info: NetworkInfo = field(default_factory=lambda: NetworkInfo(name="paper", key="k"))

    def service(self) -> AccountService:
        self.spot.listed, self.futures.listed = SPOT, FUTURES
        reader = FeeReader(spot=self.spot, futures=self.futures, wallets=self.wallets, info=self.info)
        return AccountService(
            spot=self.spot,
            futures=self.futures,
            wallets=self.wallets,
            fee_reader=reader,
            book=book_of(self.spot, self.futures),
            info=self.info,
            clock=ManualClock(NOON),
        )


def wealthy() -> World:
    return World(
        spot=FakeSpot(
            held=[held(Wallet.SPOT, "USDT", "100.5"), held(Wallet.SPOT, "BTC", "0.01", "0.02")],
            last_prices={"BTCUSDT": D("60000.01"), "BNBUSDT": D(500)},
        ),
        futures=FakeFutures(
            held=[held(Wallet.FUTURES, "USDT", "900", "100")],
            open_positions=[position("BTCUSDT", "-1", "-13.34567891"), position("ETHUSDT", "1", "1")],
        ),
        wallets=FakeWallets(held={Wallet.FUNDING: [held(Wallet.FUNDING, "BNB", "0.1")]}),
    )


def test_balance_values_every_wallet_and_counts_open_positions_with_the_margin() -> None:
    table = wealthy().service().balance()

    assert table.names == ("wallet", "asset", "free", "locked", "total", "value_usdt")
    assert table.rows == (
        ("spot", "BTC", D("0.01"), D("0.02"), D("0.03"), D("1800.0003")),  # 0.03 * 60000.01
        ("spot", "USDT", D("100.5"), D(0), D("100.5"), D("100.5")),
        ("futures", "USDT", D(900), D(100), D(1000), D("987.65432109")),  # 1000 - 12.34567891
        ("funding", "BNB", D("0.1"), D(0), D("0.1"), D(50)),
    )
    assert table.notes == ("worth 2938.15462109 USDT in all",)  # 1800.0003 + 100.5 + 987.65432109 + 50


def test_values_are_rounded_to_the_ledger_and_shown_without_further_rounding() -> None:
    world = World(
        spot=FakeSpot(held=[held(Wallet.SPOT, "BTC", "0.33333333")], last_prices={"BTCUSDT": D("0.33333333")})
    )

    table = world.service().balance()

    assert str(record(table)["value_usdt"]) == "0.11111111"  # 0.1111111088888889
    assert {c.name: c.digits for c in table.columns if c.digits} == dict.fromkeys(
        ("free", "locked", "total", "value_usdt"), 8
    )


def test_one_wallet_is_shown_alone() -> None:
    service = wealthy().service()

    assert column(service.balance(wallet=Wallet.FUNDING), "asset") == ["BNB"]
    assert column(service.balance(wallet=Wallet.SPOT), "asset") == ["BTC", "USDT"]


def test_an_asset_without_price_is_shown_without_value_and_said_even_under_a_minimum() -> None:
    world = World(spot=FakeSpot(held=[held(Wallet.SPOT, "AIRDROP", "5"), held(Wallet.SPOT, "USDT", "0.5")]))

    table = world.service().balance(minimum=D(1))

    assert record(table)["asset"] == "AIRDROP"
    assert record(table)["value_usdt"] is None
    assert table.notes[1] == "no price in USDT, counted as nothing: AIRDROP"


def test_the_profit_of_open_positions_is_not_lost_where_the_wallet_holds_no_usdt() -> None:
    world = World(futures=FakeFutures(open_positions=[position("BTCUSDT", "1", "3.5")]))

    assert record(world.service().balance()) == {
        "wallet": "futures",
        "asset": "USDT",
        "free": D(0),
        "locked": D(0),
        "total": D(0),
        "value_usdt": D("3.5"),
    }


def test_a_network_without_wallets_shows_what_it_has_and_refuses_the_rest() -> None:
    world = wealthy()
    world.wallets, world.info = None, NetworkInfo(name="demo", key="k")

    assert column(world.service().balance(), "wallet") == ["spot", "spot", "futures"]
    with pytest.raises(Refused, match="demo has no funding wallet"):
        world.service().balance(wallet=Wallet.FUNDING)


def test_without_a_key_the_account_is_not_asked() -> None:
    world = wealthy()
    world.info = NetworkInfo(name="testnet", key=None)

    with pytest.raises(AuthenticationError) as refused:
        world.service().balance()

    assert refused.value.message == "balance needs keys for testnet; none are set"
    assert refused.value.exit_code == 5


def test_balance_as_a_frame_is_floats() -> None:
    frame = wealthy().service().balance().frame()

    assert frame["value_usdt"].sum() == pytest.approx(2938.15462109)
    assert str(frame["free"].dtype) == "float64"


def test_positions_say_their_side_and_an_unsigned_quantity() -> None:
    world = World(futures=FakeFutures(open_positions=[position("BTCUSDT", "-1"), position("ETHUSDT", "2")]))

    every = world.service().positions()
    one = world.service().positions(["ethusdt"])

    assert column(every, "side") == ["SHORT", "LONG"]
    assert record(one) == {
        "symbol": "ETHUSDT",
        "side": "LONG",
        "qty": D(2),
        "entry": D(100),
        "mark": D(101),
        "liq": None,
        "leverage": D(2),
        "margin_usdt": D("50.5"),
        "pnl_usdt": D(-1),
        "adl": 1,
    }


def test_a_venue_that_does_not_tell_the_leverage_of_a_position_is_asked_for_it() -> None:
    silent = replace(position("BTCUSDT", "-1"), leverage=None)

    table = World(futures=FakeFutures(open_positions=[silent])).service().positions()

    assert record(table)["leverage"] == D(20)


def income(kind: str, at: str, amount: str = "1", symbol: str = "BTCUSDT") -> Income:
    return Income(symbol=symbol, kind=kind, amount=D(amount), asset="USDT", at=utc(at), income_id="1")


def test_income_is_told_in_our_words_and_reaches_thirty_days_back() -> None:
    lines = [
        income("FUNDING_FEE", "2025-11-01"),
        income("TRANSFER", "2025-12-20", symbol=""),
        income("FUNDING_FEE", "2025-12-31", "-0.5"),
        income("INSURANCE_CLEAR", "2025-12-31"),
    ]
    service = World(futures=FakeFutures(lines=lines)).service()

    assert column(service.income(), "kind") == ["transfer", "funding", "insurance_clear"]
    assert column(service.income(), "symbol") == [None, "BTCUSDT", "BTCUSDT"]
    assert column(service.income(kind="funding"), "amount") == [D("-0.5")]
    assert len(service.income(since=NOON - timedelta(days=90)).rows) == 4
    with pytest.raises(UsageError, match="--kind 'tax' is not one of funding, fee, pnl, transfer"):
        service.income(kind="tax")


def test_fees_are_the_accounts_own_and_tell_how_they_are_paid() -> None:
    rates = {s: FeeRates(maker=D("0.0009"), taker=D("0.001")) for s in ("BTCUSDT", "PEPEUSDT", "PAXGUSDT")}
    perp = {s: FeeRates(maker=D("0.00018"), taker=D("0.00045")) for s in ("BTCUSDT", "1000PEPEUSDT")}
    world = World(
        spot=FakeSpot(rates=rates),
        futures=FakeFutures(rates=perp),
        wallets=FakeWallets(discount=BnbDiscount(spot=True, futures=False)),
    )

    table = world.service().fees(["BTCUSDT", "PEPEUSDT", "PAXGUSDT"])

    assert table.rows == (
        ("BTCUSDT", D(9), D(10), D("1.8"), D("4.5")),
        ("PEPEUSDT", D(9), D(10), D("1.8"), D("4.5")),  # its perpetual is 1000PEPEUSDT
        ("PAXGUSDT", D(9), D(10), None, None),
    )
    assert table.notes == ("fees are paid in BNB while there is some: 25% less on spot",)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("50usdt", "50"), ("100.5usdt", "100.5"), ("all", "100.5"), ("33.3%", "33.4665"), ("1%", "1.005")],
)
def test_a_transfer_moves_what_was_typed(typed: str, amount: str) -> None:
    world = wealthy()
    service = world.service()

    table = service.transfer(service.plan_transfer(parse_amount(typed), Wallet.SPOT, Wallet.FUTURES))

    assert record(table) == {
        "id": "101",
        "amount": D(amount),
        "asset": "USDT",
        "from": "spot",
        "to": "futures",
        "time": NOON,
    }
    assert world.wallets is not None
    assert world.wallets.moved == [("USDT", D(amount), Wallet.SPOT, Wallet.FUTURES)]


def test_a_share_is_rounded_down_to_what_the_ledger_can_move() -> None:
    world = World(spot=FakeSpot(held=[held(Wallet.SPOT, "USDT", "0.00000009")]))

    plan = world.service().plan_transfer(parse_amount("50%"), Wallet.SPOT, Wallet.FUNDING)

    assert plan.amount == D("0.00000004")  # 0.000000045


def test_another_asset_moves_when_it_is_named() -> None:
    plan = wealthy().service().plan_transfer(parse_amount("0.005btc"), Wallet.SPOT, Wallet.MARGIN)

    assert (plan.amount, plan.asset) == (D("0.005"), "BTC")


@pytest.mark.parametrize(
    ("typed", "source", "error", "hint"),
    [
        ("1000.75usdt", Wallet.SPOT, "spot has 100.50 USDT free; 1000.75 USDT is needed", "transfer 100.5usdt spot margin"),
        ("0.03btc", Wallet.SPOT, "spot has 0.01 BTC free; 0.03 BTC is needed", "transfer 0.01btc spot margin"),
        ("950usdt", Wallet.FUTURES, "futures has 900.00 USDT free; 950.00 USDT is needed", "transfer 900usdt futures margin"),
        ("all", Wallet.FUNDING, "funding has 0.00 USDT free; 0.00 USDT is needed", "balance"),
    ],
)  # fmt: skip
def test_more_than_is_free_is_refused_with_what_would_go(
    typed: str, source: Wallet, error: str, hint: str
) -> None:
    with pytest.raises(Refused) as refused:
        wealthy().service().plan_transfer(parse_amount(typed), source, Wallet.MARGIN)

    assert (refused.value.message, refused.value.hint) == (error, hint)
    assert refused.value.exit_code == 1


def test_a_transfer_to_the_same_wallet_or_of_too_many_decimals_makes_no_sense() -> None:
    service = wealthy().service()

    with pytest.raises(UsageError, match="spot to spot moves nothing"):
        service.plan_transfer(parse_amount("1usdt"), Wallet.SPOT, Wallet.SPOT)
    with pytest.raises(UsageError, match=r"0\.000000001 USDT has more than 8 decimals"):
        service.plan_transfer(parse_amount("0.000000001usdt"), Wallet.SPOT, Wallet.FUTURES)


def test_a_network_without_transfers_says_so() -> None:
    world = wealthy()
    world.wallets, world.info = None, NetworkInfo(name="demo", key="k")

    with pytest.raises(Refused, match="demo has no transfers between wallets"):
        world.service().plan_transfer(parse_amount("1usdt"), Wallet.SPOT, Wallet.FUTURES)


def test_the_difference_of_two_balances_is_exact() -> None:
    """Buy 0.00123 BTC at 60 000.01 with a fee in BTC, and see the balance fall by exactly the fee's worth."""
    price = D("60000.01")
    before = World(spot=FakeSpot(held=[held(Wallet.SPOT, "USDT", "1000")], last_prices={"BTCUSDT": price}))
    cost, fee = D("0.00123") * price, D("0.00000123")
    after = World(
        spot=FakeSpot(
            held=[
                held(Wallet.SPOT, "USDT", str(1000 - cost)),
                held(Wallet.SPOT, "BTC", str(D("0.00123") - fee)),
            ],
            last_prices={"BTCUSDT": price},
        )
    )

    def worth(world: World) -> Decimal:
        return sum(
            (v for v in column(world.service().balance(), "value_usdt") if isinstance(v, Decimal)), D(0)
        )

    assert worth(after) - worth(before) == D("-0.07380001")  # -0.00000123 * 60000.01 = -0.0738000123
