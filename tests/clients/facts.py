"""What holds of every client, on both markets; test files bring the clients."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from tests.clients.conftest import Served
from tests.clients.trading import SYMBOL, Client, Futures, Spot

HOUR_MS = 3_600_000
TICK = Decimal("0.1")
UNIT = Decimal("0.00000001")
ENOUGH = 300  # heavy requests, far beyond what a minute allows
CODES = {  # what is wrong -> how spot and USD-M call it
    "signature": {"spot": -1022, "um": -1022},
    "timestamp": {"spot": -1021, "um": -1021},
    "tick": {"spot": -1013, "um": -4014},
    "step": {"spot": -1013, "um": -1111},
    "minimum": {"spot": -1013, "um": -4164},
    "funds": {"spot": -2010, "um": -2019},
    "unknown": {"spot": -2013, "um": -2013},
    "rate": {"spot": -1003, "um": -1003},
    "margin type": {"um": -4046},
    "loan": {"spot": -3006},
}


def at(price: Decimal, share: str) -> str:
    """Write a share of a price on the price grid of either market."""
    return str((price * Decimal(share)).quantize(TICK))


@contextmanager
def refused(client: Client, what: str, code: int | None = None) -> Iterator[None]:
    """Expect the client's own exception, no broader one, with the exchange's code."""
    wanted = client.refused[what]
    with pytest.raises(wanted) as caught:
        yield
    assert type(caught.value) is wanted
    assert client.code(caught.value) == (code or CODES[what][client.market])


@contextmanager
def hung_up(client: Client) -> Iterator[Client]:
    """Use another client for a moment."""
    try:
        yield client
    finally:
        client.close()


class Facts:
    """Of spot and USD-M."""

    @pytest.fixture
    def client(self, served: Served, connect: Callable[[Served], Client]) -> Iterator[Client]:
        """Connect to the world of the class."""
        with hung_up(connect(served)) as client:
            yield client

    @pytest.fixture
    def alone(self, alone_served: Served, connect: Callable[[Served], Client]) -> Iterator[Client]:
        """Connect to a world of the test's own."""
        with hung_up(connect(alone_served)) as client:
            yield client

    def test_it_lists_markets(self, client: Client) -> None:
        assert {SYMBOL, "ETHUSDT"} <= client.markets()

    def test_it_reads_candles(self, client: Client) -> None:
        candles = client.candles(5)

        assert [candles[n + 1][0] - candles[n][0] for n in range(4)] == [HOUR_MS] * 4
        for _, opened, high, low, closed, volume in candles:
            assert low <= min(opened, closed) <= max(opened, closed) <= high
            assert volume >= 0

    def test_it_reads_the_book(self, client: Client) -> None:
        bid, ask = client.book()

        assert 0 < bid < ask

    def test_it_reads_the_tape(self, client: Client) -> None:
        trades = client.tape(5)

        assert len(trades) == 5
        assert [time for time, _ in trades] == sorted(time for time, _ in trades)
        assert all(price > 0 for _, price in trades)

    def test_a_limit_order_rests_shows_and_is_canceled(self, client: Client) -> None:
        bid, _ = client.book()
        client_id = uuid.uuid4().hex
        order_id = client.limit("BUY", "0.01", at(bid, "0.97"), client_id)

        assert order_id in client.open_orders()
        assert client.order(order_id=order_id) == client.order(client_id=client_id)
        shown = client.order(client_id=client_id)
        assert (shown.order_id, shown.client_id, shown.status) == (order_id, client_id, "open")
        client.cancel(order_id)
        assert order_id not in client.open_orders()
        assert client.order(order_id=order_id).status == "canceled"

    def test_a_bad_signature_is_refused(self, client: Client) -> None:
        with hung_up(client.with_secret("x" * 64)) as other, refused(client, "signature"):
            other.open_orders()

    def test_a_stale_timestamp_is_refused(self, client: Client) -> None:
        with hung_up(client.ahead(-90_000)) as late, refused(client, "timestamp"):
            late.open_orders()

    def test_a_price_off_the_grid_is_refused(self, client: Client) -> None:
        bid, _ = client.book()
        with refused(client, "tick"):
            client.exactly("BUY", "0.01", at(bid, "0.97") + ("05" if client.market == "spot" else "5"))

    def test_a_quantity_off_the_grid_is_refused(self, client: Client) -> None:
        bid, _ = client.book()
        with refused(client, "step"):
            client.exactly("BUY", "0.010001" if client.market == "spot" else "0.0101", at(bid, "0.97"))

    def test_too_small_an_order_is_refused(self, client: Client) -> None:
        bid, _ = client.book()
        quantity, share = ("0.00001", "0.97") if client.market == "spot" else ("0.001", "0.3")
        with refused(client, "minimum"):
            client.exactly("BUY", quantity, at(bid, share))

    def test_more_than_there_are_funds_for_is_refused(self, client: Client) -> None:
        with refused(client, "funds"):
            client.at_market("BUY", "90")

    def test_an_unknown_order_is_refused(self, client: Client) -> None:
        with refused(client, "unknown"):
            client.order(order_id="987654321")
        with refused(client, "unknown", -2011):
            client.cancel("987654321")

    def test_too_many_requests_are_refused(self, alone: Client) -> None:
        with refused(alone, "rate"):
            for _ in range(ENOUGH):
                alone.heavy()


class SpotFacts(Facts):
    """Of spot and cross margin."""

    def test_a_market_order_fills_with_its_fee(self, client: Spot) -> None:
        coins, money = client.balance("BTC"), client.balance("USDT")

        order_id = client.at_market("BUY", "0.01")

        fills = [fill for fill in client.fills() if fill.order_id == order_id]
        assert sum(fill.quantity for fill in fills) == Decimal("0.01")
        assert {fill.fee_asset for fill in fills} == {"BTC"}
        fee = sum(fill.fee for fill in fills)
        assert fee == Decimal("0.01") * Decimal("0.001")
        shown = client.order(order_id=order_id)
        assert (shown.status, shown.executed) == ("closed", Decimal("0.01"))
        assert client.balance("BTC") - coins == Decimal("0.01") - fee
        cost = sum(fill.price * fill.quantity for fill in fills)
        assert abs(money - client.balance("USDT") - cost) <= UNIT * len(fills)

    def test_what_rests_is_locked(self, client: Spot) -> None:
        bid, _ = client.book()
        before = client.balance("USDT")

        order_id = client.limit("BUY", "0.01", at(bid, "0.97"))

        assert client.balance("USDT") == before
        client.cancel(order_id)

    def test_it_borrows_and_repays(self, client: Spot) -> None:
        held = client.balance("USDT")
        client.move("spot", "margin", "100")
        free, owed = client.margin()
        assert held - client.balance("USDT") == 100

        client.borrow("50")
        lent_free, lent_owed = client.margin()
        client.repay("50")
        after_free, after_owed = client.margin()

        assert lent_free - free == lent_free - after_free == 50
        # The hour that has begun costs interest at once, and a repayment pays that first.
        interest = lent_owed - owed - 50
        assert 0 < interest < 1
        assert after_owed - owed == interest
        with refused(client, "loan"):
            client.borrow("10000000")


class FuturesFacts(Facts):
    """Of USD-M only."""

    def test_a_market_order_opens_a_position_and_pays_its_fee(self, client: Futures) -> None:
        money, held = client.balance("USDT"), client.position()

        order_id = client.at_market("SELL", "0.01")

        fills = [fill for fill in client.fills() if fill.order_id == order_id]
        assert sum(fill.quantity for fill in fills) == Decimal("0.01")
        assert client.position() - held == Decimal("-0.01")
        assert {fill.fee_asset for fill in fills} == {"USDT"}
        fee = sum(fill.fee for fill in fills)
        notional = sum(fill.price * fill.quantity for fill in fills)
        assert abs(fee - notional * Decimal("0.0005")) <= UNIT * len(fills)
        assert money - client.balance("USDT") == fee
        shown = client.order(order_id=order_id)
        assert (shown.status, shown.executed) == ("closed", Decimal("0.01"))
        client.at_market("BUY", "0.01")
        assert client.position() == held

    def test_it_reads_funding_now_and_then(self, client: Futures) -> None:
        rate, next_ms = client.funding()
        times = client.funding_history(3)

        assert abs(rate) < Decimal("0.03")
        assert next_ms % HOUR_MS == 0
        assert times == sorted(times)
        assert len(times) == 3
        assert times[-1] < next_ms

    def test_it_reads_open_interest(self, client: Futures) -> None:
        assert client.open_interest() > 0

    def test_it_sets_leverage_and_margin_type(self, client: Futures) -> None:
        assert client.set_leverage(10) == 10
        client.set_margin_type("ISOLATED")
        assert client.terms() == (10, "ISOLATED")
        with refused(client, "margin type"):
            client.set_margin_type("ISOLATED")  # it is already
        client.set_margin_type("CROSSED")
        assert client.terms() == (10, "CROSSED")

    def test_it_sets_the_position_mode(self, client: Futures) -> None:
        assert client.hedge_mode() is False
        client.set_hedge_mode(True)
        assert client.hedge_mode() is True
        client.set_hedge_mode(False)
        assert client.hedge_mode() is False

    def test_it_moves_funds_between_wallets(self, client: Futures) -> None:
        before = client.balance("USDT")

        client.move("spot", "um", "12.5")

        assert client.balance("USDT") - before == Decimal("12.5")
        client.move("um", "spot", "12.5")
        assert client.balance("USDT") == before
