"""Circulating supply, from the product list of Binance's website. Implements `SupplySource`.

The list has no contract: it may change, or answer with a challenge instead. It is asked over `requests`, without
what the environment says about proxies, and no redirect is followed.
"""

from __future__ import annotations

import queue
import threading
from decimal import Decimal

from atapi.errors import VenueUnreachable
from atapi.exchanges.binance import parse
from atapi.exchanges.binance.hosts import Hosts
from atapi.exchanges.binance.link import decoded

PATH = "/bapi/asset/v2/public/asset-service/product/get-products?includeEtf=true"
MAX_BYTES = 32 * 2**20
_CHUNK = 65_536


class ProductList:
    """The website's list of what is traded, with the supply of each coin."""

    def __init__(self, hosts: Hosts, timeout_s: float) -> None:
        self._hosts = hosts
        self._timeout_s = timeout_s

    def circulating_supply(self) -> dict[str, Decimal]:
        """Coins in circulation by base asset; assets of unknown supply are left out."""
        payload = decoded(self._fetch())
        rows = parse.read("get-products", lambda answer: answer["data"], payload)
        return parse.read("get-products", parse.supply, rows)

    def _fetch(self) -> bytes:
        answers: queue.SimpleQueue[bytes | VenueUnreachable] = queue.SimpleQueue()
        url = self._hosts.current.products + PATH
        # requests bounds each wait, not their sum: the deadline is kept from outside
        threading.Thread(target=lambda: answers.put(_get(url, self._timeout_s)), daemon=True).start()
        try:
            answer = answers.get(timeout=self._timeout_s)
        except queue.Empty:
            raise VenueUnreachable(f"get-products: no whole answer in {self._timeout_s:g} s") from None
        if isinstance(answer, VenueUnreachable):
            raise answer
        return answer


def _get(url: str, timeout_s: float) -> bytes | VenueUnreachable:
    import requests  # 100 ms, and only this asks for it

    body = bytearray()
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.get(url, timeout=timeout_s, allow_redirects=False, stream=True) as answer:
                if answer.status_code != 200:
                    return VenueUnreachable(f"get-products: HTTP {answer.status_code}")
                for chunk in answer.iter_content(_CHUNK):
                    body += chunk
                    if len(body) > MAX_BYTES:
                        return VenueUnreachable(f"get-products: longer than {MAX_BYTES >> 20} MiB")
    except requests.RequestException as e:
        return VenueUnreachable(f"get-products: {type(e).__name__}")
    return bytes(body)
