"""Users: keys, funds, fees and permissions of their own, all in one book."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.routes.test_admin import ask

Made = dict[str, Any]


def make(spot: Wire, hosted: Hosted, name: str, **terms: Any) -> tuple[Wire, Wire]:
    """Make a user; its spot and its USD-M."""
    made = ask(spot, hosted, "POST", "accounts", name=name, funded=True, **terms).json
    return (
        Wire(hosted.spot_url, made["key"], made["secret"], "/api/v3"),
        Wire(hosted.um_url, made["key"], made["secret"], "/fapi/v1"),
    )


def held(wire: Wire) -> dict[str, Decimal]:
    rows = wire.signed("GET", "/api/v3/account", omitZeroBalances="true").json["balances"]
    return {row["asset"]: Decimal(row["free"]) + Decimal(row["locked"]) for row in rows}


def test_a_new_user_has_a_key_and_funds_in_every_wallet(spot: Wire, hosted: Hosted) -> None:
    bob, bob_um = make(spot, hosted, "bob")

    assert held(bob) == {"USDT": 100_000, "BTC": 1, "ETH": 10, "BNB": 10}
    [usdt] = [r for r in bob_um.signed("GET", "/fapi/v3/balance").json if r["asset"] == "USDT"]
    assert Decimal(usdt["balance"]) == 100_000
    [margin] = bob.signed("GET", "/sapi/v1/margin/account").json["userAssets"][:1]
    assert Decimal(margin["free"]) == 100_000
    assert held(spot) == {"USDT": 50_000}  # the first account is as it was


def test_two_users_cross_in_the_book_and_the_ledger_sums_to_zero(spot: Wire, hosted: Hosted) -> None:
    ann, _ = make(spot, hosted, "ann")
    bob, _ = make(spot, hosted, "bob", fees={"spot": {"maker": "0.0009", "taker": "0.001"}})
    [bid, ask_price] = (
        Decimal(spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json[side])
        for side in ("bidPrice", "askPrice")
    )
    inside = bid + Decimal("0.01")
    assert inside < ask_price
    order = {"symbol": "BTCUSDT", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.5", "price": inside}

    resting = ann.signed("POST", "/api/v3/order", side="SELL", **order).json
    taken = bob.signed("POST", "/api/v3/order", side="BUY", **order).json

    assert (resting["status"], taken["status"]) == ("NEW", "FILLED")
    assert held(bob)["BTC"] == Decimal("1.5") - Decimal("0.5") * Decimal("0.001")
    cost = inside / 2
    assert held(bob)["USDT"] == 100_000 - cost
    assert held(ann)["USDT"] == 100_000 + cost - cost * Decimal("0.001")
    [fill] = ann.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT").json
    assert fill["isMaker"]
    assert sums(hosted) == {}


def test_fees_agreed_are_paid_and_told_and_outlive_a_restart(spot: Wire, hosted: Hosted, host: Any) -> None:
    fees = {"um": {"maker": "0.00018", "taker": "0.0004"}}
    _, bob = make(spot, hosted, "bob", fees=fees)

    bob.signed("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1")
    [fill] = bob.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT").json
    told = bob.signed("GET", "/fapi/v1/commissionRate", symbol="BTCUSDT").json
    hosted.close()
    again = host()
    later = Wire(again.um_url, bob.key, bob.secret, "/fapi/v1")

    assert Decimal(fill["commission"]) == Decimal(fill["quoteQty"]) * Decimal("0.0004")
    assert Decimal(told["makerCommissionRate"]) == Decimal("0.00018")
    assert later.signed("GET", "/fapi/v1/commissionRate", symbol="BTCUSDT").json == told


def test_a_key_does_only_what_it_may(spot: Wire, hosted: Hosted) -> None:
    bob, bob_um = make(spot, hosted, "bob", permissions=["read", "futures"])
    buy = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    denied = (401, -2015, "Invalid API-key, IP, or permissions for action.")

    assert bob.signed("POST", "/api/v3/order", **buy).refusal == denied
    move = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "1"}
    assert bob.signed("POST", "/sapi/v1/asset/transfer", **move).refusal == denied
    assert bob_um.signed("POST", "/fapi/v1/order", **buy).status == 200
    may = bob.signed("GET", "/sapi/v1/account/apiRestrictions").json
    assert (may["enableReading"], may["enableFutures"], may["enableSpotAndMarginTrading"]) == (
        True,
        True,
        False,
    )
    assert held(bob)["USDT"] == 100_000

    ask(spot, hosted, "POST", "accounts/terms", name="bob", permissions=["futures"])
    assert bob.signed("GET", "/api/v3/account").refusal == denied


def test_listing_tells_terms_and_no_secret(spot: Wire, hosted: Hosted) -> None:
    make(spot, hosted, "bob", permissions=["read"])

    reply = ask(spot, hosted, "GET", "accounts")

    first, bob = reply.json["accounts"]
    assert (first["name"], first["key"]) == ("default", hosted.api_key)
    assert bob["permissions"] == ["read"]
    assert bob["fees"]["spot"] == {"maker": "0.001", "taker": "0.001"}
    assert b"secret" not in reply.body
    assert hosted.api_secret.encode() not in reply.body


def test_more_funds_are_given_on_request(spot: Wire, hosted: Hosted) -> None:
    bob, _ = make(spot, hosted, "bob")

    ask(spot, hosted, "POST", "accounts/fund", name="bob")
    ask(spot, hosted, "POST", "deposit", account="bob", asset="ETH", amount="1.5")

    assert held(bob) == {"USDT": 200_000, "BTC": 2, "ETH": Decimal("21.5"), "BNB": 20}


def test_a_reset_forgets_users(spot: Wire, hosted: Hosted) -> None:
    bob, _ = make(spot, hosted, "bob")

    ask(spot, hosted, "POST", "reset")

    assert bob.signed("GET", "/api/v3/account").refusal[1] == -2015


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "default"}, "There is an account 'default' already."),
        ({"name": "@fees"}, "name must be letters, digits, - and _, beginning with a letter, at most 32."),
        ({"name": ""}, "name must be letters, digits, - and _, beginning with a letter, at most 32."),
        ({}, "name must be letters, digits, - and _, beginning with a letter, at most 32."),
        ({"name": "x", "fees": {"xm": {}}}, "fees must name rates by market: spot, um, cm."),
        (
            {"name": "x", "fees": {"um": {"maker": "0.1"}}},
            "fees.um must hold maker and taker as fractions below 1.",
        ),
        (
            {"name": "x", "fees": {"um": {"maker": "1", "taker": "0"}}},
            "fees.um must hold maker and taker as fractions below 1.",
        ),
        (
            {"name": "x", "permissions": ["withdraw"]},
            "permissions must be some of read, spot, margin, futures, transfer.",
        ),
    ],
)
def test_what_is_no_account_is_refused(spot: Wire, hosted: Hosted, body: Made, message: str) -> None:
    reply = ask(spot, hosted, "POST", "accounts", **body)

    assert (reply.status, reply.json["msg"]) == (400, message)


def sums(hosted: Hosted) -> dict[str, Decimal]:
    """Add up the whole ledger by asset; only what does not come to zero."""
    total: dict[str, Decimal] = {}
    with sqlite3.connect(f"file:{hosted.folder / 'exchange.sqlite'}?mode=ro", uri=True) as db:
        for asset, amount in db.execute("SELECT asset, amount FROM entries"):
            total[asset] = total.get(asset, Decimal(0)) + Decimal(amount)
    db.close()
    return {asset: amount for asset, amount in total.items() if amount}
