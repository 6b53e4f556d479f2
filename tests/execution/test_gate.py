"""The last gate against orders that mean harm, reckoned by a second, plainer arithmetic."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from atapi.domain.caps import Caps
from atapi.domain.instruments import Market
from atapi.domain.orders import Amendment, Fill, OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.errors import Refused
from atapi.execution.effects import Attempt, AttemptState
from atapi.execution.gate import LastGate, Want
from atapi.execution.halt import Halt
from atapi.execution.ids import client_order_id
from atapi.execution.journal import Journal
from atapi.execution.past import Key
from atapi.execution.quotes import Quotes
from tests.fakes import D, FakeFutures, FakeSpot, by_symbol, perpetual, quote, spot_instrument

START = datetime(2026, 1, 1, 22, tzinfo=UTC)
SYMBOLS = {"BTCUSDT": ("90000", "90009"), "ETHUSDT": ("3000", "3001"), "DUSTUSDT": ("0.001", "0.0011")}
CAPS = Caps(
    max_order=D(1000),
    max_minute=D(5000),
    max_orders_minute=D(60),
    max_day=D(200_000),
    max_symbol=D(3000),
    max_account=D(8000),
    max_day_loss=D("0.02"),
    max_leverage=D(3),
)


@dataclass
class Bench:
    """A gate on a bench: time, limits and the kill switch are moved by hand."""

    journal: Journal
    caps: Caps = CAPS
    halt: Halt | None = None
    elapsed_s: float = 0.0
    gate: LastGate = field(init=False)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 100_000)))

    def __post_init__(self) -> None:
        listed = [
            spot_instrument("ETHBTC", quote="BTC"),
            spot_instrument("BTCEUR", quote="EUR"),
            *map(spot_instrument, SYMBOLS),
        ]
        quotes = {name: quote(name, *prices) for name, prices in SYMBOLS.items()}
        crosses = {"ETHBTC": quote("ETHBTC", "0.03", "0.03"), "BTCEUR": quote("BTCEUR", "80000", "80000")}
        spot = FakeSpot(listed=by_symbol(listed), quotes=quotes | crosses)
        futures = FakeFutures(listed=by_symbol(list(map(perpetual, SYMBOLS))), quotes=quotes)
        self.gate = LastGate(
            caps=lambda: self.caps,
            halted=lambda: self.halt,
            quotes=Quotes({Market.SPOT: spot, Market.UM: futures}, lambda: self.elapsed_s),
            now=self.now,
            elapsed_s=lambda: self.elapsed_s,
        )

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed_s)

    def intent(self, quantity: str | None = None) -> int:
        terms = {} if quantity is None else {"quantity": quantity}
        intent_id = self.journal.create_intent(None, "order", terms, self.now())
        self.gate.expect(self.journal, intent_id)
        return intent_id

    def attempt(
        self, intent_id: int, quantity: str, *, side: Side = Side.BUY, symbol: str = "BTCUSDT", price: str | None = None,
        market: Market = Market.SPOT, reducing: bool = False, reduce_only: bool = False, leg: LegName = LegName.ORDER,
    ) -> Attempt:  # fmt: skip
        number = next(self.numbers)
        return Attempt(
            intent_id=intent_id,
            leg=leg,
            number=number,
            state=AttemptState.SENDING,
            request=OrderRequest(
                market=market,
                symbol=symbol,
                side=side,
                type=OrderType.MARKET if price is None else OrderType.LIMIT,
                quantity=D(quantity),
                price=None if price is None else D(price),
                time_in_force=None if price is None else TimeInForce.IOC,
                reducing=reducing,
                reduce_only=reduce_only,
                client_order_id=client_order_id("test", intent_id, leg, number),
            ),
        )

    def send(self, attempt: Attempt) -> None:
        """Let it out, written down first as the driver does."""
        self.gate.follow(attempt)
        self.gate.admit(attempt.request)

    def end(
        self, attempt: Attempt, state: AttemptState = AttemptState.FILLED, executed: str | None = None
    ) -> None:
        quantity = attempt.request.quantity if executed is None else D(executed)
        self.gate.follow(replace(attempt, state=state, executed=quantity, order_id="1"))

    def trade(self, intent_id: int, quantity: str, **how: object) -> None:
        """Let an order out that fills at once."""
        attempt = self.attempt(intent_id, quantity, **how)  # type: ignore[arg-type]
        self.send(attempt)
        self.end(attempt)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "journal.db", {"network": "paper"}, seed=b"gate")
    yield made
    made.close()


@pytest.fixture
def bench(journal: Journal) -> Bench:
    return Bench(journal)


def refused(bench: Bench, attempt: Attempt) -> tuple[str, str | None]:
    """Tell why an order may not leave, and the hint."""
    with pytest.raises(Refused) as caught:
        bench.send(attempt)
    bench.end(attempt, AttemptState.REJECTED, "0")
    return caught.value.message, caught.value.hint


def test_an_order_over_the_limit_is_refused_with_what_would_let_it_out(bench: Bench) -> None:
    intent = bench.intent()

    said = refused(bench, bench.attempt(intent, "0.02"))

    assert said == ("1800.18 USDT is over the order limit of 1000 USDT", "limits set max-order 1801usdt")
    bench.trade(intent, "0.011")  # 0.011 * 90009 = 990.099


@pytest.mark.parametrize(
    ("side", "price", "worth"),
    [
        (Side.BUY, None, "90.009"),  # at market: the ask
        (Side.BUY, "90100", "90.009"),  # a cap on slippage: still the ask
        (Side.BUY, "95000", "95"),  # further beyond: what it may really pay
        (Side.BUY, "50000", "50"),  # rests
        (Side.SELL, None, "90"),
        (Side.SELL, "1", "90"),  # would sell at the bid, not for 1
        (Side.SELL, "99000", "99"),
    ],
)
def test_an_order_is_judged_by_what_it_may_come_to(
    bench: Bench, side: Side, price: str | None, worth: str
) -> None:
    intent = bench.intent()

    bench.trade(intent, "0.001", side=side, price=price)

    assert bench.gate.used().day == D(worth)


def test_a_symbol_quoted_in_another_asset_is_judged_in_usdt(bench: Bench) -> None:
    bench.trade(bench.intent(), "0.1", symbol="ETHBTC")

    assert bench.gate.used().day == D("0.1") * D("0.03") * 90009


def test_limits_of_a_minute_end_with_it(bench: Bench) -> None:
    intent = bench.intent()
    bench.caps = replace(CAPS, max_minute=D(2000), max_symbol=D(10_000))
    bench.trade(intent, "0.011")
    bench.elapsed_s += 1
    bench.trade(intent, "0.011")

    message, _ = refused(bench, bench.attempt(intent, "0.011"))
    bench.elapsed_s += 59

    assert message == "2970.3 USDT within a minute is over the limit of 2000 USDT"
    bench.trade(intent, "0.011")


def test_the_number_of_orders_in_a_minute_is_limited(bench: Bench) -> None:
    intent = bench.intent()
    for _ in range(60):
        bench.trade(intent, "0.001", symbol="DUSTUSDT")

    said = refused(bench, bench.attempt(intent, "0.001", symbol="DUSTUSDT"))

    assert said == (
        "61 orders within a minute is over the limit of 60 orders",
        "limits set max-orders-minute 61",
    )
    bench.trade(intent, "0.001", symbol="DUSTUSDT", side=Side.SELL, reducing=True)  # what reduces passes


def test_no_order_of_any_kind_passes_the_backstop(bench: Bench) -> None:
    intent = bench.intent()
    for _ in range(6000):
        bench.trade(intent, "0.001", reducing=True)

    message, _ = refused(bench, bench.attempt(intent, "0.001", reducing=True))

    assert message == "6000 orders left within a minute; none of any kind leaves now"


def test_the_limit_of_a_day_ends_at_midnight(bench: Bench) -> None:
    intent = bench.intent()
    bench.caps = replace(CAPS, max_day=D(1500))
    bench.trade(intent, "0.011")

    message, _ = refused(bench, bench.attempt(intent, "0.011"))
    bench.elapsed_s = 2 * 3600

    assert message == "1980.2 USDT today is over the limit of 1500 USDT"
    bench.trade(intent, "0.011")


def test_what_is_open_is_limited_by_symbol_and_in_all(bench: Bench) -> None:
    intent = bench.intent()
    for _ in range(3):
        bench.trade(intent, "0.011", market=Market.UM, side=Side.SELL)

    in_symbol, _ = refused(
        bench, bench.attempt(intent, "0.001", market=Market.UM, side=Side.SELL, price="90900")
    )
    bench.caps = replace(CAPS, max_account=D(3000))
    in_all, _ = refused(bench, bench.attempt(intent, "0.01", symbol="ETHUSDT"))

    assert in_symbol == "3060.9 USDT in BTCUSDT on um is over the limit of 3000 USDT"
    assert in_all == "3000.01 USDT open in all is over the limit of 3000 USDT"


def test_what_was_closed_is_open_no_more(bench: Bench) -> None:
    intent = bench.intent()
    bench.trade(intent, "0.02", symbol="ETHUSDT")

    bench.trade(intent, "0.015", symbol="ETHUSDT", side=Side.SELL, reducing=True)

    assert bench.gate.used().symbol == D("0.005") * 3001


def test_selling_coins_from_elsewhere_makes_no_room(bench: Bench) -> None:
    intent = bench.intent()
    bench.trade(intent, "0.5", symbol="ETHUSDT", side=Side.SELL, reducing=True)

    bench.trade(intent, "0.3", symbol="ETHUSDT")

    assert bench.gate.used().symbol == D("0.3") * 3001


def test_an_order_counts_in_full_until_it_ended_and_then_what_it_executed(bench: Bench) -> None:
    intent = bench.intent()
    attempt = bench.attempt(intent, "0.2", symbol="ETHUSDT", price="2000")
    bench.send(attempt)
    out = bench.gate.used()

    bench.end(attempt, AttemptState.PARTIAL, "0.05")

    assert (out.symbol, out.account) == (D(400), D(400))
    assert (bench.gate.used().symbol, bench.gate.used().day) == (D(100), D(400))


def test_a_halt_stops_what_adds_risk_and_nothing_else(bench: Bench) -> None:
    intent = bench.intent()
    bench.halt = Halt(
        since=START.replace(hour=7, minute=12), why="day loss 2.1% over 2.0%", file=Path("HALT")
    )

    said = refused(bench, bench.attempt(intent, "0.001"))

    assert said == ("trading is halted since 07:12 UTC: day loss 2.1% over 2.0%", "limits resume")
    bench.trade(intent, "50", market=Market.UM, reduce_only=True)
    bench.trade(intent, "50", side=Side.SELL, reducing=True)


def test_an_order_leaves_once_and_only_as_it_was_written_down(bench: Bench) -> None:
    attempt = bench.attempt(bench.intent(), "0.001")
    bench.gate.follow(attempt)

    for request in (
        replace(attempt.request, quantity=D("0.002")),
        replace(attempt.request, client_order_id="x"),
    ):
        with pytest.raises(Refused, match="not what the journal holds"):
            bench.gate.admit(request)
    bench.gate.admit(attempt.request)

    with pytest.raises(Refused, match="has left before"):
        bench.gate.admit(attempt.request)


def test_what_goes_out_never_exceeds_what_was_meant(bench: Bench) -> None:
    intent = bench.intent("0.01")
    first = bench.attempt(intent, "0.01")
    bench.send(first)

    while_out, _ = refused(bench, bench.attempt(intent, "0.001", reducing=True))
    bench.end(first, AttemptState.PARTIAL, "0.004")
    rest = bench.attempt(intent, "0.007")
    too_much, _ = refused(bench, rest)

    assert (
        while_out
        == f"order {client_order_id('test', intent, 'o', 2)} would make it 0.011 BTCUSDT, its intent means 0.01"
    )
    assert too_much.endswith("would make it 0.011 BTCUSDT, its intent means 0.01")
    bench.trade(intent, "0.006")


def test_a_spread_may_buy_its_spot_net_of_the_fee_and_no_more(bench: Bench) -> None:
    terms = {"quantity": "0.2", "base_fee": "0.001"}
    spread_id = bench.journal.create_spread(SPREAD)
    intent = bench.journal.create_intent(spread_id, "open", terms, START)
    bench.gate.expect(bench.journal, intent)

    message, _ = refused(bench, bench.attempt(intent, "0.20063", symbol="ETHUSDT", leg=LegName.SPOT_ENTRY))
    other_leg, _ = refused(bench, bench.attempt(intent, "0.001", symbol="ETHUSDT", leg=LegName.PERP_EXIT))

    assert "its intent means 0.2006" in message  # 0.2 / 0.997 and two lots of 0.00001
    assert other_leg.endswith("its intent means 0")
    bench.trade(intent, "0.20062", symbol="ETHUSDT", leg=LegName.SPOT_ENTRY)


SPREAD = Spread(
    spread_id=0, symbol="ETHUSDT", spot_symbol="ETHUSDT", base_asset="ETH", quote_asset="USDT", multiplier=D(1),
    state=SpreadState.PLANNED, tag="", created_at=START,
)  # fmt: skip


def test_no_more_is_taken_back_than_went_out(bench: Bench) -> None:
    intent = bench.journal.create_intent(
        bench.journal.create_spread(SPREAD), "open", {"quantity": "0.2", "base_fee": "0"}, START
    )
    bench.gate.expect(bench.journal, intent)
    perp = {"symbol": "ETHUSDT", "market": Market.UM}
    bench.trade(intent, "0.15", **perp, side=Side.SELL, leg=LegName.PERP_ENTRY)

    message, _ = refused(
        bench,
        bench.attempt(
            intent, "0.16", symbol="ETHUSDT", market=Market.UM, reduce_only=True, leg=LegName.UNWIND
        ),
    )

    assert message.endswith("its intent means 0.15")
    bench.trade(intent, "0.15", **perp, reduce_only=True, leg=LegName.UNWIND)


def test_what_was_taken_back_while_closing_may_be_closed_again(bench: Bench) -> None:
    terms = {"perp_quantity": "0.2", "spot_quantity": "0.2"}
    intent = bench.journal.create_intent(bench.journal.create_spread(SPREAD), "close", terms, START)
    bench.gate.expect(bench.journal, intent)
    exit_leg = {"symbol": "ETHUSDT", "market": Market.UM, "reduce_only": True, "leg": LegName.PERP_EXIT}
    bench.trade(intent, "0.2", **exit_leg)
    refused(
        bench,
        bench.attempt(
            intent, "0.05", symbol="ETHUSDT", market=Market.UM, reduce_only=True, leg=LegName.PERP_EXIT
        ),
    )

    bench.trade(
        intent, "0.05", symbol="ETHUSDT", market=Market.UM, side=Side.SELL, reducing=True, leg=LegName.UNWIND
    )

    bench.trade(intent, "0.05", **exit_leg)


def test_an_order_of_no_intent_does_not_leave(bench: Bench) -> None:
    assert "belongs to no intent" in refused(bench, bench.attempt(77, "0.001"))[0]


def changed(attempt: Attempt, quantity: str, price: str) -> Amendment:
    request = attempt.request
    return Amendment(
        market=request.market,
        symbol=request.symbol,
        side=request.side,
        client_order_id=request.client_order_id,
        quantity=D(quantity),
        price=D(price),
    )


def test_a_change_is_judged_by_what_the_order_becomes_and_counts_what_it_adds(bench: Bench) -> None:
    resting = bench.attempt(bench.intent(), "0.01", price="50000")
    bench.send(resting)

    with pytest.raises(Refused, match="1100 USDT is over the order limit"):
        bench.gate.admit_change(changed(resting, "0.02", "55000"))
    bench.gate.admit_change(changed(resting, "0.015", "60000"))

    used = bench.gate.used()
    assert (used.day, used.symbol, used.orders) == (900, 900, 2)


def test_a_change_to_less_frees_nothing_before_the_order_has_ended(bench: Bench) -> None:
    resting = bench.attempt(bench.intent(), "0.01", price="50000")
    bench.send(resting)

    bench.gate.admit_change(changed(resting, "0.001", "50000"))

    assert bench.gate.used().symbol == 500


def test_an_order_that_is_not_ours_is_changed_within_the_limits_too(bench: Bench) -> None:
    foreign = bench.attempt(bench.intent(), "0.01", price="50000")

    with pytest.raises(Refused, match="1100 USDT is over the order limit"):
        bench.gate.admit_change(changed(foreign, "0.02", "55000"))


def test_what_the_venue_took_away_is_open_no_more(bench: Bench) -> None:
    bench.trade(bench.intent(), "0.01", market=Market.UM, side=Side.SELL)
    fill = Fill(
        market=Market.UM, symbol="BTCUSDT", trade_id="9", order_id="7", side=Side.BUY, price=D(95000),
        quantity=D("0.004"), fee=D(0), fee_asset="USDT", realized=None, maker=False, at=START,
    )  # fmt: skip

    bench.gate.adopt([fill])

    assert bench.gate.used().symbol == D("0.006") * 90000


def test_what_was_traded_twice_is_open_twice(bench: Bench) -> None:
    bench.trade(bench.intent(), "0.01", market=Market.UM, side=Side.SELL)
    again = Fill(
        market=Market.UM, symbol="BTCUSDT", trade_id="9", order_id="7", side=Side.SELL, price=D(90000),
        quantity=D("0.01"), fee=D(0), fee_asset="USDT", realized=None, maker=False, at=START,
    )  # fmt: skip

    bench.gate.adopt([again])

    assert bench.gate.used().symbol == 1800


def test_orders_are_foreseen_together_and_count_nothing(bench: Bench) -> None:
    bench.caps = replace(CAPS, max_minute=D(1500))
    wants = [Want(Key(Market.SPOT, "BTCUSDT"), D(900)), Want(Key(Market.UM, "BTCUSDT"), D(900))]

    with pytest.raises(Refused, match="1800 USDT within a minute"):
        bench.gate.foresee(wants)

    assert bench.gate.used().orders == 0


def test_a_restart_forgets_nothing(bench: Bench) -> None:
    intent = bench.intent()
    sent = [
        bench.attempt(intent, "0.01"),
        bench.attempt(intent, "0.1", symbol="ETHUSDT", side=Side.SELL, market=Market.UM, price="3000"),
        bench.attempt(intent, "0.2", symbol="ETHUSDT", price="2000"),
    ]
    for attempt in sent:
        bench.journal.write_attempt(attempt, bench.now())
        bench.send(attempt)
    for attempt in sent[:2]:
        bench.journal.write_attempt(
            replace(attempt, state=AttemptState.FILLED, executed=attempt.request.quantity, order_id="1"),
            bench.now(),
        )
        bench.end(attempt)
    never_left = replace(
        bench.attempt(intent, "9"), state=AttemptState.REJECTED, reason="over the order limit"
    )
    bench.journal.write_attempt(never_left, bench.now())
    before = bench.gate.used()

    again = bench.gate.twin(bench.journal)

    assert again.used().orders == before.orders == 3
    assert (
        again.used().minute == before.minute - D("0.01") * 90009
    )  # at market, of which no fill tells the price
    with pytest.raises(Refused, match=r"belongs to no intent|has left before"):
        again.admit(sent[2].request)


def test_what_another_process_sent_meanwhile_is_counted_once_the_right_to_write_comes_back(
    bench: Bench,
) -> None:
    bench.trade(bench.intent(), "0.001")
    theirs = bench.attempt(bench.journal.create_intent(None, "order", {}, bench.now()), "0.01", price="90000")
    bench.journal.write_attempt(replace(theirs, state=AttemptState.RESTING, order_id="2"), bench.now())

    bench.gate.renew()
    bench.intent()

    assert bench.gate.used().symbol == 900


def test_what_an_order_came_to_is_counted_once(bench: Bench) -> None:
    intent = bench.intent("0.01")
    attempt = bench.attempt(intent, "0.01")
    bench.send(attempt)

    for _ in range(2):
        bench.end(attempt, AttemptState.PARTIAL, "0.004")

    assert bench.gate.used().symbol == D("0.004") * 90009
    assert "would make it 0.011" in refused(bench, bench.attempt(intent, "0.007"))[0]


def test_a_restart_sorts_what_left_by_minute_and_day(bench: Bench) -> None:
    intent = bench.intent()
    for number, hours_ago in enumerate((30, 21, 1), start=1):
        old = bench.attempt(intent, "0.001", price="90000")
        bench.journal.write_attempt(old, START - timedelta(hours=hours_ago))
        filled = replace(old, state=AttemptState.FILLED, executed=D("0.001"), order_id=str(number))
        bench.journal.write_attempt(filled, START)
    reducing = bench.attempt(intent, "0.001", side=Side.SELL, reducing=True)
    bench.journal.write_attempt(reducing, START)

    used = bench.gate.twin(bench.journal).used()

    assert (used.orders, used.minute) == (1, 0)
    assert used.day == 180  # yesterday's is not of today


def test_an_order_that_is_out_and_reduces_leaves_what_is_open_as_it_is(bench: Bench) -> None:
    intent = bench.intent()
    bench.trade(intent, "0.01")
    selling = bench.attempt(intent, "0.01", side=Side.SELL, price="90100", reducing=True)
    bench.send(selling)

    out = bench.gate.used().symbol
    bench.gate.admit_change(changed(selling, "0.005", "90100"))
    bench.gate.follow(replace(selling, state=AttemptState.RESTING, order_id="1"))

    assert out == bench.gate.used().symbol == D("0.01") * 90009


def test_an_order_of_an_intent_long_past_is_followed_to_its_end(bench: Bench) -> None:
    resting = bench.attempt(bench.intent(), "0.01", price="50000")
    bench.send(resting)
    for _ in range(70):
        bench.intent()

    bench.end(resting)

    assert bench.gate.used().symbol == 500


def test_without_a_journal_nothing_is_used(bench: Bench) -> None:
    assert bench.gate.twin(None).used().orders == 0


def test_what_has_no_price_does_not_leave(bench: Bench) -> None:
    intent = bench.intent()

    no_symbol, _ = refused(bench, bench.attempt(intent, "1", symbol="NOPEUSDT"))
    no_rate, _ = refused(bench, bench.attempt(intent, "1", symbol="BTCEUR"))

    assert no_symbol == "NOPEUSDT has no price on spot to judge an order by"
    assert no_rate == "EUR has no price in USDT to judge an order by"


def test_a_restart_does_without_prices_it_cannot_have(bench: Bench) -> None:
    intent = bench.intent()
    for symbol, price in (("NOPEUSDT", None), ("BTCEUR", "80000"), ("ETHBTC", "0.03")):
        bench.journal.write_attempt(bench.attempt(intent, "0.01", symbol=symbol, price=price), START)

    assert bench.gate.twin(bench.journal).used().day == 0 + 800 + D("0.0003") * 90009


def test_what_was_sent_for_an_intent_before_a_restart_counts_for_it(bench: Bench) -> None:
    intent = bench.journal.create_intent(None, "order", {"quantity": "0.01"}, START)
    first, second = bench.attempt(intent, "0.006"), bench.attempt(intent, "0.003", price="90000")
    for attempt in (replace(first, state=AttemptState.PARTIAL, executed=D("0.002"), order_id="1"), second):
        bench.journal.write_attempt(attempt, START)

    bench.gate.expect(bench.journal, intent)

    assert "would make it 0.011" in refused(bench, bench.attempt(intent, "0.006"))[0]  # 0.002, 0.003 and this
    bench.trade(intent, "0.005")


def test_what_the_venue_took_away_before_a_restart_is_open_no_more(bench: Bench) -> None:
    spread_id = bench.journal.create_spread(SPREAD)
    intent = bench.journal.create_intent(spread_id, "open", {"quantity": "0.2"}, START)
    sold = bench.attempt(
        intent, "0.2", symbol="ETHUSDT", market=Market.UM, side=Side.SELL, leg=LegName.PERP_ENTRY
    )
    bench.journal.write_attempt(sold, START)
    bench.journal.write_attempt(
        replace(sold, state=AttemptState.FILLED, executed=D("0.2"), order_id="1"), START
    )
    ours = Fill(
        market=Market.UM, symbol="ETHUSDT", trade_id="1", order_id="1", side=Side.SELL, price=D(3010),
        quantity=D("0.2"), fee=D(0), fee_asset="USDT", realized=None, maker=False, at=START,
    )  # fmt: skip
    theirs = replace(ours, trade_id="2", order_id="9", side=Side.BUY, quantity=D("0.05"))
    bench.journal.write_fills(intent, LegName.PERP_ENTRY, (ours,))
    bench.journal.write_fills(
        bench.journal.create_intent(spread_id, "adopted", {}, START), LegName.PERP_EXIT, (theirs,)
    )

    assert bench.gate.twin(bench.journal).used().symbol == D("0.15") * 3010


def test_the_price_of_a_plan_serves_for_a_minute(bench: Bench) -> None:
    intent = bench.intent()
    bench.gate.quotes.saw(Market.SPOT, "BTCUSDT", D(80_000))

    bench.trade(intent, "0.001")
    bench.elapsed_s += 61
    bench.trade(intent, "0.001")

    assert bench.gate.used().day == 80 + D("90.009")


def test_an_unlisted_symbol_has_no_step(bench: Bench) -> None:
    assert bench.gate.quotes.lot(Market.SPOT, "NOPEUSDT") == 0


# --- hostile orders -------------------------------------------------------------------------------------------------


@dataclass
class Reckoning:
    """The same limits in the plainest words: a list of what left, added up again each time."""

    orders: list[tuple[float, date, Decimal]] = field(default_factory=list)  # when, which day, what adds risk
    held: dict[Key, tuple[Decimal, Decimal]] = field(default_factory=dict)  # signed, and what it cost
    out: dict[str, tuple[Key, Decimal]] = field(default_factory=dict)  # what adds risk and may still execute

    def worth(self, request: OrderRequest) -> Decimal:
        bid, ask = map(D, SYMBOLS[request.symbol])
        if request.side is Side.SELL:
            return request.quantity * max(bid, request.price or bid)
        near = request.price is None or ask <= request.price <= ask * D("1.01")
        return request.quantity * (ask if near or request.price is None else request.price)

    def minute(self, now_s: float) -> tuple[int, Decimal]:
        last = [worth for at, _, worth in self.orders[-6000:] if now_s - at < 60]
        return len(last), sum(last, D(0))

    def day(self, today: date) -> Decimal:
        return sum((worth for _, day, worth in self.orders if day == today), D(0))

    def execute(self, key: Key, signed: Decimal, price: Decimal, *, adds: bool) -> None:
        quantity, cost = self.held.get(key, (D(0), D(0)))
        if not adds and quantity * signed >= 0:
            return
        taken = signed if adds or abs(signed) <= abs(quantity) else -quantity
        if quantity * taken >= 0:
            cost += abs(taken) * price
        elif abs(taken) <= abs(quantity):
            cost *= (quantity + taken) / quantity
        else:
            cost = abs(quantity + taken) * price
        self.held[key] = quantity + taken, cost

    def open(self, key: Key) -> Decimal:
        return self.held.get(key, (D(0), D(0)))[1] + sum((w for k, w in self.out.values() if k == key), D(0))


def hostile(rng: random.Random, bench: Bench, intent_id: int) -> Attempt:
    """Make an order of any size, price and claim."""
    symbol = rng.choice(list(SYMBOLS))
    bid = float(SYMBOLS[symbol][0])
    quantity = f"{10 ** rng.uniform(0, 4) / bid:.8f}"
    factor = rng.choice([1, 1.0005, 0.9995, 1.009, 1.02, 2, 100, 0.5, 0.0001])
    return bench.attempt(
        intent_id,
        quantity if Decimal(quantity) else "1",
        symbol=symbol,
        market=rng.choice([Market.SPOT, Market.UM]),
        side=rng.choice(list(Side)),
        price=None if rng.random() < 0.2 else f"{bid * factor:.8f}",
        reducing=rng.random() < 0.1,
        reduce_only=rng.random() < 0.05,
    )


@pytest.mark.parametrize("seed", range(10))
def test_none_of_a_hundred_thousand_hostile_orders_passes_a_limit(bench: Bench, seed: int) -> None:
    rng, truth = random.Random(seed), Reckoning()
    let_out = adding = 0
    for number in range(10_000):
        if number % 500 == 0:
            intent = bench.intent(None if number % 1000 else f"{10 ** rng.uniform(-3, 6):.6f}")
            executable = D(0)
            bench.caps = replace(
                CAPS,
                max_order=D(rng.choice([50, 1000, 4000])),
                max_orders_minute=D(rng.choice([4, 60])),
                max_day=D(rng.choice([20_000, 200_000])),
                max_account=D(rng.choice([1000, 8000])),
            )
        bench.elapsed_s += rng.choice([0, 0.01, 0.5, 3, 30])
        bench.halt = Halt(since=START, why="drill", file=Path("HALT")) if rng.random() < 0.05 else None
        attempt = hostile(rng, bench, intent)
        bench.gate.follow(attempt)
        request = attempt.request
        try:
            bench.gate.admit(request)
        except Refused:
            bench.end(attempt, AttemptState.REJECTED, "0")
            continue
        let_out += 1
        adds = not (request.reducing or request.reduce_only)
        worth = truth.worth(request)
        key = Key(request.market, request.symbol)
        truth.orders.append((bench.elapsed_s, bench.now().date(), worth if adds else D(0)))
        if adds:
            adding += 1
            truth.out[request.client_order_id] = key, worth
            count, minute = truth.minute(bench.elapsed_s)
            assert bench.halt is None
            assert worth <= bench.caps.max_order
            assert count <= bench.caps.max_orders_minute
            assert minute <= bench.caps.max_minute
            assert truth.day(bench.now().date()) <= bench.caps.max_day
            assert truth.open(key) <= bench.caps.max_symbol
            keys = {*truth.held, *(k for k, _ in truth.out.values())}
            assert sum(truth.open(k) for k in keys) <= bench.caps.max_account * D("1.000000001")
        meant = bench.journal.intent(intent).terms.get("quantity")
        fate = rng.random()
        executed = request.quantity if fate < 0.5 else D(0) if fate > 0.8 else request.quantity / 2
        assert meant is None or executable + request.quantity <= D(meant)
        executable += executed
        bench.end(attempt, AttemptState.FILLED if fate < 0.5 else AttemptState.PARTIAL, str(executed))
        truth.out.pop(request.client_order_id, None)
        price = worth / request.quantity if adds else D(0)
        truth.execute(key, executed * request.side.sign, price, adds=adds)
    assert let_out > 500
    assert adding > 100
