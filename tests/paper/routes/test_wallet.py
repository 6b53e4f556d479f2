"""Wallets on the wire: transfers, holdings, permissions, and the empty margin account."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.paper.client import Wire

TRANSFER = "/sapi/v1/asset/transfer"


def test_a_transfer_moves_funds_and_is_listed_newest_first(spot: Wire, um: Wire) -> None:
    out = spot.signed("POST", TRANSFER, type="MAIN_UMFUTURE", asset="USDT", amount="100.5").json["tranId"]
    back = spot.signed("POST", TRANSFER, type="UMFUTURE_MAIN", asset="USDT", amount="0.5").json["tranId"]
    again = spot.signed("POST", TRANSFER, type="MAIN_UMFUTURE", asset="USDT", amount="1").json["tranId"]

    [usdt] = um.signed("GET", "/fapi/v3/balance").json
    listed = spot.signed("GET", TRANSFER, type="MAIN_UMFUTURE").json
    assert usdt["balance"] == "50101.00000000"  # 50 000 + 100.5 - 0.5 + 1
    assert [row["tranId"] for row in listed["rows"]] == [again, out]
    assert listed["total"] == 2
    assert listed["rows"][1] | {"timestamp": 0} == {
        "asset": "USDT",
        "amount": "100.5",
        "type": "MAIN_UMFUTURE",
        "status": "CONFIRMED",
        "tranId": out,
        "timestamp": 0,
    }
    assert back not in {row["tranId"] for row in listed["rows"]}


def test_transfers_are_paged(spot: Wire) -> None:
    ids = [
        spot.signed("POST", TRANSFER, type="MAIN_FUNDING", asset="USDT", amount="1").json["tranId"]
        for _ in range(3)
    ]

    second = spot.signed("GET", TRANSFER, type="MAIN_FUNDING", size=2, current=2).json

    assert [row["tranId"] for row in second["rows"]] == ids[:1]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "50000.01"}, -5013),
        ({"type": "MAIN_UMFUTURE", "asset": "NOSUCH", "amount": "1"}, -5013),
        ({"type": "MAIN_MOON", "asset": "USDT", "amount": "1"}, -1130),
        ({"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "0"}, -1130),
        ({"type": "MAIN_UMFUTURE", "asset": "USDT"}, -1102),
        ({"asset": "USDT", "amount": "1"}, -1102),
    ],
)
def test_transfers_are_refused_and_move_nothing(spot: Wire, params: dict[str, str], code: int) -> None:
    assert spot.signed("POST", TRANSFER, **params).refusal[:2] == (400, code)
    [usdt] = spot.signed("POST", "/sapi/v3/asset/getUserAsset").json
    assert usdt["free"] == "50000"


def test_holdings_are_told_by_wallet(spot: Wire) -> None:
    spot.signed("POST", TRANSFER, type="MAIN_FUNDING", asset="USDT", amount="10")

    [funding] = spot.signed("POST", "/sapi/v1/asset/get-funding-asset").json
    [user] = spot.signed("POST", "/sapi/v3/asset/getUserAsset", needBtcValuation="true").json

    assert (funding["asset"], funding["free"], funding["freeze"]) == ("USDT", "10", "0")
    assert (user["asset"], user["free"], user["ipoable"]) == ("USDT", "49990", "0")
    price = Decimal(spot.get("/api/v3/ticker/price", symbol="BTCUSDT").json["price"])
    assert abs(Decimal(user["btcValuation"]) - 49_990 / price) < Decimal("0.00000001")
    assert spot.signed("POST", "/sapi/v3/asset/getUserAsset", asset="BTC").json == []


def test_the_key_may_trade_and_not_withdraw(spot: Wire) -> None:
    allowed = spot.signed("GET", "/sapi/v1/account/apiRestrictions").json

    assert allowed["enableWithdrawals"] is False
    assert allowed["enableSpotAndMarginTrading"] is True
    assert allowed["enableFutures"] is True
    assert allowed["permitsUniversalTransfer"] is True


def test_the_margin_account_is_empty_and_well_formed(spot: Wire) -> None:
    account = spot.signed("GET", "/sapi/v1/margin/account").json

    assert (account["created"], account["borrowEnabled"], account["tradeEnabled"]) == (True, True, True)
    assert (account["marginLevel"], account["totalNetAssetOfBtc"]) == ("999", "0.00000000")
    assert account["userAssets"] == []


def test_margin_collateral_shows(spot: Wire) -> None:
    spot.signed("POST", TRANSFER, type="MAIN_MARGIN", asset="USDT", amount="1000")

    account = spot.signed("GET", "/sapi/v1/margin/account").json

    assert account["userAssets"] == [
        {
            "asset": "USDT",
            "borrowed": "0.00000000",
            "free": "1000.00000000",
            "interest": "0.00000000",
            "locked": "0.00000000",
            "netAsset": "1000.00000000",
        }
    ]
    assert abs(Decimal(account["TotalCollateralValueInUSDT"]) - 1000) < Decimal("0.01")


def test_fees_are_told_of_one_or_all(spot: Wire) -> None:
    one = spot.signed("GET", "/sapi/v1/asset/tradeFee", symbol="BTCUSDT").json

    assert one == [{"symbol": "BTCUSDT", "makerCommission": "0.001", "takerCommission": "0.001"}]
    assert one[0] in spot.signed("GET", "/sapi/v1/asset/tradeFee").json
    assert spot.signed("GET", "/sapi/v1/asset/tradeFee", symbol="NOSUCH").refusal[1] == -1121


def test_burning_bnb_is_switched_and_read_back(spot: Wire) -> None:
    assert spot.signed("GET", "/sapi/v1/bnbBurn").json == {"spotBNBBurn": False, "interestBNBBurn": False}
    assert spot.signed("POST", "/sapi/v1/bnbBurn", spotBNBBurn="true").json["spotBNBBurn"] is True
    assert spot.signed("GET", "/sapi/v1/bnbBurn").json["spotBNBBurn"] is True
    discount = spot.signed("GET", "/api/v3/account/commission", symbol="BTCUSDT").json["discount"]
    assert (discount["enabledForAccount"], discount["discount"]) == (True, "0.75000000")


def test_the_system_is_up_and_coins_are_listed(spot: Wire) -> None:
    assert spot.get("/sapi/v1/system/status").json == {"status": 0, "msg": "normal"}

    coins = {row["coin"]: row for row in spot.signed("GET", "/sapi/v1/capital/config/getall").json}
    assert coins["USDT"]["free"] == "50000.00000000"
    assert coins["BTC"]["networkList"][0]["isDefault"] is True
    assert not any(row["withdrawAllEnable"] for row in coins.values())


def test_sapi_weights_are_told_by_endpoint(spot: Wire) -> None:
    headers = spot.signed("GET", "/sapi/v1/margin/account").headers

    assert headers["x-sapi-used-ip-weight-1m"] == "10"
    assert "x-mbx-used-weight-1m" not in headers


def test_listen_keys_are_gone_from_spot(spot: Wire) -> None:
    for method in ("POST", "PUT", "DELETE"):
        gone = spot.send(method, "/api/v3/userDataStream", "listenKey=x", key=spot.key)
        assert gone.status == 410
        assert b"410 Gone" in gone.body
        assert len(gone.body) == 136


def test_wallets_are_told_with_their_worth(spot: Wire) -> None:
    spot.signed("POST", TRANSFER, type="MAIN_MARGIN", asset="USDT", amount="10000")
    loan = {"asset": "BTC", "isIsolated": "FALSE", "amount": "0.01", "type": "BORROW"}
    spot.signed("POST", "/sapi/v1/margin/borrow-repay", **loan)

    rows = {row["walletName"]: row for row in spot.signed("GET", "/sapi/v1/asset/wallet/balance").json}
    price = Decimal(spot.get("/api/v3/ticker/price", symbol="BTCUSDT").json["price"])
    # the loan is in the wallet and owed; what is missing is its first hour, 0.01 * 0.00026125 / 24
    expected = 10_000 / price - Decimal("0.00000011")
    assert abs(Decimal(rows["Cross Margin"]["balance"]) - expected) < Decimal("0.00000002")
    assert rows["Earn"] == {"activate": False, "balance": "0", "walletName": "Earn"}


def test_transfers_by_number_go_between_spot_and_futures(spot: Wire) -> None:
    path = "/sapi/v1/futures/transfer"
    for kind in (1, 2, 3, 4):
        assert spot.signed("POST", path, asset="USDT", amount="5", type=kind).status == 200
    assert spot.signed("POST", path, asset="USDT", amount="5", type=5).refusal[1] == -1130
    kinds = [
        spot.signed("GET", TRANSFER, type=kind).json["total"] for kind in ("MAIN_UMFUTURE", "CMFUTURE_MAIN")
    ]
    assert kinds == [1, 1]


def test_the_account_is_in_order(spot: Wire) -> None:
    assert spot.signed("GET", "/sapi/v1/account/status").json == {"data": "Normal"}
    assert spot.signed("GET", "/sapi/v1/account/info").json["isMarginEnabled"] is True
    assert spot.signed("GET", "/sapi/v1/account/apiTradingStatus").json["data"]["isLocked"] is False
