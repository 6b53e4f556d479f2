"""Accounts of the embedded exchange, told over a real socket by a server that only these tests know."""

from __future__ import annotations

import json

from atapi.domain.account import Wallet
from atapi.exchanges.paper_backroom import Fees, Gift, PaperBackroom
from tests.exchanges.test_paper_admin import Exchange, serving
from tests.fakes import D, utc

BOB = {
    "name": "bob",
    "account": "2",
    "key": "K",
    "fees": {"spot": {"maker": "0.001", "taker": "0.001"}, "um": {"maker": "0.0002", "taker": "0.0005"}},
    "permissions": ["read", "spot"],
    "created_ms": 1609459200000,
}


def test_an_account_is_read_with_its_terms() -> None:
    with serving(Exchange(answer=json.dumps({"accounts": [BOB]}).encode())) as admin:
        [bob] = PaperBackroom(lambda: admin).accounts()

    assert (bob.name, bob.key, bob.secret, bob.permissions) == ("bob", "K", None, ("read", "spot"))
    assert bob.fees["futures"] == Fees(maker=D("0.0002"), taker=D("0.0005"))
    assert bob.created == utc("2021-01-01")


def test_an_account_is_made_on_the_terms_said() -> None:
    exchange = Exchange(answer=json.dumps(BOB | {"secret": "S"}).encode())
    with serving(exchange) as admin:
        fees = {"futures": Fees(maker=D("0.00018"), taker=D("4E-4"))}
        made = PaperBackroom(lambda: admin).add_account("bob", funded=True, fees=fees, permissions=("read",))

    assert made.secret == "S"
    assert exchange.asked[0][1:] == (
        "/paper/v1/accounts",
        "t0ken",
        {
            "name": "bob",
            "funded": True,
            "fees": {"um": {"maker": "0.00018", "taker": "0.0004"}},
            "permissions": ["read"],
        },
    )


def test_only_what_is_said_is_changed() -> None:
    exchange = Exchange(answer=json.dumps(BOB).encode())
    with serving(exchange) as admin:
        PaperBackroom(lambda: admin).change_account("bob", fees={}, permissions=None)

    assert exchange.asked[0][1:] == ("/paper/v1/accounts/terms", "t0ken", {"name": "bob"})


def test_gifts_are_told_by_wallet() -> None:
    told = {"funds": [{"wallet": "um", "asset": "USDT", "amount": "100000"}]}
    with serving(Exchange(answer=json.dumps(told).encode())) as admin:
        gifts = PaperBackroom(lambda: admin).fund_account("bob")

    assert gifts == [Gift(wallet=Wallet.FUTURES, asset="USDT", amount=D(100_000))]


def test_a_deposit_names_the_account() -> None:
    exchange = Exchange()
    with serving(exchange) as admin:
        PaperBackroom(lambda: admin).deposit("bob", Wallet.SPOT, "BTC", D("0.5"))

    assert exchange.asked[0][3] == {"account": "bob", "wallet": "spot", "asset": "BTC", "amount": "0.5"}
