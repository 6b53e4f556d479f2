"""Whatever is done, in any order: money only moves, balances are their entries, nobody ends below zero on spot."""

from __future__ import annotations

import random
from contextlib import suppress
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from atapi.domain.numbers import LEDGER_STEP
from atapi.matching.ledger import LENDERS, Holder
from atapi.paper.clock import PaperClock
from atapi.paper.exchange import Exchange, Submit
from atapi.paper.feeds.base import Series
from atapi.paper.records import Refusal
from atapi.paper.store import Store
from tests.paper.feed_of_bars import HOUR, T0, D, FeedOfBars
from tests.paper.worlds import counted_keys

SYMBOL = "BTCUSDT"
PATH = [50000, 50040, 49900, 49950, 51000, 48500, 50100, 50000, 55000, 36000, 50000]


def wandering() -> FeedOfBars:
    """A market that moves every 37 minutes, with a premium that changes sign."""
    steps: dict[tuple[Series, str], list[tuple[int, Decimal | None]]] = {}
    for series, shift in ((Series.SPOT, 0), (Series.UM, 7)):
        steps[series, SYMBOL] = [
            (T0 - HOUR + i * 37 * 60_000, D(PATH[(i + shift) % len(PATH)])) for i in range(400)
        ]
    steps[Series.SPOT, "BNBUSDT"] = [(0, D(500))]
    steps[Series.UM, "ETHUSDT"] = [(0, D(3000))]
    return FeedOfBars(steps, volume=D("0.7"), premium=lambda symbol, at: D(at // HOUR % 5 - 2).scaleb(-3))


class Trading(RuleBasedStateMachine):
    """Three accounts trade with the crowd and with each other."""

    @initialize()
    def open(self) -> None:
        self.store = Store(":memory:")
        self.exchange = Exchange(
            wandering(), PaperClock.still(T0, wall=lambda: T0), self.store, make_key=counted_keys()
        )
        self.accounts = [self.exchange.create_account(name).account for name in ("ann", "bob", "cyd")]
        for account in self.accounts:
            for wallet, asset, amount in (
                ("spot", "USDT", "60000"),
                ("spot", "BTC", "1.23456789"),
                ("spot", "BNB", "0.05"),
                ("um", "USDT", "9000.00000001"),
                ("um", "BNB", "0.02"),
                ("margin", "USDT", "20000"),
                ("margin", "BNB", "0.0001"),
            ):
                self.exchange.deposit(account, wallet, asset, D(amount))

    def place(self, account: int, market: str, submit: Submit) -> None:
        with suppress(Refusal):
            self.exchange.place(self.accounts[account], market, submit)

    @rule(
        account=st.integers(0, 2),
        market=st.sampled_from(["spot", "um"]),
        side=st.sampled_from(["BUY", "SELL"]),
        lots=st.integers(1, 900),
        offset=st.integers(-40, 40),
        force=st.sampled_from(["GTC", "GTC", "GTC", "IOC", "FOK", "GTX"]),
        reduce_only=st.booleans(),
        prevention=st.sampled_from(["EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH", "NONE"]),
    )
    def limit(
        self,
        account: int,
        market: str,
        side: str,
        lots: int,
        offset: int,
        force: str,
        reduce_only: bool,
        prevention: str,
    ) -> None:
        price = (self.exchange.last_price(market, SYMBOL) + offset).quantize(D("0.1"))
        maker = market == "spot" and force == "GTX"
        self.place(
            account,
            market,
            Submit(
                symbol=SYMBOL,
                side=side,
                type="LIMIT_MAKER" if maker else "LIMIT",
                quantity=D(lots).scaleb(-3),
                price=price,
                time_in_force=None if maker else force,
                reduce_only=reduce_only and market == "um",
                self_trade_prevention=prevention,
            ),
        )

    @rule(
        account=st.integers(0, 2),
        market=st.sampled_from(["spot", "um"]),
        side=st.sampled_from(["BUY", "SELL"]),
        lots=st.integers(1, 2500),
        reduce_only=st.booleans(),
    )
    def market(self, account: int, market: str, side: str, lots: int, reduce_only: bool) -> None:
        reduce = reduce_only and market == "um"
        submit = Submit(
            symbol=SYMBOL, side=side, type="MARKET", quantity=D(lots).scaleb(-3), reduce_only=reduce
        )
        self.place(account, market, submit)

    @rule(account=st.integers(0, 2), side=st.sampled_from(["BUY", "SELL"]), cents=st.integers(500, 9_000_000))
    def by_quote(self, account: int, side: str, cents: int) -> None:
        submit = Submit(symbol=SYMBOL, side=side, type="MARKET", quote_quantity=D(cents).scaleb(-2))
        self.place(account, "spot", submit)

    @rule(account=st.integers(0, 2), market=st.sampled_from(["spot", "margin", "um"]))
    def cancel(self, account: int, market: str) -> None:
        for order in self.exchange.open_orders(self.accounts[account], market, SYMBOL)[:1]:
            self.exchange.cancel(
                self.accounts[account], market, SYMBOL, order_id=order.order_id, client_order_id=None
            )

    @rule(
        account=st.integers(0, 2),
        kind=st.sampled_from(
            ["MAIN_UMFUTURE", "UMFUTURE_MAIN", "MAIN_FUNDING", "FUNDING_MAIN", "MAIN_MARGIN", "MARGIN_MAIN"]
        ),
        asset=st.sampled_from(["USDT", "BNB"]),
        units=st.integers(1, 10**12),
    )
    def transfer(self, account: int, kind: str, asset: str, units: int) -> None:
        with suppress(Refusal):
            self.exchange.transfer(self.accounts[account], kind, asset, D(units).scaleb(-8))

    @rule(
        account=st.integers(0, 2),
        asset=st.sampled_from(["USDT", "BTC"]),
        share=st.sampled_from(["0.01", "0.5", "1", "1.1"]),
    )
    def borrow(self, account: int, asset: str, share: str) -> None:
        desk, owner = self.exchange.margin, self.accounts[account]
        with suppress(Refusal):
            desk.borrow(owner, asset, (desk.borrowable(owner, asset)[0] * D(share)).quantize(LEDGER_STEP))

    @rule(
        account=st.integers(0, 2),
        asset=st.sampled_from(["USDT", "BTC"]),
        share=st.sampled_from(["0.0001", "0.5", "1", "1.1"]),
    )
    def repay(self, account: int, asset: str, share: str) -> None:
        desk, owner = self.exchange.margin, self.accounts[account]
        debt = desk.standing(owner).debts.get(asset)
        if debt is not None:
            with suppress(Refusal):
                desk.repay(owner, asset, (debt.total * D(share)).quantize(LEDGER_STEP))

    @rule(
        account=st.integers(0, 2),
        side=st.sampled_from(["BUY", "SELL"]),
        lots=st.integers(1, 900),
        offset=st.integers(-40, 40) | st.none(),
        force=st.sampled_from(["GTC", "IOC"]),
        effect=st.sampled_from(["NO_SIDE_EFFECT", "MARGIN_BUY", "AUTO_REPAY", "AUTO_BORROW_REPAY"]),
        repay=st.booleans(),
    )
    def on_margin(
        self, account: int, side: str, lots: int, offset: int | None, force: str, effect: str, repay: bool
    ) -> None:
        price = None
        if offset is not None:
            price = (self.exchange.last_price("spot", SYMBOL) + offset).quantize(D("0.1"))
        submit = Submit(
            symbol=SYMBOL,
            side=side,
            type="MARKET" if price is None else "LIMIT",
            quantity=D(lots).scaleb(-3),
            price=price,
            time_in_force=None if price is None else force,
            side_effect=effect,
            repay_at_cancel=repay,
        )
        self.place(account, "margin", submit)

    @rule(account=st.integers(0, 2), on=st.booleans())
    def interest_in_bnb(self, account: int, on: bool) -> None:
        self.exchange.margin.set_interest_in_bnb(self.accounts[account], on)

    @rule(account=st.integers(0, 2), leverage=st.integers(1, 100))
    def leverage(self, account: int, leverage: int) -> None:
        with suppress(Refusal):
            self.exchange.set_leverage(self.accounts[account], SYMBOL, leverage)

    @rule(account=st.integers(0, 2), on=st.booleans())
    def burn(self, account: int, on: bool) -> None:
        self.exchange.set_bnb_burn(self.accounts[account], spot=on, um=on)

    @rule(span=st.sampled_from([250, 1000, 61_000, 20 * 60_000, HOUR, 9 * HOUR]))
    def advance(self, span: int) -> None:
        self.exchange.advance(span)

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def every_asset_sums_to_zero_and_balances_are_their_entries(self) -> None:
        sums: dict[str, Decimal] = {}
        balances: dict[tuple[Holder, str], Decimal] = {}
        for _, _, _, holder, asset, amount in self.store.entries():
            assert amount % LEDGER_STEP == 0
            sums[asset] = sums.get(asset, D(0)) + amount
            balances[holder, asset] = balances.get((holder, asset), D(0)) + amount
        assert not any(sums.values()), sums
        assert {(h, a): b for h, a, b in self.store.balances()} == balances
        for account in self.accounts:
            for wallet in ("spot", "margin", "um", "funding"):
                for asset, (free, held) in self.exchange.balances(account, wallet).items():
                    assert free + held == balances[Holder(account, wallet), asset]
                    assert held >= 0
                    assert free >= 0 or wallet == "um"

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def what_orders_hold_is_what_open_orders_need(self) -> None:
        for account, market in product(self.accounts, ("spot", "margin")):
            need = {"USDT": D(0), "BTC": D(0)}
            for order in self.exchange.open_orders(account, market, None):
                if order.side == "BUY":
                    need["USDT"] += order.remaining * order.price
                else:
                    need["BTC"] += order.remaining
            balances = self.exchange.balances(account, market)
            for asset, amount in need.items():
                assert balances.get(asset, (D(0), D(0)))[1] == amount

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def what_is_owed_is_what_lenders_claim(self) -> None:
        lent = {asset: -amount for asset, (amount, _) in self.exchange.balances(LENDERS, "margin").items()}
        for wallet in ("loan", "interest"):
            claims = self.exchange.balances(LENDERS, wallet)
            for account in self.accounts:
                for asset, (owed, _) in self.exchange.balances(account, wallet).items():
                    assert owed < 0
                    claims[asset] = (claims[asset][0] + owed, D(0))
            assert not any(amount for amount, _ in claims.values()), claims
        for account in self.accounts:
            loans = self.exchange.margin.loans(account, "BORROW", 0, 10**15)
            for loan in loans:
                lent[loan.asset] = lent.get(loan.asset, D(0)) - loan.amount
            for loan in self.exchange.margin.loans(account, "REPAY", 0, 10**15):
                lent[loan.asset] = lent.get(loan.asset, D(0)) + loan.amount
        assert all(amount <= 0 for amount in lent.values()), (
            lent
        )  # interest in BNB and insurance paid the rest

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def positions_are_their_fills_and_what_was_realized_is_exact(self) -> None:
        for account in self.accounts:
            fills = self.exchange.trades(account, "um", SYMBOL)
            signed = [(t.quantity if t.side == "BUY" else -t.quantity, t) for t in fills]
            position = next((v.position for v in self.exchange.positions(account)), None)
            quantity = position.quantity if position else D(0)
            assert quantity == sum((q for q, _ in signed), D(0))
            paid = sum((q * t.price for q, t in signed), D(0))
            realized = sum((t.realized for t in fills), D(0))
            left = position.cost - position.carry if position else D(0)
            assert left == paid + realized  # cost = what the fills paid and what was posted of it
            closing = "SELL" if quantity > 0 else "BUY"
            reducing = [o for o in self.exchange.open_orders(account, "um", SYMBOL) if o.reduce_only]
            assert all(order.side == closing for order in reducing)
            assert sum((order.remaining for order in reducing), D(0)) <= abs(quantity)

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def futures_money_is_explained_by_income(self) -> None:
        for account in self.accounts:
            explained: dict[str, Decimal] = {}
            for line in self.exchange.income(account):
                explained[line.asset] = explained.get(line.asset, D(0)) + line.amount
            wallet = {a: free for a, (free, _) in self.exchange.balances(account, "um").items()}
            assert wallet == {asset: amount for asset, amount in explained.items() if amount}

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def books_never_cross_and_orders_add_up(self) -> None:
        for market in ("spot", "um"):
            _, bids, asks = self.exchange.depth(market, SYMBOL, 5)
            assert not bids or not asks or bids[0][0] < asks[0][0]
            for account in self.accounts:
                fills: dict[int, Decimal] = {}
                for trade in self.exchange.trades(account, market, SYMBOL):
                    fills[trade.order_id] = fills.get(trade.order_id, D(0)) + trade.quantity
                for order in self.exchange.orders(account, market, SYMBOL):
                    assert order.executed == fills.get(order.order_id, D(0)) <= order.quantity
                    assert (order.status == "FILLED") == (order.executed == order.quantity != 0)


TestTrading = Trading.TestCase
TestTrading.settings = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("seed", range(3))
def test_a_long_life_keeps_every_invariant(seed: int) -> None:
    dice = random.Random(seed)
    life = Trading()
    life.open()
    sides, markets = ["BUY", "SELL"], ["spot", "um", "um"]
    for step in range(800):
        who, what = dice.randrange(3), dice.random()
        market, side = dice.choice(markets), dice.choice(sides)
        if what < 0.55:
            force = dice.choice(["GTC", "GTC", "GTC", "IOC", "FOK", "GTX"])
            prevention = dice.choice(["EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH", "NONE"])
            offset, reduce = dice.randint(-40, 40), dice.random() < 0.4
            life.limit(who, market, side, dice.randint(2, 400), offset, force, reduce, prevention)
        elif what < 0.75:
            life.market(who, market, side, dice.randint(1, 700), dice.random() < 0.4)
        elif what < 0.80:
            life.by_quote(who, side, dice.randint(500, 3_000_000))
        elif what < 0.88:
            life.cancel(who, market)
        elif what < 0.92:
            kind = dice.choice(["MAIN_UMFUTURE", "UMFUTURE_MAIN"])
            life.transfer(who, kind, dice.choice(["USDT", "BNB"]), dice.randint(1, 10**12))
        elif what < 0.94:
            life.burn(who, dice.random() < 0.5)
        else:
            life.advance(dice.choice([250, 1000, 61_000, 20 * 60_000, HOUR, 9 * HOUR]))
        if step % 50 == 49:
            life.every_asset_sums_to_zero_and_balances_are_their_entries()
            life.what_orders_hold_is_what_open_orders_need()
            life.positions_are_their_fills_and_what_was_realized_is_exact()
            life.futures_money_is_explained_by_income()
            life.books_never_cross_and_orders_add_up()


@pytest.mark.parametrize("seed", range(3))
def test_a_long_life_on_margin_keeps_every_invariant(seed: int) -> None:
    dice = random.Random(seed)
    life = Trading()
    life.open()
    effects = ["NO_SIDE_EFFECT", "MARGIN_BUY", "AUTO_REPAY", "AUTO_BORROW_REPAY"]
    for step in range(500):
        who, what = dice.randrange(3), dice.random()
        side, asset = dice.choice(["BUY", "SELL"]), dice.choice(["USDT", "BTC"])
        if what < 0.5:
            offset = dice.choice([None, dice.randint(-40, 40)])
            force, effect = dice.choice(["GTC", "IOC"]), dice.choice(effects)
            life.on_margin(who, side, dice.randint(1, 900), offset, force, effect, dice.random() < 0.5)
        elif what < 0.65:
            life.borrow(who, asset, dice.choice(["0.01", "0.5", "1"]))
        elif what < 0.75:
            life.repay(who, asset, dice.choice(["0.0001", "0.5", "1"]))
        elif what < 0.8:
            life.transfer(who, dice.choice(["MAIN_MARGIN", "MARGIN_MAIN"]), asset, dice.randint(1, 10**12))
        elif what < 0.85:
            life.market(who, "spot", side, dice.randint(1, 700), False)
        elif what < 0.9:
            life.cancel(who, dice.choice(["spot", "margin"]))
        elif what < 0.92:
            life.interest_in_bnb(who, dice.random() < 0.5)
        else:
            life.advance(dice.choice([250, 61_000, 20 * 60_000, HOUR, 9 * HOUR]))
        if step % 25 == 24:
            life.every_asset_sums_to_zero_and_balances_are_their_entries()
            life.what_orders_hold_is_what_open_orders_need()
            life.what_is_owed_is_what_lenders_claim()
            life.books_never_cross_and_orders_add_up()
    assert any(life.exchange.margin.liquidations(account) for account in life.accounts)
