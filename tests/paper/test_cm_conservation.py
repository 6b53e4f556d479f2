"""Whatever two accounts do on COIN-M, coins only move, and what was realized is what the fills come to."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from atapi.domain.numbers import LEDGER_STEP
from atapi.matching.contracts import Inverse
from atapi.paper.clock import PaperClock
from atapi.paper.exchange import Exchange, Submit
from atapi.paper.records import Refusal
from atapi.paper.store import Store
from tests.paper.feed_of_bars import HOUR, T0, D
from tests.paper.test_conservation import wandering
from tests.paper.worlds import counted_keys

SYMBOL = "BTCUSD_PERP"
CONTRACT = Inverse(D(100))
SIDES = st.sampled_from(["BUY", "SELL"])


class CoinTrading(RuleBasedStateMachine):
    """Two accounts trade contracts with the crowd and with each other."""

    @initialize()
    def open(self) -> None:
        self.store = Store(":memory:")
        self.exchange = Exchange(
            wandering(), PaperClock.still(T0, wall=lambda: T0), self.store, make_key=counted_keys()
        )
        self.accounts = [self.exchange.create_account(name).account for name in ("ann", "bob")]
        for account in self.accounts:
            self.exchange.deposit(account, "cm", "BTC", D("0.50000001"))
            self.exchange.deposit(account, "spot", "BTC", D(1))

    def place(self, account: int, submit: Submit) -> None:
        with suppress(Refusal):
            self.exchange.place(self.accounts[account], "cm", submit)

    @rule(
        account=st.integers(0, 1),
        side=SIDES,
        contracts=st.integers(1, 900),
        offset=st.integers(-40, 40),
        force=st.sampled_from(["GTC", "GTC", "IOC", "GTX"]),
        reduce_only=st.booleans(),
    )
    def limit(
        self, account: int, side: str, contracts: int, offset: int, force: str, reduce_only: bool
    ) -> None:
        price = self.exchange.last_price("cm", SYMBOL) + D(offset) / 10
        submit = Submit(
            symbol=SYMBOL,
            side=side,
            type="LIMIT",
            quantity=D(contracts),
            price=price,
            time_in_force=force,
            reduce_only=reduce_only,
        )
        self.place(account, submit)

    @rule(account=st.integers(0, 1), side=SIDES, contracts=st.integers(1, 3000), reduce_only=st.booleans())
    def market(self, account: int, side: str, contracts: int, reduce_only: bool) -> None:
        quantity = D(contracts)
        self.place(
            account,
            Submit(symbol=SYMBOL, side=side, type="MARKET", quantity=quantity, reduce_only=reduce_only),
        )

    @rule(account=st.integers(0, 1))
    def cancel(self, account: int) -> None:
        for order in self.exchange.open_orders(self.accounts[account], "cm", SYMBOL)[:1]:
            self.exchange.cancel(
                self.accounts[account], "cm", SYMBOL, order_id=order.order_id, client_order_id=None
            )

    @rule(
        account=st.integers(0, 1),
        kind=st.sampled_from(["MAIN_CMFUTURE", "CMFUTURE_MAIN"]),
        units=st.integers(1, 10**8),
    )
    def transfer(self, account: int, kind: str, units: int) -> None:
        with suppress(Refusal):
            self.exchange.transfer(self.accounts[account], kind, "BTC", D(units).scaleb(-8))

    @rule(account=st.integers(0, 1), leverage=st.integers(1, 125))
    def leverage(self, account: int, leverage: int) -> None:
        with suppress(Refusal):
            self.exchange.set_leverage(self.accounts[account], SYMBOL, leverage, "cm")

    @rule(span=st.sampled_from([250, 61_000, 20 * 60_000, HOUR, 9 * HOUR]))
    def advance(self, span: int) -> None:
        self.exchange.advance(span)

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def entries_sum_to_zero(self) -> None:
        sums: dict[str, Decimal] = {}
        for _, _, _, _, asset, amount in self.store.entries():
            assert amount % LEDGER_STEP == 0
            sums[asset] = sums.get(asset, D(0)) + amount
        assert not any(sums.values()), sums

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def positions_are_their_fills_and_the_wallet_is_its_income(self) -> None:
        for account in self.accounts:
            fills = self.exchange.trades(account, "cm", SYMBOL)
            signed = [(t.quantity if t.side == "BUY" else -t.quantity, t.price) for t in fills]
            position = next((v.position for v in self.exchange.positions(account, "cm")), None)
            assert (position.quantity if position else 0) == sum((q for q, _ in signed), D(0))
            paid = sum((CONTRACT.value(quantity, price) for quantity, price in signed), D(0))
            left = position.cost + position.carry if position else D(0)
            realized = sum((t.realized for t in fills), D(0))
            # values in coins are no whole digits: each time an account is flat it has been paid to the nearest one
            assert abs(left + realized - paid) <= LEDGER_STEP / 2 * len(fills)
            wallet = self.exchange.balances(account, "cm").get("BTC", (D(0), D(0)))[0]
            assert wallet == sum((line.amount for line in self.exchange.income(account, "cm")), D(0))

    @precondition(lambda self: hasattr(self, "store"))
    @invariant()
    def no_margin_is_held_for_orders_that_are_gone(self) -> None:
        for account in self.accounts:
            if not self.exchange.open_orders(account, "cm", SYMBOL):
                assert self.exchange.futures_totals(account, "BTC", "cm").order_margin == 0


TestCoinTrading = CoinTrading.TestCase
TestCoinTrading.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
