"""Cross margin over the wire: the account, loans, interest, terms, refusals."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.faults.conftest import fault as fault

TRANSFER = "/sapi/v1/asset/transfer"
LOAN = "/sapi/v1/margin/borrow-repay"
MARGIN = "/sapi/v1/margin"
HOUR = 3_600_000
D = Decimal


def borrow(spot: Wire, amount: str = "1000", asset: str = "USDT", **more: Any) -> int:
    answer = spot.signed("POST", LOAN, asset=asset, isIsolated="FALSE", amount=amount, type="BORROW", **more)
    assert answer.status == 200, answer.json
    return int(answer.json["tranId"])


def advance(spot: Wire, hosted: Hosted, hours: int) -> None:
    headers = {"X-Paper-Token": hosted.admin_token, "Content-Type": "application/json"}
    body = json.dumps({"span_ms": hours * HOUR})
    assert spot.send("POST", "/paper/v1/advance", body=body, headers=headers).status == 200


@pytest.fixture(autouse=True)
def pledged(spot: Wire) -> None:
    spot.signed("POST", TRANSFER, type="MAIN_MARGIN", asset="USDT", amount="10000")


def test_the_account_tells_levels_and_debts(spot: Wire) -> None:
    borrow(spot, "0.05", "BTC")
    account = spot.signed("GET", f"{MARGIN}/account").json

    assert (account["created"], account["borrowEnabled"], account["tradeEnabled"]) == (True, True, True)
    btc, usdt = account["userAssets"]
    assert btc == {
        "asset": "BTC",
        "borrowed": "0.05000000",
        "free": "0.05000000",
        "interest": "0.00000054",  # 0.05 * 0.00026125 / 24
        "locked": "0.00000000",
        "netAsset": "-0.00000054",
    }
    assert (usdt["free"], usdt["borrowed"]) == ("10000.00000000", "0.00000000")
    price = D(spot.get("/api/v3/ticker/price", symbol="BTCUSDT").json["price"])
    owed = D("0.05000054") * price
    level = (10_000 + D("0.05") * price) / owed
    assert abs(D(account["marginLevel"]) - level) < D("1e-8")
    assert account["collateralMarginLevel"] == account["marginLevel"]  # BTC and USDT count in full
    assert abs(D(account["TotalCollateralValueInUSDT"]) - 10_000 - D("0.05") * price) < D("1e-6")
    assert account["totalLiabilityOfBtc"] == "0.05000054"
    assert account["accountType"] == "MARGIN_1"


def test_loans_are_listed_with_what_they_repaid(spot: Wire) -> None:
    taken = borrow(spot)
    repaid = spot.signed("POST", LOAN, asset="USDT", isIsolated="FALSE", amount="500", type="REPAY").json[
        "tranId"
    ]

    borrowed = spot.signed("GET", LOAN, type="BORROW", asset="USDT").json
    back = spot.signed("GET", LOAN, type="REPAY", txId=repaid).json

    assert borrowed["total"] == 1
    assert borrowed["rows"][0]["txId"] == taken
    assert back["rows"] == [
        {
            "txId": repaid,
            "asset": "USDT",
            "amount": "500.00000000",
            "interest": "0.00551375",  # 1000 * 0.00013233 / 24
            "principal": "499.99448625",
            "status": "CONFIRMED",
            "timestamp": spot.now(),
        }
    ]


def test_interest_is_charged_by_the_hour_and_listed(spot: Wire, hosted: Hosted) -> None:
    began = spot.now()
    borrow(spot)
    advance(spot, hosted, 2)

    history = spot.signed("GET", f"{MARGIN}/interestHistory", asset="USDT", size=2).json

    assert history["total"] == 3
    assert history["rows"][0] == {
        "txId": 3,
        "interestAccuredTime": began + 2 * HOUR,
        "asset": "USDT",
        "rawAsset": "USDT",
        "principal": "1000",
        "interest": "0.00551375",
        "interestRate": "0.00013233",
        "type": "PERIODIC",
    }
    [last] = spot.signed("GET", f"{MARGIN}/interestHistory", size=2, current=2).json["rows"]
    assert (last["type"], last["interestAccuredTime"]) == ("ON_BORROW", began)


def test_allowances_are_told(spot: Wire) -> None:
    most = spot.signed("GET", f"{MARGIN}/maxBorrowable", asset="USDT").json
    assert most == {"amount": "20000", "borrowLimit": "2000000"}  # twice what is pledged

    borrow(spot, "1000")

    # 11 000 - 2 * 1000.00551375
    assert spot.signed("GET", f"{MARGIN}/maxTransferable", asset="USDT").json == {"amount": "8999.9889725"}
    bars = spot.signed("GET", f"{MARGIN}/tradeCoeff").json
    assert bars == {"normalBar": "1.5", "marginCallBar": "1.3", "forceLiquidationBar": "1.1"}


def test_what_went_in_and_out_is_listed(spot: Wire) -> None:
    borrow(spot)
    spot.signed("POST", f"{MARGIN}/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
    spot.signed("POST", LOAN, asset="USDT", isIsolated="FALSE", amount="500", type="REPAY")

    flows = spot.signed("GET", f"{MARGIN}/capital-flow").json
    types = [flow["type"] for flow in flows]
    assert types == ["REPAY", "TRADING_COMMISSION", "BUY_EXPENSE", "BUY_INCOME", "BORROW", "TRANSFER"]
    assert [flow["amount"] for flow in flows if flow["type"] in ("REPAY", "BORROW")] == ["-500", "1000"]
    assert sum(D(flow["amount"]) for flow in flows if flow["asset"] == "BTC") == D("0.00999")
    after = spot.signed("GET", f"{MARGIN}/capital-flow", fromId=flows[2]["id"], limit=1).json
    assert after == [flows[1]]
    assert spot.signed("GET", f"{MARGIN}/capital-flow", type="BORROW", asset="USDT").json == [flows[4]]
    moved = spot.signed("GET", f"{MARGIN}/transfer", asset="USDT").json
    assert [(row["type"], row["transFrom"], row["transTo"]) for row in moved["rows"]] == [
        ("ROLL_IN", "SPOT", "CROSS_MARGIN")
    ]


def test_terms_are_told(spot: Wire) -> None:
    [usdt] = spot.signed("GET", f"{MARGIN}/crossMarginData", coin="USDT").json
    assert (usdt["dailyInterest"], usdt["yearlyInterest"], usdt["borrowLimit"]) == (
        "0.00013233", "0.04830045", "2000000",
    )  # fmt: skip
    assert "BTCUSDT" in usdt["marginablePairs"]
    everything = spot.signed("GET", f"{MARGIN}/crossMarginData").json
    assert {"BTC", "ETH", "DOGE"} <= {row["coin"] for row in everything}
    assert spot.signed(
        "GET", f"{MARGIN}/next-hourly-interest-rate", assets="USDT,BTC", isIsolated="FALSE"
    ).json == [
        {"asset": "USDT", "nextHourlyInterestRate": "0.00000551"},
        {"asset": "BTC", "nextHourlyInterestRate": "0.00001089"},
    ]
    rates = spot.signed("GET", f"{MARGIN}/interestRateHistory", asset="BTC").json
    assert rates[0] == {
        "asset": "BTC", "dailyInterestRate": "0.00026125", "timestamp": spot.now(), "vipLevel": 0,
    }  # fmt: skip
    assert len(rates) == 8  # the week before midnight, both ends
    borrow(spot, "1000")
    left = spot.signed("GET", f"{MARGIN}/available-inventory", type="MARGIN").json["assets"]
    assert left["USDT"] == "49999000"  # 25 * 2 000 000 less what is lent


def test_assets_and_pairs_want_a_key_and_no_signature(spot: Wire) -> None:
    pairs = spot.send("GET", f"{MARGIN}/allPairs", key=spot.key).json
    btc = next(pair for pair in pairs if pair["symbol"] == "BTCUSDT")
    assert (btc["base"], btc["quote"], btc["isMarginTrade"]) == ("BTC", "USDT", True)
    names = {row["assetName"] for row in spot.send("GET", f"{MARGIN}/allAssets", key=spot.key).json}
    assert {"BTC", "USDT"} <= names
    index = spot.send("GET", f"{MARGIN}/priceIndex", "symbol=BTCUSDT", key=spot.key).json
    assert index["price"] == spot.get("/api/v3/ticker/price", symbol="BTCUSDT").json["price"]
    [info] = spot.get("/api/v3/exchangeInfo", symbol="BTCUSDT").json["symbols"]
    assert info["isMarginTradingAllowed"] is True
    assert info["permissionSets"] == [["SPOT", "MARGIN"]]
    assert spot.send("GET", f"{MARGIN}/allPairs").refusal[:2] == (401, -2014)


def test_there_is_no_isolated_margin(spot: Wire) -> None:
    account = spot.signed("GET", f"{MARGIN}/isolated/account").json
    assert (account["assets"], account["totalAssetOfBtc"]) == ([], "0.00000000")
    assert spot.signed("GET", f"{MARGIN}/isolated/accountLimit").json == {
        "enabledAccount": 0,
        "maxAccount": 0,
    }
    for path in ("isolated/allPairs", "isolatedMarginData", "isolatedMarginTier"):
        assert spot.signed("GET", f"{MARGIN}/{path}").json == []
    assert spot.signed("POST", f"{MARGIN}/isolated/account", symbol="BTCUSDT").refusal[1] == -1020
    for params in (
        {"isIsolated": "TRUE", "symbol": "BTCUSDT", "type": "BORROW", "asset": "USDT", "amount": "1"},
        {"isIsolated": "TRUE", "symbol": "BTCUSDT", "type": "REPAY", "asset": "USDT", "amount": "1"},
    ):
        assert spot.signed("POST", LOAN, **params).refusal[1] == -3003
    refused = spot.signed("GET", f"{MARGIN}/maxBorrowable", asset="USDT", isolatedSymbol="BTCUSDT")
    assert refused.refusal == (400, -3003, "Margin account does not exist.")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"amount": "20001"}, -3006),
        ({"amount": "0"}, -3013),
        ({"amount": "1", "type": "REPAY"}, -3015),
        ({"amount": "0", "type": "REPAY"}, -3016),
        ({"amount": "1", "asset": "NOSUCH"}, -3027),
        ({"amount": "1", "type": "STEAL"}, -1130),
        ({"amount": "1e3"}, -1100),
        ({}, -1102),
    ],
)
def test_loans_are_refused_in_binances_words(spot: Wire, params: dict[str, str], code: int) -> None:
    asked = {"asset": "USDT", "type": "BORROW", "isIsolated": "FALSE"} | params

    assert spot.signed("POST", LOAN, **asked).refusal[:2] == (400, code)
    assert spot.signed("GET", f"{MARGIN}/account").json["marginLevel"] == "999"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"type": "MARGIN_MAIN", "amount": "10001"}, -3041),
        ({"type": "MARGIN_MAIN", "amount": "9500"}, -3020),
        ({"type": "MAIN_MARGIN", "asset": "NOSUCH"}, -3027),
        ({"type": "MAIN_MARGIN", "amount": "41001"}, -5013),
        ({"type": "MARGIN_ISOLATEDMARGIN", "fromSymbol": "BTCUSDT"}, -3003),
        ({"type": "MAIN_PORTFOLIO_MARGIN"}, -3029),
        ({"type": "UMFUTURE_CMFUTURE"}, -1130),
    ],
)
def test_transfers_are_refused_in_binances_words(spot: Wire, params: dict[str, str], code: int) -> None:
    borrow(spot, "1000")
    spot.signed("POST", TRANSFER, type="MARGIN_MAIN", asset="USDT", amount="1000")

    assert spot.signed("POST", TRANSFER, **({"asset": "USDT", "amount": "1"} | params)).refusal[:2] == (
        400,
        code,
    )


@pytest.mark.parametrize(
    "kind",
    [
        "MAIN_UMFUTURE", "MAIN_CMFUTURE", "MAIN_MARGIN", "MAIN_FUNDING", "MAIN_OPTION", "MARGIN_UMFUTURE",
        "MARGIN_CMFUTURE", "MARGIN_FUNDING", "MARGIN_OPTION", "FUNDING_UMFUTURE", "FUNDING_CMFUTURE",
        "FUNDING_OPTION", "UMFUTURE_OPTION",
    ],
)  # fmt: skip
def test_every_pair_of_wallets_transfers_both_ways(spot: Wire, kind: str) -> None:
    source, target = kind.split("_")
    if source not in ("MAIN", "MARGIN"):
        spot.signed("POST", TRANSFER, type=f"MAIN_{source}", asset="USDT", amount="5")

    for way in (kind, f"{target}_{source}"):
        assert spot.signed("POST", TRANSFER, type=way, asset="USDT", amount="5").status == 200


def test_interest_in_bnb_is_switched_and_read_back(spot: Wire) -> None:
    assert spot.signed("POST", "/sapi/v1/bnbBurn", interestBNBBurn="true").json == {
        "spotBNBBurn": False,
        "interestBNBBurn": True,
    }
    assert spot.signed("GET", "/sapi/v1/bnbBurn").json["interestBNBBurn"] is True


def test_weights_are_told_by_account_or_address(spot: Wire) -> None:
    asked = {"asset": "USDT", "isIsolated": "FALSE", "amount": "1", "type": "BORROW"}

    assert spot.signed("POST", LOAN, **asked).headers["x-sapi-used-uid-weight-1m"] == "1500"
    assert spot.signed("GET", LOAN, type="BORROW").headers["x-sapi-used-ip-weight-1m"] == "10"


def test_spans_longer_than_allowed_are_refused(spot: Wire) -> None:
    late = spot.now()
    asked = {"startTime": late - 31 * 24 * HOUR, "endTime": late}

    assert spot.signed("GET", f"{MARGIN}/interestHistory", **asked).refusal[1] == -1127
    assert spot.signed("GET", f"{MARGIN}/interestHistory", size=0).refusal[1] == -1130


def test_fivefold_leverage_lends_more_and_warns_later(spot: Wire) -> None:
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MAIN_MARGIN", asset="USDT", amount="1000")  # 11 000

    def told() -> tuple[str, str]:
        most = spot.signed("GET", "/sapi/v1/margin/maxBorrowable", asset="USDT").json["amount"]
        coefficients = spot.signed("GET", "/sapi/v1/margin/tradeCoeff").json
        return most, f"{coefficients['normalBar']} {coefficients['marginCallBar']}"

    three = told()
    set_ = spot.signed("POST", "/sapi/v1/margin/max-leverage", maxLeverage=5)
    five = told()
    lent = spot.signed(
        "POST",
        "/sapi/v1/margin/borrow-repay",
        asset="USDT",
        isIsolated="FALSE",
        amount="44000",
        type="BORROW",
    )
    account = spot.signed("GET", "/sapi/v1/margin/account").json
    pro = spot.signed("POST", "/sapi/v1/margin/max-leverage", maxLeverage=10)

    assert set_.json == {"success": True}
    assert [Decimal(three[0]), three[1]] == [22_000, "1.5 1.3"]  # 11 000 / (1.5 - 1)
    assert [Decimal(five[0]), five[1]] == [44_000, "1.25 1.16"]  # 11 000 / (1.25 - 1)
    assert lent.status == 200
    assert account["borrowEnabled"] is False
    assert pro.refusal[1] == -1130


@pytest.mark.parametrize("code", [-3007, -3022, -3044])
def test_refusals_that_nothing_here_causes_come_on_request(spot: Wire, fault: Any, code: int) -> None:
    fault(f"code {code} path=/sapi/v1/margin/borrow-repay method=POST times=1")
    loan = {"asset": "USDT", "isIsolated": "FALSE", "amount": "10", "type": "BORROW"}

    refused = spot.signed("POST", "/sapi/v1/margin/borrow-repay", **loan)
    lent = spot.signed("POST", "/sapi/v1/margin/borrow-repay", **loan)

    words = {-3007: "You have pending transaction", -3022: "You account's trading", -3044: "System busy."}
    assert refused.refusal[:2] == (400, code)
    assert refused.refusal[2].startswith(words[code])
    assert lent.status == 200
