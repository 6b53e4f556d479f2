"""What a venue recorded about an account, one change of one balance at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from atapi.domain.account import Wallet
from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO, plain, to_ledger
from atapi.domain.orders import Fill

Key = tuple[str, ...]  # by which a record is found in the journal: market, symbol and trade id, and the like

WALLET_OF = {Market.SPOT: Wallet.SPOT, Market.MARGIN: Wallet.MARGIN, Market.UM: Wallet.FUTURES}


class Term(StrEnum):
    """Why a balance changed."""

    FILLS = "fills"
    FEES = "fees"
    FUNDING = "funding"
    INTEREST = "interest"
    TRANSFERS = "transfers"  # between wallets
    DEPOSITS = "deposits"  # from outside, less what left
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One change of one balance."""

    wallet: Wallet
    asset: str
    term: Term
    amount: Decimal  # signed
    at: datetime
    label: str  # what it was, for a person, in few words
    key: Key = ()


def trade_key(fill: Fill) -> Key:
    """Tell by what a trade is found in the journal."""
    return str(fill.market), fill.symbol, fill.trade_id


def trade_label(fill: Fill) -> str:
    """Write a trade for a person."""
    return f"{fill.market} trade {fill.trade_id} {fill.symbol} {fill.side} {plain(fill.quantity)} at {plain(fill.price)}"


def fill_records(fill: Fill, base_asset: str, quote_asset: str) -> list[Record]:
    """Tell which balances a fill changed: coins and cash on spot and margin, realized profit on futures, and the fee."""
    changes = [(quote_asset, Term.FILLS, -fill.side.sign * to_ledger(fill.notional))]
    if fill.market is Market.UM:
        changes = [(quote_asset, Term.FILLS, fill.realized or ZERO)]
    else:
        changes.append((base_asset, Term.FILLS, fill.side.sign * fill.quantity))
    changes.append((fill.fee_asset, Term.FEES, -fill.fee))
    return [
        Record(
            wallet=WALLET_OF[fill.market],
            asset=asset,
            term=term,
            amount=amount,
            at=fill.at,
            label=f"trade {fill.trade_id} {fill.side} {fill.symbol}",
            key=trade_key(fill),
        )
        for asset, term, amount in changes
        if amount
    ]
