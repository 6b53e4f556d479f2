"""All histories of an account on the embedded exchange, and what a network without /sapi has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import atapi
from atapi.domain.account import Wallet
from atapi.domain.records import Term
from atapi.exchanges.base import RecordSource
from atapi.exchanges.binance.networks import Endpoints
from atapi.exchanges.binance.records import BinanceRecords
from atapi.exchanges.binance.venue import BinanceVenue
from tests.exchanges.binance.conftest import answers
from tests.exchanges.binance.raw_server import RawServer
from tests.fakes import D, utc


def test_records_add_up_to_the_balances_of_wallets_that_did_not_trade(tmp_path: Path) -> None:
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as desk:
        source: RecordSource = desk.services.audit.source
        for wallet in ("funding", "margin"):
            desk.transfer("1000usdt", "spot", wallet)
        desk.deposit("2bnb", "margin")
        desk.deposit("3bnb", "funding")
        desk.advance("8d")  # flows are told a week at a time
        desk.transfer("1usdt", "margin", "futures")

        begin = source.begin()
        records, held = source.records(begin), source.balances()

    assert begin == utc("2026-01-01")
    assert held == {
        (Wallet.SPOT, "USDT"): D(48_000), (Wallet.FUNDING, "USDT"): D(1000), (Wallet.MARGIN, "USDT"): D(999),
        (Wallet.FUTURES, "USDT"): D(50_001), (Wallet.MARGIN, "BNB"): D(2), (Wallet.FUNDING, "BNB"): D(3),
    }  # fmt: skip
    for where, total in held.items():
        assert sum(r.amount for r in records if (r.wallet, r.asset) == where) == total
    assert {r.term for r in records} == {Term.TRANSFERS, Term.DEPOSITS}
    assert [r.at for r in records] == sorted(r.at for r in records)


def test_a_network_without_sapi_has_the_income_of_futures_alone(
    adapter: Callable[..., BinanceVenue], serve: Callable[..., RawServer]
) -> None:
    server = serve(answers(income="income", account="spot_account", balance="um_balance"))
    venue = adapter(server, endpoints=Endpoints(server.url, server.url, server.url, wallet=False))
    source = BinanceRecords(venue.spot, venue.futures, venue.margin)

    records, held = source.records(utc("2026-01-01")), source.balances()

    assert {r.wallet for r in records} == {Wallet.FUTURES}
    assert {wallet for wallet, _ in held} == {Wallet.SPOT, Wallet.FUTURES}
    assert source.begin().year == 1970
