"""Keys that sign with what the exchange never sees: RSA (PKCS #1 v1.5 with SHA-256) and Ed25519.

What is kept of such an account in place of a secret is its public key, in PEM.
Source: https://developers.binance.com/docs/binance-spot-api-docs/faqs/api_key_types
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from atapi.paper.records import Refusal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

HMAC, RSA, ED25519 = "HMAC_SHA256", "RSA", "ED25519"
LEAST_BITS = 2048  # of an RSA key, as at Binance
PEM = "-----BEGIN "
_PUBLIC = "-----BEGIN PUBLIC KEY-----"

Check = Callable[[bytes, bytes], None]  # signature, payload; raises InvalidSignature


def kind_of(secret: str) -> str:
    """Tell how an account signs, by what is kept of it."""
    return _key(secret)[0] if secret.startswith(PEM) else HMAC


def public_key(text: str) -> str:
    """Read a public key and write it as it is kept.

    Raises:
        Refusal: -1102 where it is none that Binance takes.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    text = text.strip()
    if "PRIVATE KEY" in text:
        raise Refusal(-1102, "public_key is a private key; it stays with its owner.")
    if not text.startswith(_PUBLIC):
        raise Refusal(-1102, f"public_key must be PEM that begins with {_PUBLIC}")
    key = _loaded(text)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip()


def verified(public: str, payload: bytes, signature: str) -> bool:
    """Tell whether a signature, in base64, is that key's of the payload."""
    from cryptography.exceptions import InvalidSignature

    try:
        _key(public)[1](b64decode(signature, validate=True), payload)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


@lru_cache(maxsize=256)
def _key(public: str) -> tuple[str, Check]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    key = _loaded(public)
    if isinstance(key, Ed25519PublicKey):
        return ED25519, key.verify
    return RSA, lambda signature, payload: key.verify(signature, payload, PKCS1v15(), SHA256())


def _loaded(public: str) -> RSAPublicKey | Ed25519PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(public.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise Refusal(-1102, "public_key cannot be read; it must be a public key in PEM.") from None
    if isinstance(key, RSAPublicKey) and key.key_size < LEAST_BITS:
        raise Refusal(-1102, f"public_key has {key.key_size} bits; RSA needs {LEAST_BITS}.")
    if not isinstance(key, (RSAPublicKey, Ed25519PublicKey)):
        raise Refusal(-1102, "public_key is neither RSA nor Ed25519.")
    return key
