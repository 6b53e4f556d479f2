"""Payloads of cross margin into values. One function each; nothing guesses.

The field names are Binance's, from https://developers.binance.com/docs/margin_trading
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from atapi.clock import from_ms, to_ms
from atapi.domain.instruments import Market
from atapi.domain.margin import Interest, MarginAccount, MarginAsset
from atapi.domain.orders import Fill, Order
from atapi.exchanges.binance import parse_account
from atapi.exchanges.binance.parse import Row, flag, number, text, whole


def order(row: Row) -> Order:
    """Parse a margin order: as placed (FULL or RESULT), or as asked for."""
    return replace(parse_account.spot_order(row), market=Market.MARGIN)


def canceled(row: Row, at: datetime) -> Order:
    """Parse a canceled margin order: its id is a text here, and no time need be told.

    Args:
        at: When it was answered, for an answer without a time.
    """
    number_ = row["orderId"]
    told = {
        "transactTime": to_ms(at),
        **row,
        "orderId": int(number_) if isinstance(number_, str) else number_,
    }
    return order(told)


def fill(row: Row) -> Fill:
    """Parse one row of margin's `myTrades`."""
    return replace(parse_account.spot_fill(row), market=Market.MARGIN)


def account(row: Row) -> MarginAccount:
    """Parse the cross margin account."""
    return MarginAccount(
        level=number(row, "marginLevel"),
        collateral_level=number(row, "collateralMarginLevel"),
        collateral=number(row, "TotalCollateralValueInUSDT"),  # the venue's capital T
        may_borrow=flag(row, "borrowEnabled"),
        may_trade=flag(row, "tradeEnabled"),
        assets=tuple(_asset(asset) for asset in row["userAssets"]),
    )


def interest(row: Row) -> Interest:
    """Parse one row of `interestHistory`; interest paid in BNB names what was borrowed in `rawAsset`."""
    asset = text(row, "asset")
    return Interest(
        owed_asset=text(row, "rawAsset") if "rawAsset" in row else asset,
        asset=asset,
        amount=number(row, "interest"),
        principal=number(row, "principal"),
        on_borrow=text(row, "type").startswith("ON_BORROW"),
        at=from_ms(whole(row, "interestAccuredTime")),  # the venue's spelling
        interest_id=str(whole(row, "txId")),
    )


def hourly_rate(row: Row) -> tuple[str, Decimal]:
    """Parse one row of `next-hourly-interest-rate`."""
    return text(row, "asset"), number(row, "nextHourlyInterestRate")


def _asset(row: Row) -> MarginAsset:
    return MarginAsset(
        asset=text(row, "asset"),
        free=number(row, "free"),
        locked=number(row, "locked"),
        borrowed=number(row, "borrowed"),
        interest=number(row, "interest"),
    )
