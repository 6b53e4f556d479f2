"""Whatever can be done, in any order, with restarts in the middle: every event conserves, memory is what the file says."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from atapi.matching.ledger import Holder
from atapi.paper.views import ListSubmit
from benchmarks.audit import add_up
from benchmarks.conservation import WALLETS, Auditor
from benchmarks.life import Life
from tests.paper.feed_of_bars import HOUR, T0
from tests.paper.test_conservation import wandering
from tests.paper.test_spot_lists import bracket, leg
from tests.paper.worlds import at_market, funded, world

SPANS = (250, 61_000, 20 * 60_000, HOUR, 9 * HOUR)  # prices move every 37 minutes, by up to a third
DOINGS = (
    "spot order", "waiting order", "order list", "margin order", "futures order", "coin order", "conditional",
    "cancel", "cancel all", "amend", "replace", "transfer", "loan", "mode", "isolated margin", "terms", "rule",
    "deleverage", "time", "time",
)  # fmt: skip


class Everything(RuleBasedStateMachine):
    """One world; what happens in it is drawn."""

    @initialize()
    def open(self) -> None:
        self.store = Auditor(":memory:")
        self.life = Life(wandering(), self.store, T0, spans=SPANS)

    @rule(what=st.sampled_from(DOINGS), dice=st.randoms(use_true_random=False))
    def something(self, what: str, dice: random.Random) -> None:
        self.life.do(what, dice)  # every posting and balance is checked as it is staged

    @rule()
    def restart(self) -> None:
        self.life.restart()
        self.store.agrees(self.life)

    @precondition(lambda self: hasattr(self, "life"))
    @invariant()
    def nobody_holds_what_is_not_there(self) -> None:
        for account in self.life.accounts:
            for wallet in WALLETS:
                for asset, (free, held) in self.life.exchange.balances(account, wallet).items():
                    assert free + held == self.store.sums[Holder(account, wallet), asset]
                    assert held >= 0
                    assert free >= 0 or wallet in ("um", "cm")

    @precondition(lambda self: hasattr(self, "life"))
    @invariant()
    def books_never_cross(self) -> None:
        for market, symbol in (("spot", "BTCUSDT"), ("um", "BTCUSDT"), ("cm", "BTCUSD_PERP")):
            _, bids, asks = self.life.exchange.depth(market, symbol, 5)
            assert not bids or not asks or bids[0][0] < asks[0][0]

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self.life.exchange.flush()
            add_up(self.store)


TestEverything = Everything.TestCase
TestEverything.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_a_long_life_on_a_wild_market_keeps_every_asset() -> None:
    store, dice = Auditor(":memory:"), random.Random(5)
    life = Life(wandering(), store, T0, spans=SPANS)
    for event in range(1, 3001):
        life.step(dice)
        if event % 500 == 0:
            life.restart()
            store.agrees(life)

    add_up(store)
    kinds = {kind for _, _, kind, _, _, _ in store.entries()}
    assert {"FUNDING_FEE", "INSURANCE_CLEAR", "BORROW", "REPAY", "INTEREST", "REALIZED_PNL"} <= kinds
    assert set(life.happened) == set(life.doings)


def test_a_bracket_that_works_is_left_alone_by_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "world.sqlite")
    exchange = world(path=path)
    account = funded(exchange)
    working = leg("LIMIT", "BUY", price="51000")  # fills at once, and brings in the two others
    exchange.spot.place_list(account, ListSubmit(symbol="BTCUSDT", kind="OTO", legs=(working, *bracket())))
    before = exchange.open_orders(account, "spot", "BTCUSDT")

    again = world(path=path)
    after = again.open_orders(account, "spot", "BTCUSDT")
    again.place(account, "spot", at_market("BUY", "0.01"))

    assert [(order.status, order.type) for order in after] == [("NEW", "STOP_LOSS"), ("NEW", "LIMIT_MAKER")]
    assert after == before
