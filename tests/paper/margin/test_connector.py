"""The official connector's margin methods, unmodified, against the exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from binance.error import ClientError
from binance.spot import Spot

from atapi.paper.host import Hosted

D = Decimal
READS: dict[str, dict[str, Any]] = {
    "margin_all_assets": {},
    "margin_all_pairs": {},
    "margin_pair_index": {"symbol": "BTCUSDT"},
    "margin_account": {},
    "margin_all_orders": {"symbol": "BTCUSDT"},
    "margin_open_orders": {},
    "margin_my_trades": {"symbol": "BTCUSDT"},
    "margin_max_borrowable": {"asset": "BTC"},
    "margin_max_transferable": {"asset": "USDT"},
    "margin_interest_history": {},
    "margin_interest_rate_history": {"asset": "BTC"},
    "margin_force_liquidation_record": {},
    "margin_transfer_history": {"asset": "USDT"},
    "margin_fee": {},
    "margin_order_usage": {},
    "margin_available_inventory": {"type": "MARGIN"},
    "summary_of_margin_account": {},
    "cross_margin_collateral_ratio": {},
    "adjust_cross_margin_max_leverage": {"maxLeverage": 3},
    "get_a_future_hourly_interest_rate": {"assets": "BTC,USDT", "isIsolated": False},
    "borrow_repay_record": {"type": "BORROW"},
    "isolated_margin_account": {},
    "isolated_margin_account_limit": {},
    "isolated_margin_all_pairs": {},
    "isolated_margin_fee": {},
    "isolated_margin_tier": {"symbol": "BTCUSDT"},
}


@pytest.fixture
def client(host: Callable[..., Hosted]) -> Iterator[Any]:
    hosted = host(at=None)
    client = Spot(hosted.api_key, hosted.api_secret, base_url=hosted.spot_url, timeout=10)
    client.user_universal_transfer("MAIN_MARGIN", "USDT", "10000")
    yield client
    client.session.close()


@pytest.mark.parametrize("method", READS)
def test_the_connector_calls_it(client: Any, method: str) -> None:
    assert getattr(client, method)(**READS[method]) is not None


def test_a_loan_is_taken_and_given_back(client: Any) -> None:
    taken = client.borrow_repay("USDT", "FALSE", "BTCUSDT", "1000", "BORROW")
    client.borrow_repay("USDT", "FALSE", "BTCUSDT", "400", "REPAY")

    [borrowed] = client.borrow_repay_record("BORROW")["rows"]
    [repaid] = client.borrow_repay_record("REPAY", asset="USDT")["rows"]
    [asset] = client.margin_account()["userAssets"]
    assert borrowed["txId"] == taken["tranId"]
    # interest of the first hour: 1000 * 0.00013233 / 24 = 0.00551375, paid first
    assert (repaid["interest"], repaid["principal"]) == ("0.00551375", "399.99448625")
    assert (asset["borrowed"], asset["interest"]) == ("600.00551375", "0.00000000")
    assert asset["netAsset"] == "9999.99448625"


def test_a_short_is_sold_and_bought_back(client: Any) -> None:
    sold = client.new_margin_order(
        "BTCUSDT", "SELL", "MARKET", quantity="0.01", sideEffectType="MARGIN_BUY", isIsolated="FALSE"
    )
    bought = client.new_margin_order(
        "BTCUSDT", "BUY", "MARKET", quantity="0.01002", sideEffectType="AUTO_REPAY"
    )

    assert (sold["marginBuyBorrowAmount"], sold["marginBuyBorrowAsset"]) == (0.01, "BTC")
    assert [o["orderId"] for o in client.margin_all_orders("BTCUSDT")] == [sold["orderId"], bought["orderId"]]
    # 0.01002 less 0.1 % is 0.01000998; 0.01 and the interest of an hour, 0.01 * 0.00026125 / 24, were owed
    [btc] = [asset for asset in client.margin_account()["userAssets"] if asset["asset"] == "BTC"]
    assert (btc["borrowed"], btc["interest"], btc["free"]) == ("0.00000000", "0.00000000", "0.00000987")


def test_an_order_rests_and_is_canceled(client: Any) -> None:
    price = str((D(client.margin_pair_index("BTCUSDT")["price"]) * D("0.9")).quantize(D("0.01")))
    limit = {"timeInForce": "GTC", "quantity": "0.001", "price": price}

    placed = client.new_margin_order("BTCUSDT", "BUY", "LIMIT", **limit)
    found = client.margin_order("BTCUSDT", orderId=placed["orderId"])
    canceled = client.cancel_margin_order("BTCUSDT", orderId=placed["orderId"])
    client.new_margin_order("BTCUSDT", "BUY", "LIMIT", **limit)
    together = client.margin_open_orders_cancellation("BTCUSDT")

    assert (found["status"], canceled["status"], len(together)) == ("NEW", "CANCELED", 1)
    with pytest.raises(ClientError, match="Unknown order sent"):
        client.margin_open_orders_cancellation("BTCUSDT")


def test_refusals_arrive_as_the_connectors_own(client: Any) -> None:
    with pytest.raises(ClientError) as refused:
        client.borrow_repay("USDT", "FALSE", "BTCUSDT", "20001", "BORROW")
    with pytest.raises(ClientError) as isolated:
        client.new_margin_order("BTCUSDT", "BUY", "MARKET", quantity="0.01", isIsolated="TRUE")
    with pytest.raises(ClientError) as dead:
        client.new_margin_listen_key()

    assert (refused.value.status_code, refused.value.error_code) == (400, -3006)
    assert isolated.value.error_code == -3003
    assert dead.value.status_code == 410
