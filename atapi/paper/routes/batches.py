"""Batches of futures orders on USD-M and COIN-M: placed, changed, canceled; HTTP 200 even where all of them fail."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.futures import Both, as_item, changed, desk_of, market_of, placed
from atapi.paper.wire.orderforms import um_amendment, um_order
from atapi.paper.wire.params import Params, invalid, missing

both = Both()
router, cm_router = both.um, both.cm

Json = dict[str, Any]
MAX_BATCH, MAX_CANCELS = 5, 10


@both.signed("POST", "batchOrders", weight=5, orders=True)
def place(call: Call) -> list[Json]:
    """Place up to five orders; each stands or falls alone."""
    forms, account = _forms(call), call.account
    _count(call, account, len(forms))
    return [as_item(partial(_place, call, account, form)) for form in forms]


@both.signed("PUT", "batchOrders", weight=5, orders=True)
def modify(call: Call) -> list[Json]:
    """Change up to five orders; each stands or falls alone."""
    forms, account = _forms(call), call.account
    _count(call, account, len(forms))
    return [as_item(partial(_modify, call, account, form)) for form in forms]


@both.signed("DELETE", "batchOrders")
def cancel(call: Call) -> list[Json]:
    """Cancel up to ten orders by `orderIdList` or `origClientOrderIdList`."""
    symbol = call.params.symbol()
    name = "orderidlist" if "orderidlist" in call.params else "orderIdList"  # some clients write it so
    ids = call.params.json_list(name)
    client_ids = call.params.json_list("origClientOrderIdList")
    keys: list[tuple[int | None, str | None]] = [(_id(key, name), None) for key in ids or []]
    keys += [(None, str(key)) for key in client_ids or []]
    if not keys:
        raise missing("orderIdList")
    if len(keys) > MAX_CANCELS:
        raise invalid(name)
    account = call.account
    return [as_item(partial(_cancel, call, account, symbol, *key)) for key in keys]


def _forms(call: Call) -> list[Params]:
    forms = call.params.json_list("batchOrders")
    if forms is None:
        raise missing("batchOrders")
    if len(forms) > MAX_BATCH:
        raise Refusal(-4082, f"Invalid number of batch place orders: {len(forms)}")
    return [_form(form) for form in forms]


def _form(form: Any) -> Params:
    """Read one order of a batch as if it had been sent alone."""
    if not isinstance(form, dict):
        raise invalid("batchOrders")
    values = {
        str(name): value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in form.items()
        if value is not None
    }
    return Params(values, strict=False)


def _id(key: Any, name: str) -> int:
    if isinstance(key, bool) or not str(key).isdecimal():
        raise invalid(name)
    return int(key)


def _count(call: Call, account: str, orders: int) -> None:
    call.gateway.limits[market_of(call)].count_orders(account, orders)


def _place(call: Call, account: str, form: Params) -> Json:
    submit, answer = um_order(form)
    order, _ = call.exchange.place(account, market_of(call), submit)
    return placed(call, order, ack=answer == "ACK")


def _modify(call: Call, account: str, form: Params) -> Json:
    return changed(call, desk_of(call).amend(account, um_amendment(form)))


def _cancel(call: Call, account: str, symbol: str, order_id: int | None, client_id: str | None) -> Json:
    order = call.exchange.cancel(
        account, market_of(call), symbol, order_id=order_id, client_order_id=client_id
    )
    return placed(call, order)
