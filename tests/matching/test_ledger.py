"""The ledger: money only moves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.matching.ledger import FAUCET, Holder, Ledger

D = Decimal
ANN, BOB = Holder("1", "spot"), Holder("2", "spot")


def test_a_move_takes_from_one_what_it_gives_another() -> None:
    ledger = Ledger()

    ledger.move(Holder(FAUCET, "spot"), ANN, "USDT", D(100))
    ledger.move(ANN, BOB, "USDT", D("30.5"))

    assert ledger.balance(ANN, "USDT") == D("69.5")
    assert ledger.balance(BOB, "USDT") == D("30.5")
    assert ledger.balance(Holder(FAUCET, "spot"), "USDT") == -100


def test_an_amount_finer_than_the_ledger_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="finer"):
        Ledger().move(ANN, BOB, "USDT", D("0.000000001"))


AMOUNTS = st.integers(-(10**12), 10**12).map(lambda n: D(n).scaleb(-8))
MOVES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from(["USDT", "BTC"]), AMOUNTS))


@given(MOVES)
def test_every_asset_sums_to_zero_after_any_moves(moves: list[tuple[int, int, str, Decimal]]) -> None:
    ledger = Ledger()
    for source, target, asset, amount in moves:
        ledger.move(Holder(str(source), "spot"), Holder(str(target), "um"), asset, amount)

        sums: dict[str, Decimal] = {}
        for entry in ledger.all():
            sums[entry.asset] = sums.get(entry.asset, D(0)) + entry.amount
        assert not any(sums.values())
