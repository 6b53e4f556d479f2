"""Methods of the futures WebSocket APIs, and the REST endpoints they stand for."""

from __future__ import annotations

Endpoint = tuple[str, str]  # HTTP method, path

UM_METHODS: dict[str, Endpoint] = {
    "ping": ("GET", "/fapi/v1/ping"),
    "time": ("GET", "/fapi/v1/time"),
    "depth": ("GET", "/fapi/v1/depth"),
    "ticker.price": ("GET", "/fapi/v2/ticker/price"),
    "ticker.book": ("GET", "/fapi/v1/ticker/bookTicker"),
    "order.place": ("POST", "/fapi/v1/order"),
    "order.test": ("POST", "/fapi/v1/order/test"),
    "order.modify": ("PUT", "/fapi/v1/order"),
    "order.cancel": ("DELETE", "/fapi/v1/order"),
    "order.status": ("GET", "/fapi/v1/order"),
    "algoOrder.place": ("POST", "/fapi/v1/algoOrder"),
    "algoOrder.cancel": ("DELETE", "/fapi/v1/algoOrder"),
    "account.status": ("GET", "/fapi/v2/account"),
    "v2/account.status": ("GET", "/fapi/v3/account"),
    "account.balance": ("GET", "/fapi/v2/balance"),
    "v2/account.balance": ("GET", "/fapi/v3/balance"),
    "account.position": ("GET", "/fapi/v2/positionRisk"),
    "v2/account.position": ("GET", "/fapi/v3/positionRisk"),
    "userDataStream.start": ("POST", "/fapi/v1/listenKey"),
    "userDataStream.ping": ("PUT", "/fapi/v1/listenKey"),
    "userDataStream.stop": ("DELETE", "/fapi/v1/listenKey"),
}
CM_METHODS: dict[str, Endpoint] = {
    "ping": ("GET", "/dapi/v1/ping"),
    "time": ("GET", "/dapi/v1/time"),
    "order.place": ("POST", "/dapi/v1/order"),
    "order.modify": ("PUT", "/dapi/v1/order"),
    "order.cancel": ("DELETE", "/dapi/v1/order"),
    "order.status": ("GET", "/dapi/v1/order"),
    "algoOrder.place": ("POST", "/dapi/v1/algoOrder"),
    "algoOrder.cancel": ("DELETE", "/dapi/v1/algoOrder"),
    "account.status": ("GET", "/dapi/v1/account"),
    "account.balance": ("GET", "/dapi/v1/balance"),
    "account.position": ("GET", "/dapi/v1/positionRisk"),
    "userDataStream.start": ("POST", "/dapi/v1/listenKey"),
    "userDataStream.ping": ("PUT", "/dapi/v1/listenKey"),
    "userDataStream.stop": ("DELETE", "/dapi/v1/listenKey"),
}
