"""Vectors: Binance's documentation, and what real clients sent."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from atapi.errors import ConfigError
from atapi.exchanges.binance.query import encode
from atapi.exchanges.binance.signing import signer
from tests.exchanges.binance.recordings import fixture_files

SPOT_SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
UM_SECRET = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"


@pytest.mark.parametrize(
    ("secret", "text", "signature"),
    [
        (
            SPOT_SECRET,
            "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
            "&recvWindow=5000&timestamp=1499827319559",
            "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
        ),
        (
            UM_SECRET,
            "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC"
            "&recvWindow=5000&timestamp=1591702613943",
            "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
        ),
        (
            UM_SECRET,
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTCquantity=1&price=9000"
            "&recvWindow=5000&timestamp=1591702613943",
            "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4",
        ),
    ],
)
def test_hmac_signs_as_the_documentation_does(secret: str, text: str, signature: str) -> None:
    assert signer(secret)(text) == signature


def test_parameters_encoded_by_us_sign_as_the_documentation_does() -> None:
    query = encode(
        {
            "symbol": "LTCBTC",
            "side": "BUY",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "1",
            "price": "0.1",
            "recvWindow": 5000,
            "timestamp": 1499827319559,
        }
    )

    assert signer(SPOT_SECRET)(query).startswith("c8db56825ae71d6d")


@given(st.text(min_size=1, max_size=200).filter(lambda s: "-----BEGIN" not in s), st.text(max_size=200))
def test_the_prepared_hmac_is_the_plain_one(secret: str, text: str) -> None:
    plain = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    assert signer(secret)(text) == plain


@pytest.mark.recordings
@pytest.mark.parametrize(
    "path", fixture_files("signed_requests", "*.json"), ids=lambda path: getattr(path, "stem", "absent")
)
def test_hmac_signs_as_recorded_clients_did(path) -> None:  # type: ignore[no-untyped-def]
    recording = json.loads(path.read_text(encoding="utf-8"))
    sign = signer(recording["api_secret"])
    signed = [request for request in recording["requests"] if "signature" in request]

    assert signed
    assert [sign(request["signed_text"]) for request in signed] == [r["signature"] for r in signed]


def test_an_ed25519_signature_verifies_and_can_go_into_a_url() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    sign = signer(_pem(key))

    signature = sign("symbol=BTCUSDT")

    assert sign.kind == "Ed25519"
    assert not set("+/=") & set(signature)
    key.public_key().verify(b64decode(unquote(signature)), b"symbol=BTCUSDT")


def test_an_rsa_signature_verifies_and_can_go_into_a_url() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    sign = signer(_pem(key))

    signature = sign("symbol=BTCUSDT")

    assert sign.kind == "RSA"
    assert not set("+/=") & set(signature)
    raw = b64decode(unquote(signature))
    key.public_key().verify(raw, b"symbol=BTCUSDT", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(
    "secret", ["-----BEGIN PRIVATE KEY-----\nnotakeyatall\n-----END PRIVATE KEY-----", "-----BEGIN"]
)
def test_a_broken_private_key_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ConfigError) as caught:
        signer(secret)

    assert "notakeyatall" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_key_of_a_kind_binance_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigError, match="neither RSA nor Ed25519"):
        signer(_pem(ec.generate_private_key(ec.SECP256R1())))


def test_a_signer_shows_nothing_of_its_secret() -> None:
    assert repr(signer(SPOT_SECRET)) == "Signer(HMAC, ****)"


def _pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
