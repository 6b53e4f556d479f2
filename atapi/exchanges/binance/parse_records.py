"""Payloads of an account's histories into records of its balances. One function each; nothing guesses.

The field names are Binance's, from https://developers.binance.com/docs/wallet
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from atapi.clock import from_ms
from atapi.domain.account import Income, Wallet
from atapi.domain.instruments import Market
from atapi.domain.margin import Interest
from atapi.domain.numbers import ZERO, plain
from atapi.domain.records import Record, Term
from atapi.exchanges.binance.parse import Row, number, text, whole

NAMES = {"MAIN": Wallet.SPOT, "UMFUTURE": Wallet.FUTURES, "MARGIN": Wallet.MARGIN, "FUNDING": Wallet.FUNDING}
OUTSIDE = {"CMFUTURE": "COIN-M", "OPTION": "options"}  # wallets that are not looked at
LISTED_ELSEWHERE = (Wallet.FUTURES, Wallet.MARGIN)  # as income, as flows
DONE = "CONFIRMED"
CREDITED = (1, 6)  # states of a deposit: success; credited but not yet to be withdrawn
GONE = (1, 3, 5)  # states of a withdrawal in which nothing left: cancelled, rejected, failed

INCOME_TERMS = {
    "REALIZED_PNL": Term.FILLS,
    "COMMISSION": Term.FEES,
    "FUNDING_FEE": Term.FUNDING,
    "TRANSFER": Term.TRANSFERS,
    "INTERNAL_TRANSFER": Term.TRANSFERS,
}
FLOW_TERMS = {
    "TRANSFER": Term.TRANSFERS,
    "BUY_INCOME": Term.FILLS,
    "BUY_EXPENSE": Term.FILLS,
    "SELL_INCOME": Term.FILLS,
    "SELL_EXPENSE": Term.FILLS,
    "TRADING_COMMISSION": Term.FEES,
}
OWED = (
    "BORROW",
    "REPAY",
    "REPAY_LIQUIDATION",
)  # what is owed changes as much; interest has a list of its own


def income(line: Income) -> Record:
    """Make a record of a line of futures income."""
    key = ("funding", line.symbol, line.income_id) if line.kind == "FUNDING_FEE" else ()
    label = f"{line.kind.lower().replace('_', ' ')} {line.symbol or line.income_id}"
    if line.trade_id is not None:
        key, label = (str(Market.UM), line.symbol, line.trade_id), f"trade {line.trade_id} {line.symbol}"
    return Record(
        wallet=Wallet.FUTURES,
        asset=line.asset,
        term=INCOME_TERMS.get(line.kind, Term.OTHER),
        amount=line.amount,
        at=line.at,
        label=label,
        key=key,
    )


def transfer(row: Row, source: str, target: str) -> list[Record]:
    """Parse one row of transfers, as seen by those wallets that have no list of their own."""
    if text(row, "status") != DONE:
        return []
    amount, asset = number(row, "amount"), text(row, "asset")
    names = {name: wallet.value for name, wallet in NAMES.items()} | OUTSIDE
    label = f"{names[source]} to {names[target]}, {whole(row, 'tranId')}"
    return [
        Record(
            wallet=NAMES[name],
            asset=asset,
            term=Term.TRANSFERS,
            amount=signed,
            at=from_ms(whole(row, "timestamp")),
            label=label,
        )
        for name, signed in ((source, -amount), (target, amount))
        if name in NAMES and NAMES[name] not in LISTED_ELSEWHERE
    ]


def deposit(row: Row) -> Record | None:
    """Parse one row of `deposit/hisrec`; None for one that was not credited."""
    if whole(row, "status") not in CREDITED:
        return None
    amount, asset = number(row, "amount"), text(row, "coin")
    return Record(
        wallet=Wallet.FUNDING if row.get("walletType") == 1 else Wallet.SPOT,
        asset=asset,
        term=Term.DEPOSITS,
        amount=amount,
        at=from_ms(whole(row, "insertTime")),
        label=f"deposit {row['id']}",
    )


def withdrawal(row: Row) -> Record | None:
    """Parse one row of `withdraw/history`, its fee included; None for one that left nothing."""
    if whole(row, "status") in GONE:
        return None
    amount, asset = number(row, "amount") + number(row, "transactionFee"), text(row, "coin")
    applied = datetime.strptime(text(row, "applyTime"), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return Record(
        wallet=Wallet.FUNDING if row.get("walletType") == 1 else Wallet.SPOT,
        asset=asset,
        term=Term.DEPOSITS,
        amount=-amount,
        at=applied,
        label=f"withdrawal {row['id']}",
    )


def dividend(row: Row) -> Record:
    """Parse one row of `assetDividend`."""
    amount, asset = number(row, "amount"), text(row, "asset")
    return Record(
        wallet=Wallet.SPOT,
        asset=asset,
        term=Term.OTHER,
        amount=amount,
        at=from_ms(whole(row, "divTime")),
        label=text(row, "enInfo", empty=True) or "dividend",
    )


def dust(row: Row) -> list[Record]:
    """Parse one small balance that was exchanged for BNB; what was got is stated after the charge."""
    at, asset = from_ms(whole(row, "operateTime")), text(row, "fromAsset")
    given, got = number(row, "amount"), number(row, "transferedAmount")  # the venue's spelling
    label = f"{asset} exchanged for BNB"
    return [
        Record(wallet=Wallet.SPOT, asset=name, term=Term.OTHER, amount=amount, at=at, label=label)
        for name, amount in ((asset, -given), ("BNB", got))
    ]


def flow(row: Row) -> Record | None:
    """Parse one row of `margin/capital-flow`; None for what changed what is owed as much."""
    kind, amount, asset = text(row, "type"), number(row, "amount"), text(row, "asset")
    if kind in OWED:
        return None
    return Record(
        wallet=Wallet.MARGIN,
        asset=asset,
        term=FLOW_TERMS.get(kind, Term.OTHER),
        amount=amount,
        at=from_ms(whole(row, "timestamp")),
        label=f"margin {kind.lower().replace('_', ' ')} {whole(row, 'id')}",
    )


def interest(line: Interest) -> Record:
    """Make a record of a charge of interest."""
    return Record(
        wallet=Wallet.MARGIN,
        asset=line.asset,
        term=Term.INTEREST,
        amount=-line.amount,
        at=line.at,
        label=f"interest {line.interest_id} on {plain(line.principal)} {line.owed_asset}",
        key=("interest", line.asset, line.interest_id),
    )


def funding_total(row: Row) -> tuple[str, Decimal]:
    """Parse one row of the funding wallet."""
    return text(row, "asset"), sum(
        (number(row, f) for f in ("free", "locked", "freeze", "withdrawing")), ZERO
    )
