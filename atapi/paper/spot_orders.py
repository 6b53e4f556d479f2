"""A spot order as it is written down, and as the filters see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from atapi.matching.spot_filters import SpotCandidate, Standing
from atapi.paper.new_orders import check_form, new_order
from atapi.paper.order_terms import PLAIN, WAITING, OrderTerms
from atapi.paper.orders import Orders
from atapi.paper.records import ZERO, OrderRecord, Refusal, list_owner
from atapi.paper.views import Submit
from atapi.paper.waiting import CONTINGENT

if TYPE_CHECKING:
    from atapi.paper.spot_lists import SpotLists

PRICED = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
TYPES = ("MARKET", *PRICED, "STOP_LOSS", "TAKE_PROFIT")


def draw_up(account: str, submit: Submit, now_ms: int, market: str = "spot") -> OrderRecord:
    """Write down an order as it was asked, without ids; refuse one that no market could read."""
    check_form(submit, TYPES, ("GTC", "IOC", "FOK"), priced=PRICED)
    contingent = submit.type in CONTINGENT
    if contingent and submit.stop_price is None and submit.trailing_delta is None:
        raise Refusal(-1102, "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!")
    price, peg = submit.price if submit.type in PRICED else None, submit.terms.peg
    order = new_order(market, account, submit, price=price, quantity=submit.quantity or ZERO, now_ms=now_ms)
    if submit.iceberg and submit.iceberg > order.quantity:
        raise Refusal(-2010, "IcebergQty exceeds QTY.")
    terms = OrderTerms(
        stop_price=submit.stop_price or ZERO,
        trailing_delta=submit.trailing_delta or 0,
        iceberg=submit.iceberg or ZERO,
        working_ms=WAITING if contingent else 0,
        strategy_id=submit.strategy_id,
        strategy_type=submit.strategy_type,
        side_effect=submit.side_effect,
        repay_at_cancel=submit.repay_at_cancel,
        peg=peg,
        peg_level=submit.terms.peg_level,
        asked=(price or ZERO) if peg else ZERO,
    )
    if terms != PLAIN:
        order.terms = terms
    return order


def candidate_of(
    order: OrderRecord,
    reference: Decimal,
    standing: Standing,
    *,
    by_quote: bool = False,
    listed: bool = False,
) -> SpotCandidate:
    """Show an order to the filters."""
    terms = order.terms
    return SpotCandidate(
        side=order.side,
        reference=reference,
        price=(order.price or None) if order.type in PRICED else None,  # none yet: pegged, and waiting
        quantity=None if by_quote else order.quantity,
        quote_quantity=order.quote_quantity if by_quote else None,
        stop_price=terms.stop_price or None,
        trailing_delta=terms.trailing_delta or None,
        iceberg=terms.iceberg or None,
        algo=order.type in CONTINGENT,
        listed=listed,
        standing=standing,
    )


def standing_of(
    orders: Orders, lists: SpotLists, order: OrderRecord, ahead: Sequence[OrderRecord]
) -> Standing:
    """Count what an order's account has open, and what is judged ahead of it."""
    account = order.account
    standing = Standing(
        orders=orders.count(account, order.market, order.symbol) + len(ahead),
        lists=len(lists.open(list_owner(order.market, account), order.symbol)),
        all_orders=orders.count_all(account, order.market) + len(ahead),
        all_lists=len(lists.open(list_owner(order.market, account))),
    )
    if order.type not in CONTINGENT:
        return standing
    algos = [other for other in (*orders.open(account, order.market), *ahead) if other.type in CONTINGENT]
    mine = sum(other.symbol == order.symbol for other in algos)
    return replace(standing, algo_orders=mine, all_algo_orders=len(algos))
