"""Fees of a pair, with and without BNB."""

from __future__ import annotations

import pytest

from atapi.domain.account import BnbDiscount, FeeRates
from atapi.domain.spreads import Pair
from atapi.services.fees import FeeReader, PairFees, discount_note
from atapi.services.network import NetworkInfo
from tests.fakes import D, FakeFutures, FakeSpot, FakeWallets, perpetual, spot_instrument

SPOT = FeeRates(maker=D("0.001"), taker=D("0.001"))
PERP = FeeRates(maker=D("0.0002"), taker=D("0.0005"))
PAIR = Pair(spot=spot_instrument("PEPEUSDT"), perp=perpetual("1000PEPEUSDT"))


@pytest.mark.parametrize(
    ("spot", "futures", "bps"),
    [
        (False, False, "30"),  # 2 * (10 + 5)
        (True, True, "24"),  # 2 * (7.5 + 4.5)
        (True, False, "25"),  # 2 * (7.5 + 5)
        (False, True, "29"),  # 2 * (10 + 4.5)
    ],
)
def test_a_round_trip_is_four_taker_fees_less_the_discount(spot: bool, futures: bool, bps: str) -> None:
    fees = PairFees(spot=SPOT, perp=PERP, discount=BnbDiscount(spot=spot, futures=futures))

    assert fees.round_trip * 10_000 == D(bps)


def reader(key: str | None, wallets: FakeWallets | None) -> FeeReader:
    return FeeReader(
        spot=FakeSpot(rates={"PEPEUSDT": SPOT}),
        futures=FakeFutures(rates={"1000PEPEUSDT": PERP}),
        wallets=wallets,
        info=NetworkInfo(name="demo", key=key),
    )


def test_rates_are_read_by_each_legs_own_symbol() -> None:
    discount = BnbDiscount(spot=True, futures=True)

    fees = reader("k", FakeWallets(discount=discount)).of_pair(PAIR)

    assert fees == PairFees(spot=SPOT, perp=PERP, discount=discount)


def test_without_a_key_there_are_no_own_rates() -> None:
    assert reader(None, None).of_pair(PAIR) is None


def test_a_network_without_wallets_gives_no_discount() -> None:
    fees = reader("k", None).of_pair(PAIR)

    assert fees is not None
    assert discount_note(fees.discount) == "fees are not paid in BNB"
