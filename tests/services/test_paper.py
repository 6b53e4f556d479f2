"""The embedded exchange's own verbs: fundings after an advance, deposits, status."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO

import pytest

from atapi.clock import ManualClock
from atapi.domain.account import Balance, Income, Position, Wallet
from atapi.domain.amounts import parse_amount
from atapi.domain.market import FundingRate
from atapi.errors import UsageError
from atapi.services.account import AccountService
from atapi.services.fees import FeeReader
from atapi.services.network import NetworkInfo
from atapi.services.paper import PaperService, position_paid
from atapi.services.paper_accounts import PaperAccounts
from atapi.services.paper_faults import PaperFaults
from tests.fakes import D, FakeBackroom, FakeFutures, FakePaper, FakeSpot, FakeWallets, utc
from tests.services.worlds import FUTURES, SPOT, book_of, record

MIDNIGHT = utc("2026-01-01")


@dataclass
class World:
    """A paper exchange with an account on it."""

    control: FakePaper = field(default_factory=lambda: FakePaper(now=MIDNIGHT))
    futures: FakeFutures = field(default_factory=FakeFutures)
    spot: FakeSpot = field(default_factory=FakeSpot)
    served: list[int] = field(default_factory=list)

    def server(self, port: int, out: IO[str]) -> None:
        """Note the port, say where, and come back as if interrupted at once."""
        self.served.append(port)
        out.write(f"spot: http://127.0.0.1:{port}\n")

    def service(self) -> PaperService:
        self.spot.listed, self.futures.listed = SPOT, FUTURES
        info = NetworkInfo(name="paper", key="k")
        account = AccountService(
            spot=self.spot,
            futures=self.futures,
            wallets=FakeWallets(),
            fee_reader=FeeReader(spot=self.spot, futures=self.futures, wallets=None, info=info),
            book=book_of(self.spot, self.futures),
            info=info,
            clock=ManualClock(MIDNIGHT),
        )
        return PaperService(
            control=self.control,
            futures=self.futures,
            account=account,
            accounts=PaperAccounts(FakeBackroom()),
            faults=PaperFaults(FakeBackroom()),
            server=self.server,
        )


def position(symbol: str, quantity: str) -> Position:
    return Position(
        symbol=symbol,
        position_side="BOTH",
        quantity=D(quantity),
        entry_price=D(60000),
        mark_price=D(60000),
        liquidation_price=None,
        leverage=D(2),
        initial_margin=D(1),
        maintenance_margin=D(1),
        unrealized=D(0),
        adl=None,
    )


def funding(at: datetime, amount: str) -> Income:
    return Income(symbol="BTCUSDT", kind="FUNDING_FEE", amount=D(amount), asset="USDT", at=at, income_id="1")


def rate(at: datetime, rate: str, mark: str) -> FundingRate:
    return FundingRate(symbol="BTCUSDT", at=at, rate=D(rate), mark_price=D(mark))


def test_advance_lists_the_fundings_received_on_the_way() -> None:
    eight, sixteen = utc("2026-01-01T08:00"), utc("2026-01-01T16:00")
    futures = FakeFutures(
        open_positions=[position("BTCUSDT", "-0.016")],
        settled=[
            rate(MIDNIGHT, "1", "1"),
            rate(eight, "0.0001", "60000"),
            rate(sixteen, "-0.00005", "61000.5"),
        ],
        lines=[
            funding(MIDNIGHT, "9"),  # was received before
            funding(eight, "0.096"),  # 0.016 * 60000 * 0.0001
            funding(sixteen, "-0.0488004"),  # 0.016 * 61000.5 * -0.00005
            funding(utc("2026-01-02T08:00"), "1"),  # not yet
        ],
    )
    world = World(futures=futures)

    table = world.service().advance(timedelta(hours=16))

    assert table.names == ("time", "symbol", "rate_bp", "mark", "position", "amount_usdt")
    assert table.rows == (
        (eight, "BTCUSDT", D(1), D(60000), D("-0.016"), D("0.096")),
        (sixteen, "BTCUSDT", D("-0.5"), D("61000.5"), D("-0.016"), D("-0.0488004")),
    )
    assert table.notes == ("clock 2026-01-01T16:00:00Z; 2 fundings, 0.0471996 USDT",)
    assert table.index == "time"


def test_settlements_recorded_some_milliseconds_late_still_match_their_income() -> None:
    late = utc("2026-01-01T08:00") + timedelta(milliseconds=47)
    futures = FakeFutures(
        open_positions=[position("BTCUSDT", "-1")],
        settled=[rate(late, "0.0001", "100")],
        lines=[funding(utc("2026-01-01T08:00"), "0.01")],
    )

    row = record(World(futures=futures).service().advance(timedelta(days=1)))

    assert (row["rate_bp"], row["mark"], row["position"]) == (D(1), D(100), D(-1))


def test_an_advance_without_fundings_says_so_and_tells_the_time() -> None:
    table = World().service().advance(timedelta(hours=1))

    assert table.rows == ()
    assert table.empty == "clock 2026-01-01T01:00:00Z; no funding fell due on a position"


AT = utc("2026-01-01T08:00")


@pytest.mark.parametrize(
    ("amount", "settled", "held", "expected"),
    [
        ("0.096", rate(AT, "0.0001", "60000"), "-0.016", "-0.016"),  # what was held explains it
        ("0.048", rate(AT, "0.0001", "60000"), "-0.016", "-0.008"),  # half of it was liquidated on the way
        ("0.04800001", rate(AT, "0.0001", "60000"), "0", "-0.008"),  # the ledger's rounding
        ("0", rate(AT, "0", "60000"), "-0.016", "-0.016"),  # a rate of nothing tells nothing
        ("0.096", None, "-0.016", "-0.016"),
    ],
)
def test_the_position_a_funding_was_paid_on(
    amount: str, settled: FundingRate | None, held: str, expected: str
) -> None:
    assert position_paid(D(amount), settled, D(held), Decimal("0.001")) == D(expected)


def test_status_leads_with_the_clock() -> None:
    world = World(control=FakePaper(now=MIDNIGHT, details=(("feed", "synthetic"), ("seed", "7"))))

    table = world.service().status()

    assert table.rows == (("clock", "2026-01-01T00:00:00Z"), ("feed", "synthetic"), ("seed", "7"))


def test_a_deposit_is_exact_and_shows_the_wallet_it_went_to() -> None:
    world = World(spot=FakeSpot(held=[Balance(wallet=Wallet.SPOT, asset="USDT", free=D(1000), locked=D(0))]))

    table = world.service().deposit(parse_amount("1_000.00000001usdt"), Wallet.SPOT)

    assert world.control.deposits == [(Wallet.SPOT, "USDT", D("1000.00000001"))]
    assert record(table)["wallet"] == "spot"


@pytest.mark.parametrize("typed", ["25%", "all"])
def test_a_deposit_of_a_share_makes_no_sense(typed: str) -> None:
    with pytest.raises(UsageError, match="a deposit needs an asset"):
        World().service().deposit(parse_amount(typed), Wallet.SPOT)


def test_a_deposit_finer_than_the_ledger_is_refused() -> None:
    world = World()

    with pytest.raises(UsageError, match="more than 8 decimals"):
        world.service().deposit(parse_amount("0.000000001btc"), Wallet.SPOT)
    assert world.control.deposits == []


def test_reset_begins_again_and_describes_what_it_began() -> None:
    world = World()
    world.service().advance(timedelta(days=3))

    table = world.service().reset()

    assert table.rows[0] == ("clock", "2026-01-01T12:00:00Z")


@pytest.mark.parametrize(("port", "used"), [(8100, 8100), (None, 0)])
def test_serving_says_where_and_takes_a_free_port_where_none_is_named(port: int | None, used: int) -> None:
    world, out = World(), io.StringIO()

    world.service().serve(out, port=port)

    assert world.served == [used]
    assert out.getvalue() == f"spot: http://127.0.0.1:{used}\n"
