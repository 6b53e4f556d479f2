"""Every question the SDKs can ask, held against their own models of the answers.

Where an answer is not of the types its model declares, the SDK warns and goes on; here that fails.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.conftest import Served

WANTED = "the SDKs are not installed; .ci/run tries them in an environment of their own"
common = pytest.importorskip("binance_common.configuration", reason=WANTED)
import requests  # noqa: E402
from binance_common.errors import BadRequestError, NotFoundError, UnauthorizedError  # noqa: E402

PACKAGE = "binance_sdk_"
PRODUCTS = [  # package, class, port, symbol, methods that must be among those answered
    ("spot", "Spot", "spot", "BTCUSDT", {"exchange_info", "klines", "get_account", "my_trades", "new_order", "ticker24hr", "get_order"}),
    ("margin_trading", "MarginTrading", "spot", "BTCUSDT", {"query_cross_margin_account_details", "query_max_borrow"}),
    ("wallet", "Wallet", "spot", "BTCUSDT", {"all_coins_information", "trade_fee", "user_asset"}),
    (
        "derivatives_trading_usds_futures", "DerivativesTradingUsdsFutures", "um", "BTCUSDT",
        {"exchange_information", "account_information_v2", "account_information_v3", "new_order", "new_algo_order"},
    ),
    (
        "derivatives_trading_coin_futures", "DerivativesTradingCoinFutures", "cm", "BTCUSD_PERP",
        {"exchange_information", "account_information", "new_order", "position_information"},
    ),
]  # fmt: skip
COMMON: dict[str, Any] = {
    "interval": "1h",
    "period": "5m",
    "side": "BUY",
    "type": "MARKET",
    "contract_type": "PERPETUAL",
    "leverage": 9,
    "countdown_time": 0,
    "asset": "USDT",
    "vip_level": 0,
    "max_leverage": 3,
}
OPTIONAL = {"symbol", "quantity", "order_id", "trigger_price"}  # given where they are not needed, too
OF_METHOD: dict[str, dict[str, Any]] = {
    "new_algo_order": {
        "algo_type": "CONDITIONAL",
        "type": "STOP_MARKET",
        "side": "SELL",
    },
    "margin_account_borrow_repay": {"is_isolated": "FALSE", "amount": "10", "type": "BORROW"},
    "user_universal_transfer": {"type": "MAIN_MARGIN", "amount": 100},
}


def prepared(served: Served, api: Any, symbol: str) -> dict[str, Any]:
    """Place an order to ask about, and find a price that is far from the market's."""
    known = {"symbol": symbol, "pair": symbol.removesuffix("_PERP"), "quantity": 0.01}
    if symbol.endswith("_PERP"):
        known["quantity"] = 1
    if hasattr(api, "new_order"):
        order = {name: known[name] for name in ("symbol", "quantity")}
        known["order_id"] = api.new_order(side="BUY", type="MARKET", **order).data().order_id
    told = requests.get(f"{served.um}/fapi/v2/ticker/price?symbol=BTCUSDT", timeout=10).json()
    return known | {"trigger_price": round(float(told["price"]) * 0.9)}


def questions(api: Any, known: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """List methods of which everything they must have is known."""
    for name, method in inspect.getmembers(api, inspect.ismethod):
        if name.startswith(("_", "send_")):
            continue
        wanted = inspect.signature(method).parameters
        needed = {each.name for each in wanted.values() if each.default is inspect.Parameter.empty}
        values = COMMON | known | OF_METHOD.get(name, {})
        given = {each: values[each] for each in (needed | OPTIONAL) & set(wanted) if each in values}
        if needed <= set(given):
            yield name, given


@pytest.mark.parametrize(("package", "kind", "port", "symbol", "least"), PRODUCTS)
def test_answers_are_what_the_models_say(
    served: Served, caplog: pytest.LogCaptureFixture, package: str, kind: str, port: str, symbol: str, least: set[str]
) -> None:  # fmt: skip
    module = pytest.importorskip(PACKAGE + package, reason=WANTED)
    configuration = common.ConfigurationRestAPI(
        served.key, served.secret, base_path=getattr(served, port), timeout=10_000
    )
    api = getattr(importlib.import_module(module.__name__), kind)(config_rest_api=configuration).rest_api
    answered, refused = set(), {}

    for name, given in questions(api, prepared(served, api, symbol)):
        try:
            getattr(api, name)(**given).data()
            answered.add(name)
        except (BadRequestError, NotFoundError, UnauthorizedError) as e:
            refused[name] = e  # what is refused, or not built, has no model

    api._session.close()
    assert [record.getMessage() for record in caplog.records if "response" in record.getMessage()] == []
    assert least <= answered, refused
