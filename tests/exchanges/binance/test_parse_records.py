"""Histories of an account into changes of its balances; payloads as Binance's pages show them."""

from __future__ import annotations

from typing import Any

import pytest

from atapi.clock import from_ms
from atapi.domain.account import Income, Wallet
from atapi.domain.margin import Interest
from atapi.domain.records import Record, Term
from atapi.exchanges.binance import parse_records
from tests.fakes import D

AT = 1749600005000
TRANSFER = {
    "asset": "USDT", "amount": "12.5", "type": "MAIN_UMFUTURE", "status": "CONFIRMED", "tranId": 11415955596,
    "timestamp": AT,
}  # fmt: skip
DEPOSIT = {
    "id": "769800519366885376", "amount": "0.001", "coin": "BNB", "network": "BNB", "status": 1, "address": "bnb136",
    "addressTag": "101764890", "txId": "98A3EA", "insertTime": AT, "completeTime": AT, "transferType": 0,
    "confirmTimes": "1/1", "unlockConfirm": 0, "walletType": 0,
}  # fmt: skip
WITHDRAWAL = {
    "id": "b6ae22b3", "amount": "8.91", "transactionFee": "0.004", "coin": "USDT", "status": 6, "address": "0x94df",
    "txId": "0xb5ef", "applyTime": "2025-06-11 00:00:05", "network": "ETH", "transferType": 0, "walletType": 1,
}  # fmt: skip
DIVIDEND = {
    "id": 1,
    "amount": "10",
    "asset": "BHFT",
    "divTime": AT,
    "enInfo": "BHFT distribution",
    "tranId": 2968885920,
}
DUST = {
    "transId": 4359321, "serviceChargeAmount": "0.000009", "amount": "0.0009", "operateTime": AT,
    "transferedAmount": "0.000441", "fromAsset": "ETH",
}  # fmt: skip
FLOW = {
    "id": 123456, "tranId": 123123, "timestamp": AT, "asset": "USDT", "symbol": "BTCUSDT", "type": "SELL_INCOME",
    "amount": "101",
}  # fmt: skip


def short(record: Record | None) -> tuple[str, str, str, Any] | None:
    return record and (record.wallet.value, record.asset, record.term.value, record.amount)


def line(kind: str, amount: str, *, symbol: str = "BTCUSDT", trade_id: str | None = None) -> Income:
    return Income(
        symbol=symbol, kind=kind, amount=D(amount), asset="USDT", at=from_ms(AT), income_id="77", trade_id=trade_id
    )  # fmt: skip


@pytest.mark.parametrize(
    ("income", "term", "key", "label"),
    [
        (line("FUNDING_FEE", "0.5"), Term.FUNDING, ("funding", "BTCUSDT", "77"), "funding fee BTCUSDT"),
        (line("COMMISSION", "-0.1", trade_id="9"), Term.FEES, ("um", "BTCUSDT", "9"), "trade 9 BTCUSDT"),
        (line("REALIZED_PNL", "-3", trade_id="9"), Term.FILLS, ("um", "BTCUSDT", "9"), "trade 9 BTCUSDT"),
        (line("TRANSFER", "9", symbol=""), Term.TRANSFERS, (), "transfer 77"),
        (line("INSURANCE_CLEAR", "-9"), Term.OTHER, (), "insurance clear BTCUSDT"),
        (line("SOMETHING_NEW", "1", symbol=""), Term.OTHER, (), "something new 77"),
    ],
)  # fmt: skip
def test_futures_tell_everything_as_income(
    income: Income, term: Term, key: tuple[str, ...], label: str
) -> None:
    record = parse_records.income(income)

    assert (record.wallet, record.amount, record.at) == (Wallet.FUTURES, income.amount, from_ms(AT))
    assert (record.term, record.key, record.label) == (term, key, label)


def test_a_transfer_changes_the_wallets_that_have_no_list_of_their_own() -> None:
    to_futures = parse_records.transfer(TRANSFER, "MAIN", "UMFUTURE")
    to_funding = parse_records.transfer(TRANSFER, "MAIN", "FUNDING")

    assert [short(r) for r in to_futures] == [("spot", "USDT", "transfers", D("-12.5"))]
    assert [short(r) for r in to_funding] == [
        ("spot", "USDT", "transfers", D("-12.5")),
        ("funding", "USDT", "transfers", D("12.5")),
    ]
    assert to_futures[0].label == "spot to futures, 11415955596"
    assert parse_records.transfer({**TRANSFER, "status": "PENDING"}, "MAIN", "UMFUTURE") == []
    [out] = parse_records.transfer(TRANSFER, "FUNDING", "CMFUTURE")
    assert out.label == "funding to COIN-M, 11415955596"


def test_a_deposit_counts_once_it_is_credited() -> None:
    assert short(parse_records.deposit(DEPOSIT)) == ("spot", "BNB", "deposits", D("0.001"))
    assert short(parse_records.deposit({**DEPOSIT, "walletType": 1})) == (
        "funding",
        "BNB",
        "deposits",
        D("0.001"),
    )
    assert parse_records.deposit({**DEPOSIT, "status": 0}) is None


def test_a_withdrawal_takes_its_fee_along() -> None:
    record = parse_records.withdrawal(WITHDRAWAL)

    assert short(record) == ("funding", "USDT", "deposits", D("-8.914"))
    assert record is not None
    assert record.at == from_ms(AT)
    assert parse_records.withdrawal({**WITHDRAWAL, "status": 3}) is None


def test_what_assets_paid_and_dust_that_was_exchanged() -> None:
    assert short(parse_records.dividend(DIVIDEND)) == ("spot", "BHFT", "other", D(10))
    assert [short(r) for r in parse_records.dust(DUST)] == [
        ("spot", "ETH", "other", D("-0.0009")),
        ("spot", "BNB", "other", D("0.000441")),
    ]


@pytest.mark.parametrize(
    ("kind", "term"),
    [
        ("SELL_INCOME", "fills"), ("BUY_EXPENSE", "fills"), ("TRADING_COMMISSION", "fees"), ("TRANSFER", "transfers"),
        ("LIQUIDATION_FEE", "other"), ("BORROW", None), ("REPAY", None),
    ],
)  # fmt: skip
def test_flows_of_margin_but_for_what_is_owed_as_much(kind: str, term: str | None) -> None:
    record = parse_records.flow({**FLOW, "type": kind})

    assert short(record) == (None if term is None else ("margin", "USDT", term, D(101)))


def test_interest_is_owed_in_what_it_was_charged_in() -> None:
    charged = Interest(owed_asset="BTC", asset="BNB", amount=D("0.01"), principal=D(1), at=from_ms(AT),
                       interest_id="5", on_borrow=False)  # fmt: skip

    record = parse_records.interest(charged)

    assert short(record) == ("margin", "BNB", "interest", D("-0.01"))
    assert (record.key, record.label) == (("interest", "BNB", "5"), "interest 5 on 1 BTC")
