"""What comes from outside: the faucet's gifts, told as Binance tells deposits, to whoever can sign; nothing leaves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atapi.domain.account import Wallet
from atapi.exchanges.paper_admin import PaperAdmin
from atapi.paper.host import Hosted
from tests.paper.client import Wire

HISTORY = "/sapi/v1/capital/deposit/hisrec"
EMPTY: list[tuple[str, Any]] = [
    ("/sapi/v1/capital/withdraw/history", []),
    ("/sapi/v1/asset/assetDividend", {"rows": [], "total": 0}),
    ("/sapi/v1/asset/dribblet", {"total": 0, "userAssetDribblets": []}),
]


@pytest.mark.parametrize(("path", "nothing"), EMPTY)
def test_nothing_ever_left_over_a_chain(spot: Wire, path: str, nothing: Any) -> None:
    assert spot.signed("GET", path, limit=20).json == nothing
    assert spot.get(path).refusal[:2] == (401, -2014)


def test_the_faucets_gifts_are_deposits(hosted: Hosted, spot: Wire) -> None:
    admin = PaperAdmin(url=hosted.spot_url, token=hosted.admin_token)
    admin.deposit(Wallet.FUNDING, "BNB", Decimal("2.5"))
    admin.deposit(Wallet.FUTURES, "USDT", Decimal(7))  # futures tell theirs as income

    gift, first = spot.signed("GET", HISTORY).json

    assert (gift["coin"], gift["amount"], gift["walletType"], gift["status"]) == ("BNB", "2.5", 1, 1)
    assert (first["coin"], first["amount"], first["walletType"]) == (
        "USDT",
        "50000",
        0,
    )  # what a new account has
    assert spot.signed("GET", HISTORY, coin="BNB").json == [gift]
    assert spot.signed("GET", HISTORY, limit=1, offset=1).json == [first]
    assert spot.signed("GET", HISTORY, status=0).json == []
    assert spot.get(HISTORY).refusal[:2] == (401, -2014)
