"""Spot orders of every kind, alone and in lists, on spot and on margin: money only moves, and a restart changes nothing."""

from __future__ import annotations

import random
import tempfile
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from atapi.matching.ledger import Holder
from atapi.paper.clock import PaperClock
from atapi.paper.exchange import Exchange, Submit
from atapi.paper.feeds.base import PriceRange
from atapi.paper.order_terms import PLAIN
from atapi.paper.records import MARGIN, Refusal, list_owner
from atapi.paper.spot_desk import Cancel
from atapi.paper.store import Store
from atapi.paper.views import ListSubmit
from tests.paper.feed_of_bars import HOUR, T0, D
from tests.paper.test_conservation import wandering
from tests.paper.worlds import counted_keys

SYMBOL = "BTCUSDT"
SIDES = st.sampled_from(["BUY", "SELL"])
MARKETS = st.sampled_from(["spot", "margin"])
OFFSETS = st.integers(-400, 400)
LOTS = st.integers(1, 300)
PEGS = st.sampled_from(["", "", "PRIMARY_PEG", "MARKET_PEG"])
KINDS = ["OCO", "OTO", "OTOCO", "OPO", "OPOCO"]


class Spot(RuleBasedStateMachine):
    """Two accounts place, change and cancel whatever spot knows."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.start()
        self.accounts = [self.exchange.create_account(name).account for name in ("ann", "bob")]
        for account in self.accounts:
            for wallet, asset, amount in (
                ("spot", "USDT", "60000"),
                ("spot", "BTC", "1.23456789"),
                ("spot", "BNB", "0.05"),
                ("margin", "USDT", "20000"),
                ("margin", "BTC", "0.4"),
            ):
                self.exchange.deposit(account, wallet, asset, D(amount))

    def start(self, at_ms: int = T0) -> None:
        self.store = Store(Path(self.folder.name) / "exchange.sqlite")
        clock = PaperClock.still(at_ms, wall=lambda: T0)
        self.exchange = Exchange(wandering(), clock, self.store, make_key=counted_keys())

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    # --- what is done -------------------------------------------------------------------------------------------
    def price(self, offset: int) -> Decimal:
        return (self.exchange.last_price("spot", SYMBOL) + offset).quantize(D("0.1"))

    def order(self, kind: str, side: str, lots: int, offset: int, **more: object) -> Submit:
        """Write an order; a stop lies where one of its kind and side has to."""
        price, quantity = self.price(offset), D(lots).scaleb(-3)
        stop = None
        if kind.startswith(("STOP", "TAKE")):
            above = (side == "BUY") == kind.startswith("STOP")
            stop = self.price(abs(offset) + 1 if above else -abs(offset) - 1)
        limited = kind in ("LIMIT", "LIMIT_MAKER") or kind.endswith("LIMIT")
        return Submit(
            symbol=SYMBOL,
            side=side,
            type=kind,
            quantity=quantity,
            price=price if limited else None,
            time_in_force="GTC" if limited and kind != "LIMIT_MAKER" else None,
            stop_price=stop,
            **more,  # type: ignore[arg-type]
        )

    @rule(
        account=st.integers(0, 1),
        market=MARKETS,
        side=SIDES,
        lots=LOTS,
        offset=OFFSETS,
        kind=st.sampled_from(
            ["LIMIT", "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]
        ),
        peg=PEGS,
        iceberg=st.booleans(),
        prevention=st.sampled_from(["EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER", "NONE"]),
        effect=st.sampled_from(["", "MARGIN_BUY", "AUTO_BORROW_REPAY"]),
    )
    def place(
        self, account: int, market: str, side: str, lots: int, offset: int, kind: str, peg: str, iceberg: bool,
        prevention: str, effect: str,
    ) -> None:  # fmt: skip
        pegged = peg and kind not in ("MARKET", "STOP_LOSS")
        submit = self.order(
            kind, side, lots, offset,
            self_trade_prevention=prevention,
            iceberg=D(max(1, lots // 7)).scaleb(-3) if iceberg and kind == "LIMIT" else None,
            side_effect=effect if market == MARGIN else "",
            terms=PLAIN.but(peg=peg, peg_level=1) if pegged else PLAIN,
        )  # fmt: skip
        with suppress(Refusal):
            self.exchange.place(self.accounts[account], market, submit)

    @rule(
        account=st.integers(0, 1),
        market=MARKETS,
        kind=st.sampled_from(KINDS),
        side=SIDES,
        lots=LOTS,
        offset=OFFSETS,
    )
    def place_list(self, account: int, market: str, kind: str, side: str, lots: int, offset: int) -> None:
        opo = kind.startswith("OPO")
        side = "BUY" if opo else side
        other = "SELL" if side == "BUY" else "BUY"
        effect = {"side_effect": "MARGIN_BUY"} if market == MARGIN and lots % 2 else {}
        pair_side = side if kind == "OCO" else other
        gain = self.order(
            "LIMIT_MAKER",
            pair_side,
            lots,
            abs(offset) + 1 if pair_side == "SELL" else -abs(offset) - 1,
            **effect,
        )
        pair = (self.order("STOP_LOSS", pair_side, lots, offset, **effect), gain)
        working = self.order("LIMIT", side, lots, offset, **effect)
        single = self.order("LIMIT" if lots % 3 else "MARKET", other, lots, offset, **effect)
        legs = {"OCO": pair, "OTO": (working, single), "OPO": (working, single)}.get(kind, (working, *pair))
        submit = ListSubmit(symbol=SYMBOL, kind="OCO" if kind == "OCO" else "OTO", legs=legs, opo=opo)
        with suppress(Refusal):
            self.exchange.spot.place_list(self.accounts[account], submit, "spot" if opo else market)

    @rule(account=st.integers(0, 1), market=MARKETS, which=st.integers(0, 9))
    def cancel(self, account: int, market: str, which: int) -> None:
        orders = self.exchange.open_orders(self.accounts[account], market, SYMBOL)
        if orders:
            number = orders[which % len(orders)].order_id
            self.exchange.cancel(
                self.accounts[account], market, SYMBOL, order_id=number, client_order_id=None
            )

    @rule(account=st.integers(0, 1), market=MARKETS)
    def cancel_list(self, account: int, market: str) -> None:
        owner = list_owner(market, self.accounts[account])
        for record in self.exchange.spot.open_lists(owner)[:1]:
            self.exchange.spot.cancel_list(owner, SYMBOL, list_id=record.list_id, client_id=None)

    @rule(account=st.integers(0, 1), which=st.integers(0, 9), share=st.sampled_from(["0.3", "0.9"]))
    def amend(self, account: int, which: int, share: str) -> None:
        orders = self.exchange.open_orders(self.accounts[account], "spot", SYMBOL)
        if orders:
            order = orders[which % len(orders)]
            with suppress(Refusal):
                self.exchange.spot.amend(
                    self.accounts[account], SYMBOL, order_id=order.order_id, client_id=None, new_client_id=None,
                    quantity=(order.quantity * D(share)).quantize(D("0.001")),
                )  # fmt: skip

    @rule(account=st.integers(0, 1), side=SIDES, lots=LOTS, offset=OFFSETS, go_on=st.booleans())
    def replace(self, account: int, side: str, lots: int, offset: int, go_on: bool) -> None:
        orders = self.exchange.open_orders(self.accounts[account], "spot", SYMBOL)
        which = Cancel(order_id=orders[0].order_id if orders else 1)
        with suppress(Refusal):
            self.exchange.spot.replace(
                self.accounts[account], self.order("LIMIT", side, lots, offset), which, go_on=go_on
            )

    @rule(narrow=st.booleans())
    def bound(self, narrow: bool) -> None:
        if narrow:
            self.exchange.change_rules("spot", SYMBOL, {"price_range": PriceRange(D("1.0008"), D("0.9992"))})
        else:
            self.exchange.restore_rules("spot", SYMBOL)

    @rule(span=st.sampled_from([250, 1000, 61_000, 20 * 60_000, HOUR]))
    def advance(self, span: int) -> None:
        self.exchange.advance(span)

    @rule()
    def restart(self) -> None:
        self.exchange.settle()
        before, now = self.held(), self.exchange.now_ms()
        self.store.close()
        self.start(now)
        assert self.held() == before

    # --- what always holds --------------------------------------------------------------------------------------
    def held(self) -> dict[tuple[str, str], object]:
        return {
            (account, wallet): dict(self.exchange.balances(account, wallet))
            for account in self.accounts
            for wallet in ("spot", "margin")
        }

    @precondition(lambda self: hasattr(self, "accounts"))
    @invariant()
    def every_asset_sums_to_zero_and_nobody_is_below_it(self) -> None:
        sums: dict[str, Decimal] = {}
        owned: dict[tuple[Holder, str], Decimal] = {}
        for _, _, _, holder, asset, amount in self.store.entries():
            sums[asset] = sums.get(asset, D(0)) + amount
            owned[holder, asset] = owned.get((holder, asset), D(0)) + amount
        assert not any(sums.values()), sums
        for (account, wallet), balances in self.held().items():
            for asset, (free, held) in balances.items():  # type: ignore[attr-defined]
                assert free >= 0, (account, wallet, asset, free)
                assert held >= 0, (account, wallet, asset, held)
                assert free + held == owned[Holder(account, wallet), asset]

    @precondition(lambda self: hasattr(self, "accounts"))
    @invariant()
    def nothing_is_held_where_nothing_is_open(self) -> None:
        for account in self.accounts:
            for market in ("spot", "margin"):
                if not self.exchange.open_orders(account, market, None):
                    rows = self.exchange.balances(account, market).values()
                    assert not any(held for _, held in rows)
                    assert self.exchange.spot.open_lists(list_owner(market, account)) == []


TestSpot = Spot.TestCase
TestSpot.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("seed", range(4))
def test_a_long_life_of_lists_and_pegs(seed: int) -> None:
    dice = random.Random(seed)
    life = Spot()
    life.open()
    for step in range(400):
        who, what, side = dice.randrange(2), dice.random(), dice.choice(["BUY", "SELL"])
        market, lots, offset = (
            dice.choice(["spot", "spot", "margin"]),
            dice.randint(1, 300),
            dice.randint(-300, 300),
        )
        if what < 0.3:
            kind = dice.choice(
                ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]
            )
            modes = ["EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER", "NONE"]
            life.place(
                who, market, side, lots, offset, kind, dice.choice(["", "PRIMARY_PEG", "MARKET_PEG"]),
                dice.random() < 0.3, dice.choice(modes), dice.choice(["", "MARGIN_BUY", "AUTO_BORROW_REPAY"]),
            )  # fmt: skip
        elif what < 0.6:
            life.place_list(who, market, dice.choice(KINDS), side, lots, offset)
        elif what < 0.66:
            life.cancel(who, market, dice.randint(0, 9))
        elif what < 0.7:
            life.cancel_list(who, market)
        elif what < 0.76:
            life.amend(who, dice.randint(0, 9), dice.choice(["0.3", "0.9"]))
        elif what < 0.8:
            life.replace(who, side, lots, offset, dice.random() < 0.5)
        elif what < 0.83:
            life.bound(dice.random() < 0.5)
        elif what < 0.86:
            life.restart()
        else:
            life.advance(dice.choice([250, 1000, 61_000, 20 * 60_000, HOUR]))
        if step % 10 == 9:
            life.every_asset_sums_to_zero_and_nobody_is_below_it()
            life.nothing_is_held_where_nothing_is_open()
    kinds = {o.type for a in life.accounts for o in life.exchange.orders(a, "spot", None) if o.executed}
    life.teardown()
    assert {"LIMIT", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT"} <= kinds
