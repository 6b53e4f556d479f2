"""What the host itself may ask: the state of the world, time, money. Token in `X-Paper-Token`, JSON in the body."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from atapi.domain.numbers import parse_plain
from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare
from atapi.paper.wire.router import Router, Security

router = Router()

Json = dict[str, Any]
PREFIX = "/paper/v1"
WALLETS = ("spot", "um", "cm", "margin", "funding")
MAX_SPAN_MS = 366 * 86_400_000


@router.route("GET", f"{PREFIX}/status", security=Security.ADMIN)
def status(call: Call) -> Json:
    """Tell feed, clock, accounts, and how many WebSockets there are."""
    exchange = call.exchange
    span = exchange.feed.span()
    return {
        "feed": exchange.feed.name,
        "synthetic": exchange.feed.synthetic,
        "now_ms": call.now_ms,
        "still": not exchange.clock.running,
        "span_ms": list(span) if span else None,
        "spot_symbols": len(exchange.catalogue.spot),
        "um_symbols": len(exchange.catalogue.um),
        "sockets": call.gateway.sockets(),
        "accounts": [
            {"name": record.name, "created_ms": record.created_ms} for record in exchange.accounts()
        ],
    }


@router.route("POST", f"{PREFIX}/advance", security=Security.ADMIN)
def advance(call: Call) -> Json:
    """Move the clock on and settle everything on the way."""
    span = body_of(call).get("span_ms")
    if not isinstance(span, int) or isinstance(span, bool) or not 0 < span <= MAX_SPAN_MS:
        raise Refusal(-1102, f"span_ms must be a whole number from 1 to {MAX_SPAN_MS}.")
    call.exchange.advance(span)
    call.gateway.beat()
    return {"now_ms": call.exchange.now_ms()}


@router.route("POST", f"{PREFIX}/deposit", security=Security.ADMIN)
def deposit(call: Call) -> Json:
    """Give an account funds; the first one unless `account` names another."""
    body = body_of(call)
    wallet, asset = body.get("wallet", "spot"), body.get("asset")
    amount = parse_plain(str(body.get("amount", "")))
    if wallet not in WALLETS:
        raise Refusal(-1102, f"wallet must be one of {', '.join(WALLETS)}.")
    if not isinstance(asset, str) or asset not in _assets(call):
        raise Refusal(-1102, f"asset {asset!r} is not traded here.")
    if amount is None or amount <= 0:
        raise Refusal(-1102, "amount must be a positive decimal number.")
    account = account_named(call, body.get("account"))
    call.exchange.deposit(account, wallet, asset, amount)
    return {"wallet": wallet, "asset": asset, **_balance(call, account, wallet, asset)}


@router.route("POST", f"{PREFIX}/reset", security=Security.ADMIN)
def reset(call: Call) -> Json:
    """Begin the world again: no orders, first balances, first time, a new key."""
    body_of(call)
    call.gateway.reset()
    return {"now_ms": call.gateway.exchange.now_ms()}


def body_of(call: Call) -> Json:
    """Read the JSON object a request carries; -1102 where it carries none."""
    kind = (call.request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(-1102, "Send a JSON object with Content-Type: application/json.", 415)
    try:
        body = msgspec.json.decode(call.request.body or b"{}")
    except msgspec.DecodeError as error:
        raise Refusal(-1102, f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise Refusal(-1102, "The body must be a JSON object.")
    return body


def account_named(call: Call, name: Any) -> str:
    """Find an account by its name, the first one where there is none; -1102 where nobody has it."""
    for record in call.exchange.accounts():
        if name is None or name == record.name:
            return record.account
    raise Refusal(-1102, f"There is no account {name!r}.")


def _assets(call: Call) -> set[str]:
    spot = call.exchange.catalogue.spot.values()
    quotes = {rules.quote_asset for rules in call.exchange.catalogue.um.values()}
    return {asset for rules in spot for asset in (rules.base_asset, rules.quote_asset)} | quotes


def _balance(call: Call, account: str, wallet: str, asset: str) -> Json:
    free, locked = call.exchange.balances(account, wallet).get(asset, (Decimal(0), Decimal(0)))
    return {"free": bare(free), "locked": bare(locked)}
