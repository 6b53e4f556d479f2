"""Signatures: HMAC-SHA256, RSA (PKCS #1 v1.5 with SHA-256) and Ed25519, over the exact text that is sent.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING

from atapi.errors import ConfigError
from atapi.exchanges.binance.query import percent

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_BLOCK = 64  # bytes of one SHA-256 block
_PEM = "-----BEGIN"


class Signer:
    """Signs text; never shows what with."""

    __slots__ = ("_sign", "kind")

    def __init__(self, kind: str, sign: Callable[[str], str]) -> None:
        self.kind = kind  # HMAC, RSA or Ed25519
        self._sign = sign

    def __call__(self, text: str) -> str:
        """Sign a query string; the answer can go into a URL as it is."""
        return self._sign(text)

    def __repr__(self) -> str:
        return f"Signer({self.kind}, ****)"


def signer(secret: str, password: str | None = None) -> Signer:
    """Make the signer of a secret: an HMAC secret, or a private key in PEM.

    Raises:
        ConfigError: The PEM cannot be read, or is neither RSA nor Ed25519.
    """
    if not secret.lstrip().startswith(_PEM):
        return Signer("HMAC", _hmac(secret))
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(secret.strip().encode(), password.encode() if password else None)
    except (ValueError, TypeError):
        # `from None`: the parser's own words may quote what it read
        raise ConfigError("the private key cannot be read; give an unencrypted PKCS #8 PEM") from None
    if isinstance(key, Ed25519PrivateKey):
        return Signer("Ed25519", _ed25519(key))
    if isinstance(key, RSAPrivateKey):
        return Signer("RSA", _rsa(key))
    raise ConfigError("the private key is neither RSA nor Ed25519, the two kinds Binance knows")


def _hmac(secret: str) -> Callable[[str], str]:
    # RFC 2104 with both pads hashed once: a copy of two states costs less than keying anew for every order
    key = secret.encode()
    key = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key))
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))

    def sign(text: str) -> str:
        inside, outside = inner.copy(), outer.copy()
        inside.update(text.encode())
        outside.update(inside.digest())
        return outside.hexdigest()

    return sign


def _ed25519(key: Ed25519PrivateKey) -> Callable[[str], str]:
    return lambda text: percent(b64encode(key.sign(text.encode())).decode())


def _rsa(key: RSAPrivateKey) -> Callable[[str], str]:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    return lambda text: percent(b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode())
