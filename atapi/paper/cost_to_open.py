"""What a futures order must have available before it is accepted.

    cost        = initial margin of what it opens, at the assuming price, + its open loss
    assuming    = LIMIT that buys: its own price; that sells: the highest of last * 1.0015, the mark, its own price
                  MARKET that buys: what it would pay, at least best ask * 1.0005; that sells: what it would get
    open loss   = opened quantity * |min(0, direction * (mark - price))|

On COIN-M an order is judged at its own price. Source: protocol reference, section 11.3; Binance FAQ 87fa7ee3 as of 2026.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from atapi.matching.contracts import LINEAR
from atapi.matching.margin import max_notional
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.listing import Listing
from atapi.paper.market import Draft
from atapi.paper.records import ZERO, OrderRecord, Refusal

if TYPE_CHECKING:
    from atapi.paper.um_market import UmMarket

SHORT_BUFFER = Decimal("1.0015")  # times the last price
MARKET_BUFFER = Decimal("1.0005")  # times the best ask
ONE = Decimal(1)


def check_margin(
    market: UmMarket,
    listing: Listing[PerpetualRules],
    draft: Draft,
    mark: Decimal,
    last: Decimal | None,
    now_ms: int,
) -> None:
    """Refuse an order whose owner cannot pay for what it opens.

    Raises:
        Refusal: -2027 beyond what the leverage allows, -2019 without the margin.
    """
    order, accounts, rules = draft.order, market.accounts, listing.rules
    filled = listing.quantity(draft.plan.lots)
    size, notional = filled, market.matched(listing, draft.plan)
    if order.type != "MARKET":  # what does not match is judged at its own price
        size = order.quantity
        notional += market.value(listing, order.quantity - filled, order.price)
    if not size:
        return  # it finds nobody, and will not rest
    account, symbol = order.account, order.symbol
    leverage = market.modes.leverage(account, symbol)
    price = order.price if order.type != "MARKET" else rules.contract.price(size, notional)
    assumed = max(notional, market.value(listing, size, _assuming(listing, order, mark, last, price)))
    more = (ZERO, notional, assumed)
    before, after, margined = accounts.exposures(account, symbol, mark, side=order.side, notionals=more)
    if after > before and after > max_notional(rules.brackets, leverage):
        raise Refusal(-2027, "Exceeded the maximum allowable position at current leverage.")
    if margined <= before:
        return  # it only reduces
    cost = (margined - before) / leverage + _open_loss(market, listing, order, size, price, mark)
    if cost > accounts.totals(account, rules.margin_asset, now_ms).available:
        raise Refusal(-2019, "Margin is insufficient.")


def _assuming(
    listing: Listing[PerpetualRules], order: OrderRecord, mark: Decimal, last: Decimal | None, price: Decimal
) -> Decimal:
    if listing.rules.contract is not LINEAR:
        return price
    if order.type == "MARKET":
        ask = listing.book.best_ask
        return listing.price(ask) * MARKET_BUFFER if order.side == "BUY" and ask is not None else price
    if order.side == "BUY":
        return price
    return max(price, mark, (last or mark) * SHORT_BUFFER)


def _open_loss(
    market: UmMarket,
    listing: Listing[PerpetualRules],
    order: OrderRecord,
    size: Decimal,
    price: Decimal,
    mark: Decimal,
) -> Decimal:
    """Tell what the part that opens would lose at once, against the mark."""
    held = market.positions.quantity(order.account, order.symbol, order.position_side)
    closes = abs(held) if held and (held > 0) == (order.side == "SELL") else ZERO
    opens = max(ZERO, size - closes)
    contract = listing.rules.contract
    worse = (contract.value(ONE, price) - contract.value(ONE, mark)) * contract.sign
    return opens * max(ZERO, worse if order.side == "BUY" else -worse)
