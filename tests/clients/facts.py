"""What holds of every client, on both markets; test files bring the clients."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from tests.clients.trading import SYMBOL, Client, Futures

HOUR_MS = 3_600_000
STEP = Decimal("0.0001")
TICK = Decimal("0.1")


def at(price: Decimal, share: str) -> str:
    """Write a share of a price on the price grid of either market."""
    return str((price * Decimal(share)).quantize(TICK))


class Facts:
    """Of spot and USD-M."""

    def test_it_lists_markets(self, client: Client) -> None:
        assert {SYMBOL, "ETHUSDT"} <= client.markets()

    def test_it_reads_candles(self, client: Client) -> None:
        candles = client.candles(5)

        assert [candles[n + 1][0] - candles[n][0] for n in range(4)] == [HOUR_MS] * 4
        assert all(low <= min(opened, closed) <= max(opened, closed) <= high for _, opened, high, low, closed, _ in candles)  # fmt: skip

    def test_it_reads_the_book(self, client: Client) -> None:
        bid, ask = client.book()

        assert 0 < bid < ask

    def test_a_limit_order_rests_shows_and_is_canceled(self, client: Client) -> None:
        bid, _ = client.book()
        client_id = uuid.uuid4().hex
        order_id = client.limit("BUY", "0.01", at(bid, "0.97"), client_id)

        assert order_id in client.open_orders()
        assert client.order(order_id=order_id) == client.order(client_id=client_id)
        assert client.order(order_id=order_id).status == "open"
        client.cancel(order_id)
        assert order_id not in client.open_orders()
        assert client.order(order_id=order_id).status == "canceled"

    def test_a_bad_signature_is_refused(self, client: Client) -> None:
        other = client.with_secret("x" * 64)
        try:
            with pytest.raises(client.refused["signature"]):
                other.open_orders()
        finally:
            other.close()

    def test_a_stale_timestamp_is_refused(self, client: Client) -> None:
        late = client.ahead(-20_000)
        try:
            with pytest.raises(client.refused["timestamp"]):
                late.open_orders()
        finally:
            late.close()

    def test_a_price_off_the_grid_is_refused(self, client: Client) -> None:
        bid, _ = client.book()
        with pytest.raises(client.refused["tick"]):
            client.limit("BUY", "0.01", at(bid, "0.97") + "001")

    def test_a_quantity_off_the_grid_is_refused(self, client: Client) -> None:
        bid, _ = client.book()
        with pytest.raises(client.refused["step"]):
            client.limit("BUY", "0.0100000001", at(bid, "0.97"))

    def test_too_small_an_order_is_refused(self, client: Client) -> None:
        bid, _ = client.book()
        smallest = "0.00001" if client.market == "spot" else "0.0001"
        with pytest.raises(client.refused["minimum"]):
            client.limit("BUY", smallest, at(bid, "0.97"))

    def test_more_than_there_are_funds_for_is_refused(self, client: Client) -> None:
        with pytest.raises(client.refused["funds"]):
            client.at_market("BUY", "90")

    def test_an_unknown_order_is_refused(self, client: Client) -> None:
        with pytest.raises(client.refused["unknown"]):
            client.order(order_id="987654321")
        with pytest.raises(client.refused["unknown"]):
            client.cancel("987654321")


class SpotFacts(Facts):
    """Of spot only."""

    def test_a_market_order_fills_with_its_fee(self, client: Client) -> None:
        coins, money = client.balance("BTC"), client.balance("USDT")

        order_id = client.at_market("BUY", "0.01")

        fills = [fill for fill in client.fills() if fill.order_id == order_id]
        assert sum(fill.quantity for fill in fills) == Decimal("0.01")
        assert {fill.fee_asset for fill in fills} == {"BTC"}
        fee = sum(fill.fee for fill in fills)
        assert fee == Decimal("0.01") * Decimal("0.001")
        assert client.order(order_id=order_id).executed == Decimal("0.01")
        assert client.balance("BTC") - coins == Decimal("0.01") - fee
        cost = sum(fill.price * fill.quantity for fill in fills)
        assert abs(money - client.balance("USDT") - cost) <= Decimal("0.00000001") * len(fills)

    def test_what_rests_is_locked(self, client: Client) -> None:
        bid, _ = client.book()
        before = client.balance("USDT")

        order_id = client.limit("BUY", "0.01", at(bid, "0.97"))

        assert client.balance("USDT") == before
        client.cancel(order_id)


class FuturesFacts(Facts):
    """Of USD-M only."""

    def test_a_market_order_opens_a_position_and_pays_its_fee(self, client: Futures) -> None:
        money, held = client.balance("USDT"), client.position()

        order_id = client.at_market("SELL", "0.01")

        fills = [fill for fill in client.fills() if fill.order_id == order_id]
        assert sum(fill.quantity for fill in fills) == Decimal("0.01")
        assert client.position() - held == Decimal("-0.01")
        fee = sum(fill.fee for fill in fills)
        notional = sum(fill.price * fill.quantity for fill in fills)
        assert abs(fee - notional * Decimal("0.0005")) <= Decimal("0.00000001") * len(fills)
        assert money - client.balance("USDT") == fee
        client.at_market("BUY", "0.01")
        assert client.position() == held

    def test_it_reads_funding_now_and_then(self, client: Futures) -> None:
        rate, next_ms = client.funding()
        times = client.funding_history(3)

        assert abs(rate) < Decimal("0.03")
        assert next_ms % HOUR_MS == 0
        assert times == sorted(times)
        assert len(times) == 3

    def test_it_reads_open_interest(self, client: Futures) -> None:
        assert client.open_interest() > 0

    def test_it_sets_leverage_and_margin_type(self, client: Futures) -> None:
        assert client.set_leverage(10) == 10
        assert client.hedge_mode() is False
        with pytest.raises(client.refused["margin type"]):
            client.set_margin_type("CROSSED")  # it is already

    def test_it_moves_funds_between_wallets(self, client: Futures) -> None:
        before = client.balance("USDT")

        client.to_futures("12.5")

        assert client.balance("USDT") - before == Decimal("12.5")
