"""Keys made for a test; no PEM is ever kept in a file of the repository."""

from __future__ import annotations

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

KINDS = ("RSA", "Ed25519")


class KeyPair:
    """A private key and what may be told of it.

    Args:
        kind: `RSA` or `Ed25519`.
        bits: Of an RSA key.
    """

    def __init__(self, kind: str, bits: int = 2048) -> None:
        self._key: RSAPrivateKey | Ed25519PrivateKey = (
            generate_private_key(65537, bits) if kind == "RSA" else Ed25519PrivateKey.generate()
        )

    @property
    def public(self) -> str:
        """The public key in PEM."""
        key = self._key.public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def private(self) -> str:
        """The private key in PEM, as clients take it."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def sign(self, payload: str) -> str:
        """Sign a payload, in base64."""
        if isinstance(self._key, Ed25519PrivateKey):
            return b64encode(self._key.sign(payload.encode())).decode()
        return b64encode(self._key.sign(payload.encode(), PKCS1v15(), SHA256())).decode()
