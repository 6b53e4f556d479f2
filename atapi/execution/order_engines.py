"""The engines of single orders by the words the journal keeps of their intents, for the first run and for recovery."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from decimal import Decimal
from typing import Any

from atapi.domain.instruments import Market
from atapi.domain.orders import Amendment, Side
from atapi.execution.effects import Attempt, AttemptState, Effect
from atapi.execution.executor import EngineOf, Transaction
from atapi.execution.journal import Journal
from atapi.execution.journal_rows import Intent
from atapi.execution.leg import settle
from atapi.execution.order import (
    Amended,
    Ended,
    OrderTerms,
    Placed,
    Slot,
    amend_order,
    cancel_foreign,
    cancel_order,
    follow_order,
    place_order,
)

PLACE, FOLLOW, AMEND = "order", "follow", "amend"
CANCEL, CANCEL_FOREIGN = "cancel", "cancel-foreign"
KINDS = (PLACE, FOLLOW, AMEND, CANCEL, CANCEL_FOREIGN)


def placing(terms: OrderTerms) -> EngineOf[Placed]:
    """Place an order."""

    def engine(of: Transaction) -> Generator[Effect, Any, Placed]:
        slot = Slot(intent_id=of.intent_id, instance=of.instance, rows=of.rows, resumed=of.resumed)
        return place_order(slot, terms)

    return engine


def following(attempt: Attempt, base_asset: str) -> EngineOf[Attempt]:
    """Find out how a live order stands."""

    def engine(of: Transaction) -> Generator[Effect, Any, Attempt]:
        if attempt.state.settled:
            return attempt
        return (yield from follow_order(attempt, base_asset=base_asset))

    return engine


def canceling(attempt: Attempt, base_asset: str) -> EngineOf[Attempt]:
    """Cancel an order of ours."""
    return lambda of: cancel_order(attempt, base_asset=base_asset)


def canceling_foreign(market: Market, symbol: str, client_order_id: str) -> EngineOf[Ended]:
    """Cancel an order of which the journal keeps no row."""
    return lambda of: cancel_foreign(market, symbol, client_order_id)


def amending(attempt: Attempt, amendment: Amendment, base_asset: str) -> EngineOf[Amended]:
    """Change an order of ours where it rests."""

    def engine(of: Transaction) -> Generator[Effect, Any, Amended]:
        known = attempt
        if known.state is AttemptState.SENDING:
            known = yield from settle(known, base_asset=base_asset, resumed=True, rests=True)
        if known.state.settled:
            return Amended(attempt=known, changed=False)
        return (yield from amend_order(known, amendment, base_asset=base_asset, resumed=of.resumed))

    return engine


def order_text(attempt: Attempt, base_asset: str) -> dict[str, str]:
    """Write which order of ours a cancel is about, or a question, for the journal."""
    return {"client_order_id": attempt.request.client_order_id, "base_asset": base_asset}


def cancel_foreign_text(market: Market, symbol: str, client_order_id: str) -> dict[str, str]:
    """Write what the cancel of somebody else's order is about."""
    return {"market": market, "symbol": symbol, "client_order_id": client_order_id}


def amend_text(amendment: Amendment, base_asset: str) -> dict[str, str]:
    """Write what a change is about."""
    return {
        "market": amendment.market,
        "symbol": amendment.symbol,
        "side": amendment.side,
        "client_order_id": amendment.client_order_id,
        "new_quantity": str(amendment.quantity),
        "new_price": str(amendment.price),
        "base_asset": base_asset,
    }


def recovering(intent: Intent, journal: Journal) -> EngineOf[Any]:
    """Choose the engine that ends what was cut short."""
    terms = intent.terms
    if intent.kind == PLACE:
        return placing(OrderTerms.from_text(terms))
    if intent.kind == CANCEL_FOREIGN:
        return canceling_foreign(Market(terms["market"]), terms["symbol"], terms["client_order_id"])
    attempt = journal.attempt(terms["client_order_id"])
    assert attempt is not None, intent
    if intent.kind == FOLLOW:
        return following(attempt, terms["base_asset"])
    if intent.kind == CANCEL:
        return canceling(attempt, terms["base_asset"])
    assert intent.kind == AMEND, intent
    return amending(attempt, _amendment(terms), terms["base_asset"])


def _amendment(terms: Mapping[str, str]) -> Amendment:
    return Amendment(
        market=Market(terms["market"]),
        symbol=terms["symbol"],
        side=Side(terms["side"]),
        client_order_id=terms["client_order_id"],
        quantity=Decimal(terms["new_quantity"]),
        price=Decimal(terms["new_price"]),
    )
