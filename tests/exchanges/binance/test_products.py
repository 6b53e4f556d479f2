from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal as D

import pytest

from atapi.errors import VenueUnreachable
from atapi.exchanges.base import SupplySource
from atapi.exchanges.binance.venue import BinanceVenue
from tests.exchanges.binance.conftest import body
from tests.exchanges.binance.raw_server import RawServer, Reply, http, reply

Serve = Callable[..., RawServer]
Adapter = Callable[..., BinanceVenue]


def test_supply_comes_from_the_product_list(serve: Serve, adapter: Adapter) -> None:
    server = serve(http(body("products"), Connection="close"))
    products: SupplySource = adapter(server).products

    supply = products.circulating_supply()

    [received] = server.requests
    assert received.path == "/bapi/asset/v2/public/asset-service/product/get-products"
    assert received.query == "includeEtf=true"
    assert "x-mbx-apikey" not in received.headers
    assert supply == {"BNB": D(139288000), "XRP": D("60331635327.123456789")}


@pytest.mark.parametrize(
    "answer",
    [
        http(b"<html>are you human</html>", 202, "close"),
        http(b"<html>are you human</html>", 200, "close"),
        http(b"", 403, "close"),
        reply({"code": "000000"}, 200, "close"),
        reply({"data": None}, 200, "close"),
        reply({"data": [{"b": "BTC"}]}, 200, "close"),
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", "close"),
        Reply(b"", "close"),
    ],
)
def test_anything_else_is_no_answer(serve: Serve, adapter: Adapter, answer: Reply) -> None:
    server = serve(answer)

    with pytest.raises(VenueUnreachable, match="get-products"):
        adapter(server).products.circulating_supply()


def test_redirects_are_not_followed_and_proxies_not_asked(
    serve: Serve, adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, proxy = serve(http(body("products"))), serve(http(body("products")))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    server = serve(reply({}, 302, "close", Location=elsewhere.url))

    with pytest.raises(VenueUnreachable, match="HTTP 302"):
        adapter(server).products.circulating_supply()

    assert (elsewhere.connections, proxy.connections) == (0, 0)


def test_a_list_that_does_not_come_ends_at_the_deadline(serve: Serve, adapter: Adapter) -> None:
    gate = threading.Event()
    server = serve(Reply(http(body("products")).data, "close", gate))
    products = adapter(server, timeout_s=0.2).products

    with pytest.raises(VenueUnreachable):
        products.circulating_supply()

    gate.set()
