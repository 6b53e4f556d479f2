"""Private payloads into values: orders, fills, balances, positions. One function each; nothing guesses.

The field names are Binance's, from
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints and
https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from atapi.clock import from_ms
from atapi.domain.account import (
    Balance,
    FeeRates,
    FuturesAccount,
    Income,
    LeverageBracket,
    Position,
    Transfer,
    Wallet,
)
from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO
from atapi.domain.orders import Amendment, Fill, Order, OrderRequest, OrderStatus, Side
from atapi.errors import OutcomeUnknown
from atapi.exchanges.binance.parse import Row, flag, number, outcome, text, whole


def placed(endpoint: str, parse: Callable[[Row], Order], payload: object, request: OrderRequest) -> Order:
    """Parse the answer to a new order; trust it only if it is whole and about the order that was sent.

    Raises:
        OutcomeUnknown: A field is missing or unreadable, or another order came back.
    """
    order = outcome(endpoint, parse, payload)
    if order.client_order_id != request.client_order_id or order.symbol != request.symbol:
        raise OutcomeUnknown(
            f"{endpoint}: order {request.client_order_id} for {request.symbol} was answered with"
            f" {order.client_order_id} for {order.symbol}; it may or may not exist"
        )
    return order


def amended(
    endpoint: str, parse: Callable[[Row], tuple[str, Decimal, Decimal]], payload: object, asked: Amendment
) -> None:
    """See that an order was changed as asked; one that the change ended shows other values too.

    Raises:
        OutcomeUnknown: The answer cannot be read, or tells of other values: the order itself is to be asked for.
    """
    client_order_id, quantity, price = outcome(endpoint, parse, payload)
    if (client_order_id, quantity, price) != (asked.client_order_id, asked.quantity, asked.price):
        raise OutcomeUnknown(
            f"{endpoint}: {asked.client_order_id} was answered with {client_order_id}, {quantity} at {price}"
        )


def spot_amended(row: Row) -> tuple[str, Decimal, Decimal]:
    """Parse `order/amend/keepPriority`: client order id, quantity, price."""
    order = row["amendedOrder"]
    return text(order, "clientOrderId"), number(order, "qty"), number(order, "price")


def um_amended(row: Row) -> tuple[str, Decimal, Decimal]:
    """Parse USD-M's `PUT order`: client order id, quantity, price."""
    return text(row, "clientOrderId"), number(row, "origQty"), number(row, "price")


def countdown_ms(row: Row) -> int:
    """Parse `countdownCancelAll`, whose time is a text."""
    return int(number(row, "countdownTime"))


def spot_order(row: Row) -> Order:
    """Parse a spot order: as placed (FULL or RESULT), as asked for, or as canceled."""
    # a cancel has an id of its own; the order's own moves to `origClientOrderId`
    ours = "origClientOrderId" if "origClientOrderId" in row else "clientOrderId"
    updated = "updateTime" if "updateTime" in row else "transactTime"
    quote = number(row, "cummulativeQuoteQty")  # the venue's spelling
    return Order(
        market=Market.SPOT,
        symbol=text(row, "symbol"),
        order_id=str(whole(row, "orderId")),
        client_order_id=text(row, ours),
        side=Side(row["side"]),
        type=text(row, "type"),
        status=OrderStatus(row["status"]),
        quantity=number(row, "origQty"),
        filled=number(row, "executedQty"),
        quote_filled=quote if quote >= 0 else None,  # negative: "not available at this time"
        price=number(row, "price"),
        reduce_only=False,
        created_at=from_ms(whole(row, "time" if "time" in row else updated)),
        updated_at=from_ms(whole(row, updated)),
    )


def um_order(row: Row) -> Order:
    """Parse a USD-M order. Since 2026-07-15 what POST and DELETE answer carries no price and no quote."""
    updated = from_ms(whole(row, "updateTime"))
    return Order(
        market=Market.UM,
        symbol=text(row, "symbol"),
        order_id=str(whole(row, "orderId")),
        client_order_id=text(row, "clientOrderId"),
        side=Side(row["side"]),
        type=text(row, "type"),
        status=OrderStatus(row["status"]),
        quantity=number(row, "origQty"),
        filled=number(row, "executedQty"),
        quote_filled=number(row, "cumQuote") if "cumQuote" in row else None,
        price=number(row, "price"),
        reduce_only=flag(row, "reduceOnly"),
        created_at=from_ms(whole(row, "time")) if "time" in row else updated,
        updated_at=updated,
    )


def spot_fill(row: Row) -> Fill:
    """Parse one row of `myTrades`."""
    return Fill(
        market=Market.SPOT,
        symbol=text(row, "symbol"),
        trade_id=str(whole(row, "id")),
        order_id=str(whole(row, "orderId")),
        side=Side.BUY if flag(row, "isBuyer") else Side.SELL,
        price=number(row, "price"),
        quantity=number(row, "qty"),
        fee=number(row, "commission"),
        fee_asset=text(row, "commissionAsset"),
        realized=None,
        maker=flag(row, "isMaker"),
        at=from_ms(whole(row, "time")),
    )


def um_fill(row: Row) -> Fill:
    """Parse one row of `userTrades`."""
    return Fill(
        market=Market.UM,
        symbol=text(row, "symbol"),
        trade_id=str(whole(row, "id")),
        order_id=str(whole(row, "orderId")),
        side=Side(row["side"]),
        price=number(row, "price"),
        quantity=number(row, "qty"),
        fee=number(row, "commission"),
        fee_asset=text(row, "commissionAsset"),
        realized=number(row, "realizedPnl"),
        maker=flag(row, "maker"),
        at=from_ms(whole(row, "time")),
    )


def spot_balance(row: Row) -> Balance:
    """Parse one row of spot's `account.balances`."""
    return _balance(Wallet.SPOT, row, "locked")


def margin_balance(row: Row) -> Balance:
    """Parse one row of the cross margin account's `userAssets`."""
    held = _balance(Wallet.MARGIN, row, "locked")
    return replace(held, owed=number(row, "borrowed") + number(row, "interest"))


def funding_balance(row: Row) -> Balance:
    """Parse one row of the funding wallet; frozen and being withdrawn count as locked."""
    return _balance(Wallet.FUNDING, row, "locked", "freeze", "withdrawing")


def um_balance(row: Row) -> Balance:
    """Parse one row of USD-M's `balance`.

    The venue counts unrealised profit as available; a wallet cannot give more than it holds, so here it stops there.
    """
    total = number(row, "balance")
    free = min(number(row, "availableBalance"), total)
    return Balance(wallet=Wallet.FUTURES, asset=text(row, "asset"), free=free, locked=total - free)


def _balance(wallet: Wallet, row: Row, *locked: str) -> Balance:
    return Balance(
        wallet=wallet,
        asset=text(row, "asset"),
        free=number(row, "free"),
        locked=sum((number(row, field) for field in locked), ZERO),
    )


def um_account(account: Row, modes: Row) -> FuturesAccount:
    """Parse USD-M's `account` and `accountConfig`."""
    return FuturesAccount(
        wallet_balance=number(account, "totalWalletBalance"),
        margin_balance=number(account, "totalMarginBalance"),
        available=number(account, "availableBalance"),
        initial_margin=number(account, "totalInitialMargin"),
        maintenance_margin=number(account, "totalMaintMargin"),
        multi_assets=flag(modes, "multiAssetsMargin"),
        hedge_mode=flag(modes, "dualSidePosition"),
    )


def position(row: Row) -> Position:
    """Parse one row of `positionRisk` v3, which knows no leverage."""
    liquidation = number(row, "liquidationPrice")
    return Position(
        symbol=text(row, "symbol"),
        position_side=text(row, "positionSide"),
        quantity=number(row, "positionAmt"),
        entry_price=number(row, "entryPrice"),
        mark_price=number(row, "markPrice"),
        liquidation_price=liquidation if liquidation > 0 else None,
        leverage=number(row, "leverage") if "leverage" in row else None,
        initial_margin=number(row, "initialMargin"),
        maintenance_margin=number(row, "maintMargin"),
        unrealized=number(row, "unRealizedProfit"),  # the venue's capital R
        adl=whole(row, "adl") if "adl" in row else None,
    )


def transfer(row: Row, source: Wallet, target: Wallet) -> Transfer:
    """Parse one row of `asset/transfer`, asked for by its two wallets."""
    return Transfer(
        transfer_id=str(whole(row, "tranId")),
        asset=text(row, "asset"),
        amount=number(row, "amount"),
        source=source,
        target=target,
        at=from_ms(whole(row, "timestamp")),
    )


def income(row: Row) -> Income:
    """Parse one row of `income`; a transfer belongs to no symbol."""
    return Income(
        symbol=text(row, "symbol", empty=True),
        kind=text(row, "incomeType"),
        amount=number(row, "income"),
        asset=text(row, "asset"),
        at=from_ms(whole(row, "time")),
        income_id=str(row["tranId"]),
        trade_id=str(row["tradeId"]) if row.get("tradeId") else None,
    )


def bracket(row: Row) -> LeverageBracket:
    """Parse one tier of `leverageBracket`, which has JSON numbers."""
    return LeverageBracket(
        notional_floor=number(row, "notionalFloor"),
        notional_cap=number(row, "notionalCap"),
        leverage=whole(row, "initialLeverage"),
        maintenance_rate=number(row, "maintMarginRatio"),
        maintenance_offset=number(row, "cum"),
    )


def spot_fees(row: Row) -> FeeRates:
    """Parse spot's `account/commission`: the standard rate and, where they exist, the special and the tax one."""
    parts = [
        row[name] for name in ("standardCommission", "specialCommission", "taxCommission") if name in row
    ]
    if "standardCommission" not in row:
        raise KeyError("standardCommission")
    return FeeRates(maker=_sum(parts, "maker"), taker=_sum(parts, "taker"))


def um_fees(row: Row) -> FeeRates:
    """Parse USD-M's `commissionRate`."""
    return FeeRates(maker=number(row, "makerCommissionRate"), taker=number(row, "takerCommissionRate"))


def _sum(parts: list[Row], field: str) -> Decimal:
    return sum((number(part, field) for part in parts), ZERO)
