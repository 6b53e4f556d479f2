"""curl and openssl, as in docs/clients.md."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.clients.conftest import Served

TOOLS = ("bash", "curl", "openssl")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason="bash, curl or openssl is not installed"
)

SIGNED = """
signed() { # METHOD URL QUERY
    local query="$3&timestamp=$(date +%s%3N)"
    local signature; signature="$(printf %s "$query" | openssl dgst -sha256 -hmac "$SECRET" -r | cut -d' ' -f1)"
    curl -s -X "$1" -H "X-MBX-APIKEY: $KEY" "$2?$query&signature=$signature"
}
"""


def curl(served: Served, line: str) -> Any:
    environment = {"KEY": served.key, "SECRET": served.secret, "SPOT": served.spot, "UM": served.um, "PATH": "/usr/bin:/bin:/usr/local/bin"}  # fmt: skip
    told = subprocess.run(
        ["bash", "-ec", SIGNED + line],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        timeout=20,
    )
    return json.loads(told.stdout)


def test_what_is_public_is_read(served: Served) -> None:
    told = curl(served, """curl -s "$UM/fapi/v1/premiumIndex?symbol=BTCUSDT" """)

    assert told["symbol"] == "BTCUSDT"


def test_an_order_is_signed_and_placed(served: Served) -> None:
    told = curl(
        served,
        """signed POST "$SPOT/api/v3/order" "symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100" """,
    )

    assert told["status"] == "FILLED"


def test_a_wrong_secret_is_refused(served: Served) -> None:
    told = curl(served, """SECRET=wrong; signed GET "$SPOT/api/v3/account" omitZeroBalances=true""")

    assert told == {"code": -1022, "msg": "Signature for this request is not valid."}
