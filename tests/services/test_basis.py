"""Perpetual against spot, with the arithmetic written out."""

from __future__ import annotations

from datetime import timedelta

from atapi.clock import ManualClock
from atapi.domain.account import BnbDiscount, FeeRates
from atapi.domain.market import FundingRate, MarkPrice
from atapi.services.basis import BasisService
from atapi.services.fees import FeeReader
from atapi.services.funding import FundingService
from atapi.services.network import NetworkInfo
from tests.fakes import D, FakeFutures, FakeSpot, FakeWallets, bars, quote, utc
from tests.services.worlds import FUTURES, SPOT, book_of, column, record

NOON = utc("2026-01-01T12:00")
RATES = {"BTCUSDT": FeeRates(maker=D("0.001"), taker=D("0.001"))}
PERP_RATES = {"BTCUSDT": FeeRates(maker=D("0.0002"), taker=D("0.0005"))}


def service(
    spot: FakeSpot, futures: FakeFutures, *, key: str | None = "k", discount: BnbDiscount | None = None
) -> BasisService:
    spot.listed, futures.listed = SPOT, FUTURES
    book, clock = book_of(spot, futures), ManualClock(NOON)
    wallets = FakeWallets(discount=discount) if discount else None
    info = NetworkInfo(name="paper", key=key)
    return BasisService(
        spot=spot,
        futures=futures,
        funding=FundingService(futures=futures, book=book),
        fees=FeeReader(spot=spot, futures=futures, wallets=wallets, info=info),
        book=book,
        clock=clock,
    )


def mark(symbol: str, rate: str) -> MarkPrice:
    return MarkPrice(
        symbol=symbol,
        mark_price=D(1),
        index_price=D(1),
        funding_rate=D(rate),
        next_funding_at=utc("2026-01-01T16:00"),
        at=NOON,
    )


def test_basis_is_the_perps_middle_over_the_spots_middle() -> None:
    spot = FakeSpot(quotes={"BTCUSDT": quote("BTCUSDT", "99990", "100010")})
    futures = FakeFutures(
        quotes={"BTCUSDT": quote("BTCUSDT", "100040", "100060")}, running=[mark("BTCUSDT", "0.0001")]
    )

    row = record(service(spot, futures).current(["BTCUSDT"]))

    assert row == {
        "symbol": "BTCUSDT",
        "spot": D(100000),
        "perp": D(100050),
        "basis_bp": D(5),  # 50 / 100000
        "apr_pct": D("10.95"),  # 1 bp, three times a day, 365 days
    }


def test_basis_of_a_multiplied_perpetual_is_taken_per_coin() -> None:
    spot = FakeSpot(quotes={"PEPEUSDT": quote("PEPEUSDT", "0.00000999", "0.00001001")})
    futures = FakeFutures(
        quotes={"1000PEPEUSDT": quote("1000PEPEUSDT", "0.01000", "0.01002")},
        running=[mark("1000PEPEUSDT", "0")],
    )

    row = record(service(spot, futures).current(["1000PEPEUSDT"]))

    assert (row["spot"], row["perp"], row["basis_bp"]) == (D("0.01"), D("0.01001"), D(10))  # 0.00001 / 0.01


def test_basis_with_an_empty_side_is_unknown_and_not_minus_a_half() -> None:
    spot = FakeSpot(quotes={"BTCUSDT": quote("BTCUSDT", "0", "100010")})
    futures = FakeFutures(
        quotes={"BTCUSDT": quote("BTCUSDT", "100040", "100060")}, running=[mark("BTCUSDT", "0")]
    )

    row = record(service(spot, futures).current(["BTCUSDT"]))

    assert (row["spot"], row["basis_bp"]) == (None, None)


def test_basis_history_pairs_opens_and_the_last_funding_settled_by_then() -> None:
    spot = FakeSpot(history={("BTCUSDT", "1h"): bars("1h", NOON, ["100", "100", "200", "250"])})
    futures = FakeFutures(
        history={("BTCUSDT", "1h"): bars("1h", NOON, ["101", "102", "204"])},
        settled=[
            FundingRate(symbol="BTCUSDT", at=utc("2026-01-01T03:00"), rate=D("0.0001"), mark_price=None),
            FundingRate(symbol="BTCUSDT", at=utc("2026-01-01T11:00"), rate=D("0.0002"), mark_price=None),
        ],
    )

    table = service(spot, futures).history(["BTCUSDT"], since=utc("2026-01-01T09:00"))

    assert table.index == "time"
    assert table.rows == (  # opens 10:00, 11:00, 12:00: spot 100, 100, 200; perp 101, 101, 102
        (utc("2026-01-01T10:00"), "BTCUSDT", D(100), D(101), D(100), D("10.95")),
        (utc("2026-01-01T11:00"), "BTCUSDT", D(100), D(101), D(100), D("21.9")),
        (utc("2026-01-01T12:00"), "BTCUSDT", D(200), D(102), D(-4900), D("21.9")),
    )


def test_basis_history_beyond_thirty_days_is_daily_and_has_no_rate_before_the_first_funding() -> None:
    midnight = utc("2026-01-01")
    spot = FakeSpot(history={("BTCUSDT", "1d"): bars("1d", midnight, ["100", "100"])})
    futures = FakeFutures(history={("BTCUSDT", "1d"): bars("1d", midnight, ["101", "101"])})

    table = service(spot, futures).history(["BTCUSDT"], since=NOON - timedelta(days=31))

    assert column(table, "time") == [utc("2025-12-31"), midnight]
    assert column(table, "apr_pct") == [None, None]


def books() -> tuple[FakeSpot, FakeFutures]:
    spot = FakeSpot(quotes={"BTCUSDT": quote("BTCUSDT", "99990", "100000")}, rates=RATES)
    futures = FakeFutures(quotes={"BTCUSDT": quote("BTCUSDT", "100050", "100060")}, rates=PERP_RATES)
    return spot, futures


def test_spread_quotes_what_both_legs_would_trade_at_and_four_fees() -> None:
    row = record(service(*books()).spread("BTCUSDT"))

    assert row == {
        "symbol": "BTCUSDT",
        "open_bp": D(5),  # (100050 - 100000) / 100000
        "close_bp": D("7.0007"),  # (100060 - 99990) / 99990
        "spot_ask": D(100000),
        "perp_bid": D(100050),
        "spot_bid": D(99990),
        "perp_ask": D(100060),
        "fees_bp": D(30),  # 2 * (10 + 5)
    }


def test_the_bnb_discount_is_counted_in_the_fees_and_said() -> None:
    discount = BnbDiscount(spot=True, futures=True)

    table = service(*books(), discount=discount).spread("BTCUSDT")

    assert record(table)["fees_bp"] == D(24)  # 2 * (10 * 0.75 + 5 * 0.9)
    assert table.notes == ("fees are paid in BNB while there is some: 25% less on spot, 10% less on futures",)


def test_without_a_key_the_fees_are_unknown() -> None:
    table = service(*books(), key=None).spread("BTCUSDT")

    assert record(table)["fees_bp"] is None
    assert table.notes == ("fees_bp is empty: own rates need a key",)


def test_an_empty_side_has_no_spread() -> None:
    spot, futures = books()
    futures.quotes = {"BTCUSDT": quote("BTCUSDT", "0", "100060")}

    row = record(service(spot, futures).spread("BTCUSDT"))

    assert (row["open_bp"], row["close_bp"]) == (None, D("7.0007"))
