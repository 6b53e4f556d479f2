"""The USD-M account on the wire: balances, positions, income and settings."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.paper.client import Wire

SELL = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.1"}
HOUR_MS = 3_600_000
TOTALS = {
    "totalInitialMargin", "totalMaintMargin", "totalWalletBalance", "totalUnrealizedProfit", "totalMarginBalance",
    "totalPositionInitialMargin", "totalOpenOrderInitialMargin", "totalCrossWalletBalance", "totalCrossUnPnl",
    "availableBalance", "maxWithdrawAmount",
}  # fmt: skip


def test_an_open_position_shows_everywhere(um: Wire) -> None:
    um.signed("POST", "/fapi/v1/order", **SELL)

    [risk] = um.signed("GET", "/fapi/v3/positionRisk").json
    v3 = um.signed("GET", "/fapi/v3/account").json
    v2 = um.signed("GET", "/fapi/v2/account").json
    [flat_or_held] = um.signed("GET", "/fapi/v2/positionRisk", symbol="BTCUSDT").json
    [row] = v3["positions"]
    held = next(row for row in v2["positions"] if row["symbol"] == "BTCUSDT")

    assert risk["positionAmt"] == row["positionAmt"] == held["positionAmt"] == "-0.1"
    assert risk["entryPrice"] == held["entryPrice"] == flat_or_held["entryPrice"]
    assert Decimal(risk["notional"]) == Decimal("-0.1") * Decimal(risk["markPrice"])
    assert Decimal(risk["initialMargin"]) == -Decimal(risk["notional"]) / 20
    assert "leverage" not in risk
    assert (flat_or_held["leverage"], held["leverage"]) == ("20", "20")
    assert (flat_or_held["marginType"], held["isolated"]) == ("cross", False)
    assert um.signed("GET", "/fapi/v3/positionRisk", symbol="ETHUSDT").json == []
    assert len(v2["positions"]) == len(um.get("/fapi/v1/exchangeInfo").json["symbols"])


def test_totals_add_up(um: Wire) -> None:
    um.signed("POST", "/fapi/v1/order", **SELL)

    account = um.signed("GET", "/fapi/v3/account").json
    number = {key: Decimal(account[key]) for key in TOTALS}
    [usdt] = um.signed("GET", "/fapi/v2/balance").json

    assert number["totalMarginBalance"] == number["totalWalletBalance"] + number["totalUnrealizedProfit"]
    assert number["availableBalance"] == number["totalMarginBalance"] - number["totalInitialMargin"]
    assert Decimal(usdt["balance"]) == number["totalWalletBalance"]
    assert Decimal(usdt["availableBalance"]) == number["availableBalance"]
    assert set(account["assets"][0]) >= {
        "asset",
        "walletBalance",
        "crossUnPnl",
        "initialMargin",
        "updateTime",
    }


def test_income_lists_what_changed_the_wallet(um: Wire) -> None:
    um.signed("POST", "/fapi/v1/order", **SELL)

    rows = um.signed("GET", "/fapi/v1/income").json
    fees = um.signed("GET", "/fapi/v1/income", incomeType="COMMISSION", symbol="BTCUSDT").json
    [usdt] = um.signed("GET", "/fapi/v3/balance").json

    assert Decimal(usdt["balance"]) == sum(Decimal(row["income"]) for row in rows)
    assert fees
    assert all(Decimal(row["income"]) < 0 and row["tradeId"].isdigit() for row in fees)
    assert um.signed("GET", "/fapi/v1/income", limit=1).json == rows[-1:]
    assert um.signed("GET", "/fapi/v1/income", limit=1, startTime=1).json == rows[:1]
    assert um.signed("GET", "/fapi/v1/income", limit=1, page=2).json == rows[1:2]


def test_leverage_is_set_and_read_back(um: Wire) -> None:
    most = um.signed("GET", "/fapi/v1/leverageBracket", symbol="BTCUSDT").json[0]["brackets"][0]
    done = um.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=most["initialLeverage"]).json

    [config] = um.signed("GET", "/fapi/v1/symbolConfig", symbol="BTCUSDT").json
    assert done == {
        "leverage": most["initialLeverage"],
        "maxNotionalValue": str(most["notionalCap"]),
        "symbol": "BTCUSDT",
    }
    assert (config["leverage"], config["maxNotionalValue"]) == (done["leverage"], done["maxNotionalValue"])
    assert (config["marginType"], config["isAutoAddMargin"]) == ("CROSSED", False)


@pytest.mark.parametrize("leverage", [0, 1000])
def test_leverage_outside_the_table_is_refused(um: Wire, leverage: int) -> None:
    refused = um.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=leverage)

    assert refused.refusal == (400, -4028, f"Leverage {leverage} is not valid")


def test_brackets_are_numbers_in_a_list(um: Wire) -> None:
    [btc] = um.signed("GET", "/fapi/v1/leverageBracket", symbol="BTCUSDT").json
    every = um.signed("GET", "/fapi/v1/leverageBracket").json

    first, second = btc["brackets"][:2]
    assert btc in every
    assert [type(first[key]) for key in ("bracket", "initialLeverage", "maintMarginRatio", "cum")] == [
        int,
        int,
        float,
        float,
    ]
    assert (first["notionalFloor"], second["notionalFloor"]) == (0, first["notionalCap"])


def test_modes_are_one_way_cross_and_single_asset(um: Wire) -> None:
    assert um.signed("GET", "/fapi/v1/positionSide/dual").json == {"dualSidePosition": False}
    assert um.signed("GET", "/fapi/v1/multiAssetsMargin").json == {"multiAssetsMargin": False}
    config = um.signed("GET", "/fapi/v1/accountConfig").json
    assert (config["dualSidePosition"], config["multiAssetsMargin"], config["feeTier"]) == (False, False, 0)


@pytest.mark.parametrize(
    ("path", "params", "refusal"),
    [
        ("positionSide/dual", {"dualSidePosition": "False"}, (-4059, "No need to change position side.")),
        (
            "marginType",
            {"symbol": "BTCUSDT", "marginType": "CROSSED"},
            (-4046, "No need to change margin type."),
        ),
        (
            "multiAssetsMargin",
            {"multiAssetsMargin": "false"},
            (-4171, "Adjusted asset mode is currently set and does not need to be adjusted repeatedly."),
        ),
    ],
)
def test_modes_that_are_set_already_are_refused(
    um: Wire, path: str, params: dict[str, str], refusal: tuple[int, str]
) -> None:
    assert um.signed("POST", f"/fapi/v1/{path}", **params).refusal == (400, *refusal)


def test_fees_and_burning_are_told(um: Wire) -> None:
    rates = um.signed("GET", "/fapi/v1/commissionRate", symbol="BTCUSDT").json

    assert (rates["makerCommissionRate"], rates["takerCommissionRate"]) == ("0.0002", "0.0005")
    assert um.signed("GET", "/fapi/v1/feeBurn").json == {"feeBurn": False}
    assert um.signed("POST", "/fapi/v1/feeBurn", feeBurn="true").json == {"code": 200, "msg": "success"}
    assert um.signed("GET", "/fapi/v1/feeBurn").json == {"feeBurn": True}
