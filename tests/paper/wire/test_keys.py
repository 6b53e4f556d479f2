"""RSA and Ed25519: who signs with them, on which market, and what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from binance.spot import Spot

from atapi.paper.host import Hosted
from tests.paper.client import Reply, Wire
from tests.paper.keys import KINDS, KeyPair
from tests.paper.routes.test_admin import ask

BAD_SIGNATURE = (400, -1022, "Signature for this request is not valid.")
ACCOUNT_OF = {"spot": "/api/v3/account", "um": "/fapi/v3/account", "cm": "/dapi/v1/account"}


def opened(spot: Wire, hosted: Hosted, pair: KeyPair, name: str = "eve") -> str:
    """Open an account for a key pair, and tell its API key."""
    made = ask(spot, hosted, "POST", "accounts", name=name, funded=True, public_key=pair.public).json
    assert "secret" not in made
    return str(made["key"])


def sent(wire: Wire, key: str, path: str, query: str, signature: str, *, body: bool = False) -> Reply:
    text = f"{query}&signature={quote(signature, safe='')}"
    return wire.send(
        "POST" if body else "GET", path, "" if body else text, body=text if body else "", key=key
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("market", ACCOUNT_OF)
def test_a_signature_is_verified_over_the_raw_bytes(
    spot: Wire, um: Wire, cm: Wire, hosted: Hosted, kind: str, market: str
) -> None:
    pair, wire = KeyPair(kind), {"spot": spot, "um": um, "cm": cm}[market]
    key = opened(spot, hosted, pair)
    query = f"recvWindow=5000&timestamp={wire.now()}"

    good = sent(wire, key, ACCOUNT_OF[market], query, pair.sign(query))
    other = sent(wire, key, ACCOUNT_OF[market], query, KeyPair(kind).sign(query))
    changed = sent(wire, key, ACCOUNT_OF[market], query.replace("5000", "5001"), pair.sign(query))
    lower = sent(wire, key, ACCOUNT_OF[market], query, pair.sign(query).lower())

    assert good.status == 200, good.body
    assert other.refusal == changed.refusal == lower.refusal == BAD_SIGNATURE


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_body_is_signed_too(spot: Wire, um: Wire, hosted: Hosted, kind: str) -> None:
    pair = KeyPair(kind)
    key = opened(spot, hosted, pair)
    form = f"symbol=BTCUSDT&leverage=7&timestamp={um.now()}"

    assert sent(um, key, "/fapi/v1/leverage", form, pair.sign(form), body=True).json["leverage"] == 7


def test_hmac_of_the_public_key_is_no_signature(spot: Wire, hosted: Hosted) -> None:
    pair = KeyPair("Ed25519")
    key = opened(spot, hosted, pair)
    forger = Wire(spot.url, key, pair.public.strip(), "/api/v3")

    assert forger.signed("GET", "/api/v3/account").refusal == BAD_SIGNATURE


@pytest.mark.parametrize("kind", KINDS)
def test_the_stock_connector_signs_with_them(spot: Wire, hosted: Hosted, kind: str) -> None:
    pair = KeyPair(kind)
    key = opened(spot, hosted, pair)
    client = Spot(api_key=key, private_key=pair.private, base_url=spot.url, timeout=10)

    order = client.new_order("BTCUSDT", "BUY", "MARKET", quantity="0.01", newClientOrderId="a:b/c")
    held = client.account(omitZeroBalances="true")["balances"]
    client.session.close()

    assert (order["status"], order["clientOrderId"]) == ("FILLED", "a:b/c")
    assert {row["asset"] for row in held} == {"BNB", "BTC", "ETH", "USDT"}


def test_the_account_outlives_the_process(spot: Wire, hosted: Hosted, host: Any) -> None:
    pair = KeyPair("RSA")
    key = opened(spot, hosted, pair)
    hosted.close()
    later = Wire(host().spot_url, key, "", "/api/v3")
    query = f"timestamp={later.now()}"

    assert sent(later, key, "/api/v3/account", query, pair.sign(query)).status == 200


def test_accounts_tell_how_they_sign(spot: Wire, hosted: Hosted) -> None:
    opened(spot, hosted, KeyPair("RSA"), "ruth")
    opened(spot, hosted, KeyPair("Ed25519"), "ed")

    rows = ask(spot, hosted, "GET", "accounts").json["accounts"]

    told = {row["name"]: row["signs"] for row in rows}
    assert told == {"default": "HMAC_SHA256", "ruth": "RSA", "ed": "ED25519"}
    assert "PUBLIC KEY" not in str(rows)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("hello", "must be PEM that begins with"),
        (7, "must be a public key in PEM"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "cannot be read"),
        (KeyPair("RSA", 1024).public, "has 1024 bits; RSA needs 2048"),
        (KeyPair("Ed25519").private, "is a private key"),
    ],
    ids=["no PEM", "no text", "garbage", "short RSA", "private"],
)
def test_other_keys_are_refused(spot: Wire, hosted: Hosted, given: Any, words: str) -> None:
    status, code, message = ask(spot, hosted, "POST", "accounts", name="eve", public_key=given).refusal

    assert (status, code) == (400, -1102)
    assert words in message
