"""Everything that can be done on the exchange, at random: the operations of the ledger's gates.

Each method of `Life` is one operation, drawn with the dice it is given; what Binance would refuse is refused and
counted. The same dice live the same life.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atapi.matching.models.fees import Rates
from atapi.paper.algos import TRAILING, AlgoRecord
from atapi.paper.clock import PaperClock
from atapi.paper.exchange import Exchange, Submit
from atapi.paper.feeds.base import Feed
from atapi.paper.order_terms import OrderTerms
from atapi.paper.records import OrderRecord, Refusal
from atapi.paper.spot_desk import Cancel
from atapi.paper.store import Store
from atapi.paper.terms import FULL_FUNDS, Terms
from atapi.paper.um_amend import Amendment
from atapi.paper.views import ListSubmit

D = Decimal
Dice = random.Random
SIDES = ("BUY", "SELL")
WALLETS = ("MAIN", "UMFUTURE", "CMFUTURE", "MARGIN", "FUNDING")
PREVENTIONS = ("EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH", "NONE", "DECREMENT")
WAITING = ("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
ALGOS = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", TRAILING)
SIDE_EFFECTS = ("NO_SIDE_EFFECT", "MARGIN_BUY", "AUTO_REPAY", "AUTO_BORROW_REPAY")
SPANS = (100, 250, 1000, 1000, 5000, 20_000)
MOST_ACCOUNTS = 8
LOTS = {"spot": "0.001", "margin": "0.001", "um": "0.001", "cm": "1"}
COIN = "BTCUSD_PERP"


class Life:
    """A world in which things happen.

    Args:
        symbol: Traded on spot, margin and USD-M; with its lot and tick on all of them.
        spans: How far time may go at once, milliseconds.
    """

    def __init__(
        self, feed: Feed, store: Store, start_ms: int, *, spans: tuple[int, ...] = SPANS, seed: int = 7
    ) -> None:
        self._feed = feed
        self._store = store
        self._start_ms = start_ms
        self._spans = spans
        self._keys = random.Random(seed)
        self._lagging = False
        self.happened: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.exchange = self._open(PaperClock.still(start_ms, wall=lambda: start_ms))
        self.accounts: list[str] = []
        for name in ("ann", "bob", "cyd", "dan"):
            self._account(name)
        self._number = 0
        self.exchange.futures.settings.set_hedged(self.accounts[1], True)
        self.exchange.futures.settings.set_joined(self.accounts[2], True)
        self.exchange.futures.settings.set_isolated(self.accounts[3], "BTCUSDT", True)
        self.doings: dict[str, tuple[int, Callable[[Dice], None]]] = {
            "spot order": (18, self.spot_order),
            "waiting order": (4, self.waiting_order),
            "order list": (4, self.order_list),
            "margin order": (10, self.margin_order),
            "futures order": (18, self.futures_order),
            "coin order": (5, self.coin_order),
            "conditional": (5, self.conditional),
            "cancel": (14, self.cancel),
            "cancel all": (1, self.cancel_all),
            "amend": (3, self.amend),
            "replace": (3, self.replace),
            "transfer": (4, self.transfer),
            "loan": (3, self.loan),
            "mode": (2, self.mode),
            "isolated margin": (2, self.isolated_margin),
            "terms": (1, self.terms),
            "rule": (1, self.rule),
            "deleverage": (1, self.deleverage),
            "time": (3, self.time),
        }
        self._names = tuple(self.doings)
        self._weights = [weight for weight, _ in self.doings.values()]

    def step(self, dice: Dice) -> None:
        """Let something happen."""
        self.do(dice.choices(self._names, self._weights)[0], dice)

    def do(self, name: str, dice: Dice) -> None:
        """Let one of the doings happen."""
        try:
            self.doings[name][1](dice)
            self.happened[name] += 1
        except Refusal as refusal:
            self.refused[f"{name} {refusal.code}"] += 1

    def restart(self) -> None:
        """Open the same file anew; whatever the exchange had in memory is gone."""
        self.exchange.flush()
        state = self._store.meta("clock")
        assert state is not None
        self.exchange = self._open(PaperClock.restored(state, wall=lambda: self._start_ms))

    # --- orders -------------------------------------------------------------------------------------------------
    def spot_order(self, dice: Dice) -> None:
        """LIMIT, MARKET by either asset, LIMIT_MAKER, icebergs."""
        order = self._order(dice, "spot")
        if order["type"] == "MARKET" and dice.random() < 0.5:
            del order["quantity"]
            order["quote_quantity"] = D(dice.randint(500, 3_000_000)).scaleb(-2)
        elif order["type"] == "LIMIT" and dice.random() < 0.2:
            order |= {"type": "LIMIT_MAKER", "time_in_force": None}
        elif order["type"] == "LIMIT" and order["time_in_force"] == "GTC" and dice.random() < 0.2:
            order["iceberg"] = max(D("0.001"), (order["quantity"] / 5).quantize(D("0.001")))
        self.exchange.place(self._somebody(dice), "spot", Submit(**order))

    def waiting_order(self, dice: Dice) -> None:
        """Stops and take-profits, trailing ones too."""
        self.exchange.place(self._somebody(dice), "spot", self._waiting(dice, dice.choice(SIDES)))

    def order_list(self, dice: Dice) -> None:
        """OCO, OTO, OTOCO."""
        account, side = self._somebody(dice), dice.choice(SIDES)
        quantity, kind = self._lots(dice, "spot", 80), dice.choice(("OCO", "OTO", "OTOCO"))
        other = SIDES[side == "BUY"]
        pair = self._bracket(dice, other if kind == "OTOCO" else side, quantity)
        working = Submit(**self._limited(dice, "spot", side, quantity))
        if kind == "OTO":
            legs = (working, Submit(**self._limited(dice, "spot", other, quantity)))
        else:
            legs = pair if kind == "OCO" else (working, *pair)
        listed = ListSubmit(symbol="BTCUSDT", kind="OCO" if kind == "OCO" else "OTO", legs=legs)
        self.exchange.spot.place_list(account, listed)

    def margin_order(self, dice: Dice) -> None:
        """Orders from the margin wallet, that may borrow and repay."""
        order = self._order(dice, "margin")
        order |= {"side_effect": dice.choice(SIDE_EFFECTS), "repay_at_cancel": dice.random() < 0.5}
        self.exchange.place(self._somebody(dice), "margin", Submit(**order))

    def futures_order(self, dice: Dice) -> None:
        """Orders of USD-M, in the mode of their account."""
        account, order = self._somebody(dice), self._order(dice, "um")
        if self.exchange.futures.settings.hedged(account):
            order["position_side"] = dice.choice(("LONG", "SHORT"))
        else:
            order["reduce_only"] = dice.random() < 0.25
        if order["type"] == "LIMIT" and dice.random() < 0.1:
            until = self.exchange.now_ms() + 700_000
            order |= {"time_in_force": "GTD", "terms": OrderTerms(good_till_ms=until)}
        self.exchange.place(account, "um", Submit(**order))

    def coin_order(self, dice: Dice) -> None:
        """Orders of COIN-M."""
        account, order = self._somebody(dice), self._order(dice, "cm", COIN)
        if self.exchange.desk("cm").settings.hedged(account):
            order["position_side"] = dice.choice(("LONG", "SHORT"))
        else:
            order["reduce_only"] = dice.random() < 0.25
        self.exchange.place(account, "cm", Submit(**order))

    def conditional(self, dice: Dice) -> None:
        """Conditional orders, placed and canceled; the countdown that cancels a silent client's orders."""
        account, market = self._somebody(dice), dice.choice(("um", "um", "cm"))
        desk, symbol = self.exchange.desk(market), COIN if market == "cm" else "BTCUSDT"
        what = dice.random()
        if what < 0.1:
            desk.count_down(account, symbol, dice.choice((0, 2000, 60_000)))
        elif what < 0.15:
            desk.cancel_algos(account, symbol)
        elif what < 0.35 and (open_ones := desk.open_algos(account, symbol)):
            desk.cancel_algo(account, dice.choice(open_ones).algo_id, None)
        else:
            desk.place_algo(self._algo(dice, account, market, symbol))

    def cancel(self, dice: Dice) -> None:
        """Cancel an order or a list."""
        account, market = self._somebody(dice), dice.choice(("spot", "spot", "margin", "um", "um", "cm"))
        if dice.random() < 0.1 and (lists := self.exchange.spot.open_lists(account)):
            number = dice.choice(lists).list_id
            self.exchange.spot.cancel_list(account, "BTCUSDT", list_id=number, client_id=None)
        elif (order := self._open_order(dice, account, market)) is not None:
            number = order.order_id
            self.exchange.cancel(account, market, order.symbol, order_id=number, client_order_id=None)

    def cancel_all(self, dice: Dice) -> None:
        """Cancel all orders of a symbol."""
        market = dice.choice(("spot", "margin", "um", "cm"))
        symbol = COIN if market == "cm" else "BTCUSDT"
        self.exchange.cancel_all(self._somebody(dice), market, symbol)

    def amend(self, dice: Dice) -> None:
        """Make a spot order smaller, or change one of USD-M or COIN-M."""
        account, market = self._somebody(dice), dice.choice(("spot", "um", "um", "cm"))
        if (order := self._open_order(dice, account, market)) is None:
            return
        if market == "spot":
            quantity = self._lots(dice, "spot", 200)
            self.exchange.spot.amend(
                account, order.symbol, order_id=order.order_id, client_id=None, new_client_id=None, quantity=quantity
            )  # fmt: skip
            return
        limited = self._limited(dice, market, order.side, self._lots(dice, market, 200), order.symbol)
        wanted = Amendment(
            symbol=order.symbol, side=order.side, quantity=limited["quantity"], price=limited["price"],
            order_id=order.order_id,
        )  # fmt: skip
        self.exchange.desk(market).amend(account, wanted)

    def replace(self, dice: Dice) -> None:
        """Cancel an order of spot and place another."""
        account = self._somebody(dice)
        if (order := self._open_order(dice, account, "spot")) is not None:
            which = Cancel(order_id=order.order_id)
            submit = Submit(**self._order(dice, "spot"))
            self.exchange.spot.replace(account, submit, which, go_on=dice.random() < 0.5)

    # --- money --------------------------------------------------------------------------------------------------
    def transfer(self, dice: Dice) -> None:
        """Move funds between wallets, or be given some."""
        account, asset = self._somebody(dice), dice.choice(("USDT", "USDT", "BTC", "BNB"))
        if dice.random() < 0.05:
            wallet = dice.choice(("spot", "um", "cm", "margin", "funding"))
            self.exchange.deposit(account, wallet, asset, D(dice.randint(1, 10**9)).scaleb(-8))
            return
        kind = "_".join(dice.sample(WALLETS, 2))
        self.exchange.transfer(account, kind, asset, D(dice.randint(1, 10**12)).scaleb(-8))

    def loan(self, dice: Dice) -> None:
        """Borrow or repay."""
        account, asset = self._somebody(dice), dice.choice(("USDT", "BTC", "BNB"))
        if dice.random() < 0.1:
            self.exchange.margin.set_interest_in_bnb(account, dice.random() < 0.5)
        elif dice.random() < 0.5:
            most, _ = self.exchange.margin.borrowable(account, asset)
            share = dice.choice((D("0.01"), D("0.3"), D(1), D("1.1")))
            self.exchange.margin.borrow(account, asset, (most * share).quantize(D("1E-8")))
        else:
            amount = D(dice.randint(1, 10**12 if asset == "USDT" else 10**7)).scaleb(-8)
            self.exchange.margin.repay(account, asset, amount)

    def isolated_margin(self, dice: Dice) -> None:
        """Give an isolated position margin or take some away."""
        account, kind = self._somebody(dice), dice.choice((1, 2))
        side = dice.choice(("BOTH", "BOTH", "LONG", "SHORT"))
        amount = D(dice.randint(1, 10**10)).scaleb(-8)
        self.exchange.futures.settings.change_margin(account, "BTCUSDT", side, amount, kind)

    # --- settings -----------------------------------------------------------------------------------------------
    def mode(self, dice: Dice) -> None:
        """Leverage, hedge mode, multi-assets mode, margin type."""
        account, on, what = self._somebody(dice), dice.random() < 0.5, dice.randrange(5)
        market = dice.choice(("um", "um", "cm"))
        settings, symbol = self.exchange.desk(market).settings, COIN if market == "cm" else "BTCUSDT"
        if what == 0:
            settings.set_hedged(account, on)
        elif what == 1 and market == "um":
            settings.set_joined(account, on)
        elif what == 2:
            settings.set_isolated(account, symbol, on)
        else:
            self.exchange.set_leverage(account, symbol, dice.choice((1, 5, 20, 75, 125)), market)

    def terms(self, dice: Dice) -> None:
        """Fee rates, fees in BNB, another account."""
        account, what = self._somebody(dice), dice.randrange(3)
        if what == 0:
            self.exchange.set_bnb_burn(account, spot=dice.random() < 0.5, um=dice.random() < 0.5)
        elif what == 1:
            rates = Rates(D(dice.randint(0, 20)).scaleb(-5), D(dice.randint(0, 60)).scaleb(-5))
            self.exchange.agree(account, Terms(fees={dice.choice(("spot", "um", "cm")): rates}))
        elif len(self.accounts) < MOST_ACCOUNTS:
            self._account(f"more{len(self.accounts)}")

    def rule(self, dice: Dice) -> None:
        """Faults of the world: other filters, a halt, another funding interval, orders that cannot be found yet."""
        market = dice.choice(("spot", "um", "cm"))
        symbol = COIN if market == "cm" else "BTCUSDT"
        what = dice.randrange(4)
        if what == 0 and market != "cm":
            self.exchange.change_rules(market, symbol, {"lot_size": D("0.01")})
        elif what == 1 and market != "spot":
            self.exchange.change_rules(market, symbol, {"interval_hours": dice.choice((1, 4))})
        elif what == 2:
            halted = "HALT" if market == "spot" else "SETTLING"
            self.exchange.change_rules(market, symbol, {"status": halted})
        self._lagging = not self._lagging and dice.random() < 0.2
        self.exchange.lag_ms = 500 if self._lagging else 0
        if what != 1 or dice.random() < 0.5:
            self.exchange.restore_rules(market, symbol)

    def deleverage(self, dice: Dice) -> None:
        """Close a part of a position as if somebody on the other side had gone bankrupt."""
        account = self._somebody(dice)
        for view in self.exchange.positions(account)[:1]:
            held = view.position
            lots = max(1, int(abs(held.quantity) / D("0.001")) // dice.randint(1, 4))
            self.exchange.futures.deleverage(account, held.symbol, held.position_side, D(lots).scaleb(-3))

    def time(self, dice: Dice) -> None:
        """Let time pass: fundings, fills of resting orders, liquidations, interest, deadlines."""
        self.exchange.advance(dice.choice(self._spans))

    # ------------------------------------------------------------------------------------------------------------
    def _open(self, clock: PaperClock) -> Exchange:
        exchange = Exchange(self._feed, clock, self._store, make_key=self._key)
        exchange.defer(lambda: None)
        return exchange

    def _key(self) -> tuple[str, str]:
        return f"{self._keys.getrandbits(256):064x}", f"{self._keys.getrandbits(256):064x}"

    def _account(self, name: str) -> None:
        self.accounts.append(self.exchange.create_account(name, Terms(funds=FULL_FUNDS)).account)

    def _somebody(self, dice: Dice) -> str:
        return dice.choice(self.accounts)

    def _lots(self, dice: Dice, market: str, most: int) -> Decimal:
        return D(LOTS[market]) * dice.randint(1, most)

    def _open_order(self, dice: Dice, account: str, market: str) -> OrderRecord | None:
        orders = self.exchange.open_orders(account, market, None)
        return dice.choice(orders) if orders else None

    def _price(self, market: str, symbol: str, tenths_of_bps: int) -> Decimal:
        last = self.exchange.last_price(market, symbol)
        return (last * (100_000 + tenths_of_bps) / 100_000).quantize(D("0.1"))

    def _limited(
        self, dice: Dice, market: str, side: str, quantity: Decimal, symbol: str = "BTCUSDT"
    ) -> dict[str, Any]:
        away = dice.randint(-60, 250) * (-1 if side == "BUY" else 1)
        return {
            "symbol": symbol,
            "side": side,
            "type": "LIMIT",
            "quantity": quantity,
            "price": self._price(market, symbol, away),
            "time_in_force": "GTC",
        }

    def _order(self, dice: Dice, market: str, symbol: str = "BTCUSDT") -> dict[str, Any]:
        side, quantity = dice.choice(SIDES), self._lots(dice, market, 200)
        order = self._limited(dice, market, side, quantity, symbol)
        order["time_in_force"] = dice.choice(("GTC", "GTC", "GTC", "GTC", "IOC", "FOK"))
        order["self_trade_prevention"] = dice.choice(PREVENTIONS)
        if dice.random() < 0.3:
            del order["price"], order["time_in_force"]
            order["type"] = "MARKET"
        return order

    def _waiting(self, dice: Dice, side: str, quantity: Decimal | None = None, type: str = "") -> Submit:
        kind = type or dice.choice(WAITING)
        up = (side == "BUY") == kind.startswith("STOP")  # whether it waits for a higher price
        stop = self._price("spot", "BTCUSDT", dice.randint(1, 200) * (1 if up else -1))
        order: dict[str, Any] = {
            "symbol": "BTCUSDT", "side": side, "type": kind, "stop_price": stop,
            "quantity": quantity or self._lots(dice, "spot", 100),
        }  # fmt: skip
        if kind.endswith("LIMIT"):
            order |= {"price": stop, "time_in_force": "GTC"}
        if not type and dice.random() < 0.2:
            order["trailing_delta"] = dice.randint(10, 300)
        return Submit(**order)

    def _bracket(self, dice: Dice, side: str, quantity: Decimal) -> tuple[Submit, Submit]:
        kind = dice.choice(("STOP_LOSS", "STOP_LOSS_LIMIT"))
        limit = self._price("spot", "BTCUSDT", dice.randint(20, 300) * (-1 if side == "BUY" else 1))
        maker = Submit(symbol="BTCUSDT", side=side, type="LIMIT_MAKER", quantity=quantity, price=limit)
        return self._waiting(dice, side, quantity, kind), maker

    def _algo(self, dice: Dice, account: str, market: str, symbol: str) -> AlgoRecord:
        side, kind = dice.choice(SIDES), dice.choice(ALGOS)
        hedged = self.exchange.desk(market).settings.hedged(account)
        up = (side == "BUY") == kind.startswith("STOP")
        trigger = self._price(market, symbol, dice.randint(1, 200) * (1 if up else -1))
        closing = kind.endswith("MARKET") and kind != TRAILING and dice.random() < 0.2
        trailing = kind == TRAILING
        return AlgoRecord(
            account=account, algo_id=0, client_algo_id="", symbol=symbol, side=side, type=kind,
            position_side=dice.choice(("LONG", "SHORT")) if hedged else "BOTH",
            quantity=D(0) if closing else self._lots(dice, market, 200),
            price=trigger if kind in ("STOP", "TAKE_PROFIT") else D(0),
            trigger_price=D(0) if trailing else trigger,
            callback_rate=D(dice.randint(1, 50)) / 10 if trailing else D(0),
            working_type=dice.choice(("MARK_PRICE", "CONTRACT_PRICE")),
            close_position=closing,
            reduce_only=not hedged and not closing and dice.random() < 0.3,
        )  # fmt: skip
