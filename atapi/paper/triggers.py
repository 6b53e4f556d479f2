"""When conditional orders trigger, and what they become.

Assumes: prices are looked at on whole seconds. A trailing order follows the best of them since it became active. The
order that comes of a trigger meets the crowd as it quotes in that second.
"""

from __future__ import annotations

from decimal import Decimal

from atapi.paper.algo_book import AlgoBook
from atapi.paper.algos import LIMITED, MARK_PRICE, STOPS, TRAILING, AlgoRecord
from atapi.paper.lookout import Lookout, Range
from atapi.paper.marks import Marks
from atapi.paper.order_terms import PLAIN
from atapi.paper.prices import Prices
from atapi.paper.records import Refusal
from atapi.paper.um_market import UmMarket
from atapi.paper.views import Submit

TRIGGER_PROTECT = Decimal("0.05")  # widest gap between last and mark price that a protected order triggers in
HUNDRED = Decimal(100)
PROTECTED = "The gap between last price and mark price is wider than the symbol allows."
NOTHING_TO_CLOSE = "ReduceOnly Order is rejected."


class Triggers:
    """A source of the timeline: turns conditional orders into orders."""

    def __init__(
        self, lookout: Lookout, prices: Prices, marks: Marks, algos: AlgoBook, market: UmMarket
    ) -> None:
        self._lookout = lookout
        self._prices = prices
        self._marks = marks
        self._algos = algos
        self._market = market
        self._hits: dict[int, int] = {}  # algo id -> when it will trigger: found, not yet come

    def price(self, algo: AlgoRecord, now_ms: int) -> Decimal | None:
        """Tell the price that a conditional order looks at."""
        if algo.working_type == MARK_PRICE:
            return self._marks.at(algo.symbol, now_ms)
        return self._prices.last(self._market.series, algo.symbol, now_ms)

    def next_ms(self, after_ms: int, until_ms: int) -> int | None:
        """Tell when the next one triggers."""
        first: int | None = None
        for algo in self._algos.waiting():
            hit = self._find(algo, after_ms, until_ms)
            if hit is not None and hit <= until_ms and (first is None or hit < first):
                first = hit
        return first

    def happen(self, at_ms: int) -> None:
        """Trigger those whose moment it is, oldest first."""
        for algo in self._algos.waiting():
            if self._hits.get(algo.algo_id) == at_ms:
                del self._hits[algo.algo_id]
                self._trigger(algo, at_ms)

    # ------------------------------------------------------------------------------------------------------------
    def _find(self, algo: AlgoRecord, after_ms: int, until_ms: int) -> int | None:
        """Look on from where this one was last looked at; prices do not change, so what was found stays found."""
        hit = self._hits.get(algo.algo_id)
        if hit is not None or algo.seen_ms >= until_ms:
            return hit

        def reached(open_ms: int, size_ms: int) -> bool | None:
            span = self._range(algo, open_ms, size_ms, until_ms)
            return None if span is None else could_matter(algo, span)

        before = (algo.active, algo.extreme)
        for moment in self._lookout.seconds(max(after_ms, algo.seen_ms), until_ms, reached):
            price = self.price(algo, moment)
            if price is not None and triggers(algo, price):
                hit = self._hits[algo.algo_id] = moment
                break
        algo.seen_ms = until_ms if hit is None else hit
        if algo.active != before[0]:
            self._algos.activated(algo)
        elif algo.extreme != before[1]:
            self._algos.remember(algo)
        return hit

    def _range(self, algo: AlgoRecord, open_ms: int, size_ms: int, until_ms: int) -> Range | None:
        look = self._lookout.mark if algo.working_type == MARK_PRICE else self._lookout.contract
        return look(algo.symbol, open_ms, size_ms, until_ms)

    def _trigger(self, algo: AlgoRecord, now_ms: int) -> None:
        self._algos.begin_trigger(algo, now_ms)
        if algo.price_protect and self._gap(algo.symbol, now_ms) > TRIGGER_PROTECT:
            self._algos.end(algo, "REJECTED", PROTECTED, now_ms)
            return
        quantity = algo.quantity
        if algo.close_position:
            quantity = abs(self._market.positions.quantity(algo.account, algo.symbol, algo.position_side))
        try:
            if not quantity:
                raise Refusal(-2022, NOTHING_TO_CLOSE)
            draft = self._market.judge(algo.account, as_order(algo, quantity), now_ms)
        except Refusal as refusal:
            self._algos.end(algo, "REJECTED", refusal.message, now_ms)
            return
        self._market.register(draft.order)
        self._algos.triggered(algo, draft.order, now_ms)
        self._market.enter(draft, now_ms)

    def _gap(self, symbol: str, now_ms: int) -> Decimal:
        mark, last = self._marks.at(symbol, now_ms), self._prices.last(self._market.series, symbol, now_ms)
        return Decimal(0) if not mark or last is None else abs(mark - last) / mark


def triggers(algo: AlgoRecord, price: Decimal) -> bool:
    """Show a conditional order a price; a trailing one remembers it."""
    buys = algo.side == "BUY"
    if algo.type != TRAILING:
        upward = buys == (algo.type in STOPS)
        return price >= algo.trigger_price if upward else price <= algo.trigger_price
    if not algo.active:
        wanted = algo.activate_price
        if wanted is not None and (price > wanted if buys else price < wanted):
            return False
        algo.active, algo.extreme = True, price
    algo.extreme = min(algo.extreme, price) if buys else max(algo.extreme, price)
    turn = algo.extreme * (1 + (algo.callback_rate if buys else -algo.callback_rate) / HUNDRED)
    return price >= turn if buys else price <= turn


def could_matter(algo: AlgoRecord, span: Range) -> bool:
    """Whether a price in a range could trigger a conditional order, or be remembered by it."""
    buys = algo.side == "BUY"
    if algo.type != TRAILING:
        upward = buys == (algo.type in STOPS)
        return span.high >= algo.trigger_price if upward else span.low <= algo.trigger_price
    if not algo.active:
        wanted = algo.activate_price
        return wanted is None or (span.low <= wanted if buys else span.high >= wanted)
    rate = algo.callback_rate / HUNDRED
    if buys:
        return span.low < algo.extreme or span.high >= algo.extreme * (1 + rate)
    return span.high > algo.extreme or span.low <= algo.extreme * (1 - rate)


def as_order(algo: AlgoRecord, quantity: Decimal) -> Submit:
    """Write the order that a conditional one becomes; it carries its client id."""
    limited = algo.type in LIMITED
    force = {"GTE_GTC": "GTC"}.get(algo.time_in_force, algo.time_in_force)
    hedged = algo.position_side != "BOTH"
    return Submit(
        symbol=algo.symbol,
        side=algo.side,
        type="LIMIT" if limited else "MARKET",
        quantity=quantity,
        price=algo.price if limited and algo.price_match == "NONE" else None,
        time_in_force=force if limited else None,
        client_order_id=algo.client_algo_id,
        reduce_only=None if hedged else algo.closes,
        position_side=algo.position_side,
        self_trade_prevention=algo.self_trade_prevention,
        terms=PLAIN.but(
            good_till_ms=algo.good_till_ms, price_match=algo.price_match, close_position=algo.close_position
        ),
    )
