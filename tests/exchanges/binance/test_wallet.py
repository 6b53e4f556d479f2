from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from atapi.domain.account import Wallet
from atapi.errors import InsufficientBalance, OutcomeUnknown, UsageError
from atapi.exchanges.base import WalletVenue
from atapi.exchanges.binance.networks import Endpoints
from atapi.exchanges.binance.venue import BinanceVenue
from tests.exchanges.binance.conftest import answers
from tests.exchanges.binance.raw_server import RawServer, Reply, http, reply

Serve = Callable[..., RawServer]
Adapter = Callable[..., BinanceVenue]


def wallet(venue: BinanceVenue) -> WalletVenue:
    assert venue.wallet is not None
    return venue.wallet


@pytest.mark.parametrize(
    ("source", "target", "kind"),
    [
        (Wallet.SPOT, Wallet.FUTURES, "MAIN_UMFUTURE"),
        (Wallet.FUTURES, Wallet.SPOT, "UMFUTURE_MAIN"),
        (Wallet.SPOT, Wallet.MARGIN, "MAIN_MARGIN"),
        (Wallet.FUNDING, Wallet.SPOT, "FUNDING_MAIN"),
        (Wallet.FUTURES, Wallet.FUNDING, "UMFUTURE_FUNDING"),
        (Wallet.MARGIN, Wallet.FUTURES, "MARGIN_UMFUTURE"),
    ],
)
def test_a_transfer_is_named_by_its_wallets(
    serve: Serve, adapter: Adapter, source: Wallet, target: Wallet, kind: str
) -> None:
    server = serve(answers(asset_transfer=reply({"tranId": 13526853623})))

    told = wallet(adapter(server)).transfer("USDT", D("250.50"), source, target)

    [received] = server.requests
    assert told == "13526853623"
    assert (received.method, received.path) == ("POST", "/sapi/v1/asset/transfer")
    assert received.query.startswith(f"type={kind}&asset=USDT&amount=250.50&timestamp=")


def test_a_transfer_to_itself_is_refused_before_anything_is_sent(serve: Serve, adapter: Adapter) -> None:
    server = serve()

    with pytest.raises(UsageError):
        wallet(adapter(server)).transfer("USDT", D(1), Wallet.SPOT, Wallet.SPOT)

    assert server.connections == 0


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply({"code": -3041, "msg": "Balance is not enough"}, 400), InsufficientBalance),
        (reply({"code": -3044, "msg": "System busy."}, 400), OutcomeUnknown),
        (http(b"{}"), OutcomeUnknown),
        (Reply(b"", "close"), OutcomeUnknown),
    ],
)
def test_a_transfer_s_failure_says_what_is_known(
    serve: Serve, adapter: Adapter, answer: Reply, expected: type[Exception]
) -> None:
    server = serve(answer)

    with pytest.raises(expected):
        wallet(adapter(server)).transfer("USDT", D(1), Wallet.SPOT, Wallet.FUTURES)

    assert len(server.requests) == 1


def test_margin_and_funding_wallets_leave_out_what_is_empty(serve: Serve, adapter: Adapter) -> None:
    found = wallet(
        adapter(
            serve(answers(margin_account="margin_account", **{"asset_get-funding-asset": "funding_wallet"}))
        )
    )

    assert [(b.asset, b.total) for b in found.other_balances(Wallet.MARGIN)] == [("BTC", D("0.005995"))]
    assert [(b.asset, b.total) for b in found.other_balances(Wallet.FUNDING)] == [("USDT", D("3.75"))]
    with pytest.raises(UsageError):
        found.other_balances(Wallet.SPOT)


def test_the_bnb_discount_is_asked_of_both_markets(serve: Serve, adapter: Adapter) -> None:
    server = serve(
        answers(
            bnbBurn=reply({"spotBNBBurn": True, "interestBNBBurn": False}), feeBurn=reply({"feeBurn": False})
        )
    )

    discount = wallet(adapter(server)).bnb_discount()

    assert (discount.spot, discount.futures) == (True, False)
    assert [received.path for received in server.requests] == ["/sapi/v1/bnbBurn", "/fapi/v1/feeBurn"]


def test_a_network_without_sapi_has_no_wallet(serve: Serve, adapter: Adapter) -> None:
    url = serve().url

    assert adapter(serve(), endpoints=Endpoints(url, url, url, wallet=False)).wallet is None


def test_transfers_are_read_page_by_page_and_told_oldest_first(serve: Serve, adapter: Adapter) -> None:
    row = {"asset": "USDT", "amount": "1", "type": "MAIN_UMFUTURE", "status": "CONFIRMED"}
    newest = [row | {"tranId": 300 - n, "timestamp": 1_767_225_600_300 - n} for n in range(100)]
    oldest = row | {"tranId": 7, "timestamp": 1_767_225_600_001}
    server = serve(
        reply({"total": 101, "rows": newest}),
        reply({"total": 101, "rows": [oldest]}),
    )

    found = wallet(adapter(server)).transfers(
        Wallet.SPOT, Wallet.FUTURES, start=datetime(2026, 1, 1, tzinfo=UTC)
    )

    assert [moved.transfer_id for moved in (found[0], found[-1])] == ["7", "300"]
    assert len(found) == 101
    assert found[0].amount == D(1)
    first, second = (received.query for received in server.requests)
    assert first.startswith("type=MAIN_UMFUTURE&startTime=1767225600000&current=1&size=100&")
    assert "current=2" in second


def test_an_account_that_never_moved_anything_has_no_rows(serve: Serve, adapter: Adapter) -> None:
    server = serve(reply({"total": 0}))

    assert (
        wallet(adapter(server)).transfers(Wallet.FUTURES, Wallet.SPOT, start=datetime(2026, 1, 1, tzinfo=UTC))
        == []
    )
