"""Takes conditional orders in: which parameters fit together, and whether one would trigger at once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from atapi.matching.filters import Candidate, breach_of_um
from atapi.paper.algo_book import GTE, AlgoBook
from atapi.paper.algos import LIMITED, TRAILING, TYPES, AlgoRecord
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.ids import Ids, client_order_id
from atapi.paper.listing import Listing
from atapi.paper.records import ZERO, Refusal
from atapi.paper.triggers import Triggers, as_order, triggers
from atapi.paper.um_market import UmMarket, check_life

MOST = 200  # of an account over all symbols
LEAST_RATE, MOST_RATE = Decimal("0.1"), Decimal(20)  # percent
FROM_TRIGGER = {  # a limit price is held against the trigger price, where an order's is against the mark
    -4016: (-4183, "Price is higher than stop price multiplier cap."),
    -4024: (-4184, "Price is lower than stop price multiplier floor."),
}
NO_POSITION = "Time in Force (TIF) GTE can only be used with open positions. Please ensure that positions are available."


class AlgoDesk:
    """The way in."""

    def __init__(self, market: UmMarket, algos: AlgoBook, looks: Triggers, ids: Ids) -> None:
        self._market = market
        self._algos = algos
        self._looks = looks
        self._ids = ids

    def place(self, algo: AlgoRecord, now_ms: int) -> AlgoRecord:
        """Judge a conditional order that has no id yet, and keep it. No margin is asked for until it triggers.

        Raises:
            Refusal: As Binance's.
        """
        self._judge(algo, self._market.quoted(algo.symbol, now_ms), now_ms)
        number = self._ids.next("algo")
        return self._algos.add(
            replace(
                algo,
                algo_id=number,
                client_algo_id=algo.client_algo_id or client_order_id("algo", number),
                created_ms=now_ms,
                updated_ms=now_ms,
                seen_ms=now_ms,
                active=algo.active,
            )
        )

    def _judge(self, algo: AlgoRecord, listing: Listing[PerpetualRules], now_ms: int) -> None:
        mark = self._market.mark(algo.symbol, now_ms)
        if listing.rules.status != "TRADING" or mark is None:
            raise Refusal(-4140, "Invalid symbol status for opening position")
        open_orders = self._algos.open(algo.account)
        if len(open_orders) >= MOST:
            raise Refusal(-4045, "Reach max stop order limit.")
        if algo.client_algo_id in [other.client_algo_id for other in open_orders if other.client_algo_id]:
            raise Refusal(-4116, "ClientOrderId is duplicated.")
        check_life(algo.time_in_force, algo.good_till_ms, now_ms)
        _check_form(algo)
        self._market.check_mode(algo.account, as_order(algo, algo.quantity))
        self._check_filters(algo, listing.rules, mark)
        flat = not self._market.positions.quantity(algo.account, algo.symbol, algo.position_side)
        if algo.time_in_force == GTE and flat:
            raise Refusal(-4509, NO_POSITION)
        self._check_moment(algo, now_ms)

    def _check_filters(self, algo: AlgoRecord, rules: PerpetualRules, mark: Decimal) -> None:
        for price in (algo.trigger_price, algo.activate_price or ZERO):
            if price:
                self._check_price(rules, price)
        if algo.close_position:
            return
        limited = algo.type in LIMITED and algo.price_match == "NONE"
        breach = breach_of_um(
            rules,
            Candidate(
                side=algo.side,
                price=algo.price if limited else None,
                quantity=algo.quantity,
                reference=algo.trigger_price or mark,  # what it will be judged at is not known yet
                open_orders=0,
                reduce_only=algo.closes,
            ),
        )
        if breach is not None:
            raise Refusal(*FROM_TRIGGER.get(breach.code, breach))

    def _check_price(self, rules: PerpetualRules, price: Decimal) -> None:
        if price < rules.tick_size:
            raise Refusal(-4013, "Price less than min price.")
        if price % rules.tick_size:
            raise Refusal(-4014, "Price not increased by tick size.")

    def _check_moment(self, algo: AlgoRecord, now_ms: int) -> None:
        price = self._looks.price(algo, now_ms)
        if price is None:
            raise Refusal(-4140, "Invalid symbol status for opening position")
        if algo.type != TRAILING:
            if triggers(algo, price):
                raise Refusal(-2021, "Order would immediately trigger.")
            return
        wanted = algo.activate_price
        if wanted is not None and (wanted >= price if algo.side == "BUY" else wanted <= price):
            raise Refusal(-2021, "Order would immediately trigger.")
        triggers(algo, price)  # one that is active at once begins here


def _check_form(algo: AlgoRecord) -> None:
    if algo.type not in TYPES:
        raise Refusal(-1116, "Invalid orderType.")
    if algo.close_position:
        if algo.type in LIMITED or algo.type == TRAILING:
            raise Refusal(-4136, f"Target strategy invalid for orderType {algo.type},closePosition true")
        if algo.quantity:
            raise Refusal(-4137, "Quantity must be zero with closePosition equals true")
        if algo.reduce_only:
            raise Refusal(-1106, "Parameter 'reduceonly' sent when not required.")
        if (algo.position_side, algo.side) in (("LONG", "BUY"), ("SHORT", "SELL")):
            raise Refusal(-4061, "Order's position side does not match user's setting.")
    if algo.type == TRAILING and not LEAST_RATE <= algo.callback_rate <= MOST_RATE:
        raise Refusal(-2007, "Invalid callBack rate")
