"""The host's own endpoints about accounts: who there is, new ones, their funds and terms."""

from __future__ import annotations

import re
from typing import Any

from atapi.domain.numbers import parse_plain
from atapi.matching.models.fees import Rates
from atapi.paper.accounts import PERMISSIONS
from atapi.paper.records import AccountRecord, Refusal
from atapi.paper.routes.admin import PREFIX, account_named, body_of
from atapi.paper.terms import FULL_FUNDS, Terms
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare
from atapi.paper.wire.keys import kind_of, public_key
from atapi.paper.wire.router import Router, Security

router = Router()

Json = dict[str, Any]
MARKETS = ("spot", "um", "cm")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}", re.ASCII)


@router.route("GET", f"{PREFIX}/accounts", security=Security.ADMIN)
def accounts(call: Call) -> Json:
    """List accounts in the order they were made; their secrets stay secret."""
    return {"accounts": [_shown(call, record) for record in call.exchange.accounts()]}


@router.route("POST", f"{PREFIX}/accounts", security=Security.ADMIN)
def add(call: Call) -> Json:
    """Make an account, with funds in every wallet where `funded` says so.

    Its secret is told this once; one with a `public_key` has none to tell.
    """
    body = body_of(call)
    name = body.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Refusal(-1102, "name must be letters, digits, - and _, beginning with a letter, at most 32.")
    if any(name == record.name for record in call.exchange.accounts()):
        raise Refusal(-1102, f"There is an account '{name}' already.")
    given = body.get("public_key")
    if given is not None and not isinstance(given, str):
        raise Refusal(-1102, "public_key must be a public key in PEM.")
    terms = Terms(
        funds=FULL_FUNDS if body.get("funded") is True else (),
        fees=_fees(body.get("fees")),
        permissions=_permissions(body.get("permissions")),
        pays_bnb=body.get("pays_bnb") is True,
        public_key=None if given is None else public_key(given),
    )
    record = call.exchange.create_account(name, terms)
    return _shown(call, record) | ({"secret": record.api_secret} if given is None else {})


@router.route("POST", f"{PREFIX}/accounts/fund", security=Security.ADMIN)
def fund(call: Call) -> Json:
    """Give an account the funds a served client begins with, in every wallet."""
    account = account_named(call, body_of(call).get("name"))
    call.exchange.agree(account, Terms(funds=FULL_FUNDS))
    return {
        "funds": [{"wallet": w, "asset": asset, "amount": bare(amount)} for w, asset, amount in FULL_FUNDS]
    }


@router.route("POST", f"{PREFIX}/accounts/terms", security=Security.ADMIN)
def terms(call: Call) -> Json:
    """Change an account's fee rates and what its key may do."""
    body = body_of(call)
    account = account_named(call, body.get("name"))
    agreed = Terms(fees=_fees(body.get("fees")), permissions=_permissions(body.get("permissions")))
    call.exchange.agree(account, agreed)
    return next(_shown(call, record) for record in call.exchange.accounts() if record.account == account)


def _shown(call: Call, record: AccountRecord) -> Json:
    exchange = call.exchange
    denied = exchange.denied(record.account)
    return {
        "name": record.name,
        "account": record.account,
        "key": record.api_key,
        "signs": kind_of(record.api_secret),
        "fees": {market: _rates(exchange.account_rates(record.account, market)) for market in MARKETS},
        "permissions": [name for name in PERMISSIONS if name not in denied],
        "created_ms": record.created_ms,
    }


def _rates(rates: Rates) -> Json:
    return {"maker": bare(rates.maker), "taker": bare(rates.taker)}


def _fees(given: Any) -> dict[str, Rates]:
    if given is None:
        return {}
    if not isinstance(given, dict) or not given.keys() <= set(MARKETS):
        raise Refusal(-1102, "fees must name rates by market: spot, um, cm.")
    return {market: _read_rates(market, rates) for market, rates in given.items()}


def _read_rates(market: str, given: Any) -> Rates:
    told = [given.get(side) if isinstance(given, dict) else None for side in Rates._fields]
    read = [parse_plain(text) if isinstance(text, str) else None for text in told]
    if any(rate is None or not 0 <= rate < 1 for rate in read):
        raise Refusal(-1102, f"fees.{market} must hold maker and taker as fractions below 1.")
    return Rates(*(rate for rate in read if rate is not None))


def _permissions(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    if not isinstance(given, list) or not set(given) <= set(PERMISSIONS):
        raise Refusal(-1102, f"permissions must be some of {', '.join(PERMISSIONS)}.")
    return tuple(given)
