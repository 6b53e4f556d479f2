"""The audit on the embedded exchange: exact whatever was done, and every planted discrepancy is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

import atapi
from atapi.desk import Desk
from atapi.domain.account import Wallet
from atapi.domain.amounts import parse_amount
from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO
from atapi.domain.orders import Side
from atapi.domain.records import Record, Term
from atapi.errors import AtapiError, Refused, VenueUnreachable
from atapi.exchanges.base import RecordSource
from atapi.services.audit_findings import Audit
from atapi.services.audit_rows import audit_table
from atapi.services.guard_moves import Moves
from atapi.services.order_plan import Wish
from tests.fakes import D


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with atapi.connect("paper", home=tmp_path, seed=7, at="2026-01-01T00:00:00Z") as opened:
        yield opened


@dataclass(frozen=True)
class Tampered:
    """A venue's records with some of them changed."""

    source: RecordSource
    without: Term | None = None
    short_of: Decimal = ZERO  # spot USDT

    def begin(self) -> datetime:
        return self.source.begin()

    def balances(self) -> dict[tuple[Wallet, str], Decimal]:
        held = self.source.balances()
        held[Wallet.SPOT, "USDT"] -= self.short_of
        return held

    def records(self, start: datetime) -> list[Record]:
        found = self.source.records(start)
        gone = next((r for r in found if r.term is self.without), None)
        return [r for r in found if r is not gone]


def by_hand(desk: Desk, path: str, **params: Any) -> Any:
    """Do something that atapi knows nothing of."""
    market = desk.services.spreads.futures if path.startswith("/fapi") else desk.services.spreads.spot
    return market.link.request("POST", path, params, signed=True)  # type: ignore[attr-defined]


def run(desk: Desk, **options: Any) -> Audit:
    return desk.services.audit.run(**options)


def tampered(desk: Desk, **how: Any) -> Audit:
    audit = desk.services.audit
    return replace(audit, source=Tampered(audit.source, **how)).run()


def moved(audit: Audit, wallet: Wallet, asset: str, term: Term) -> Decimal:
    return sum(
        (r.amount for r in audit.records if (r.wallet, r.asset, r.term) == (wallet, asset, term)), ZERO
    )


def burn_bnb(desk: Desk, *, on: bool) -> None:
    by_hand(desk, "/sapi/v1/bnbBurn", spotBNBBurn=str(on).lower())
    by_hand(desk, "/fapi/v1/feeBurn", feeBurn=str(on).lower())


def test_a_new_account_is_explained_by_what_it_was_given(desk: Desk) -> None:
    audit = run(desk)

    assert audit.faults == []
    assert audit.closing == {(Wallet.SPOT, "USDT"): D(50_000), (Wallet.FUTURES, "USDT"): D(50_000)}
    assert moved(audit, Wallet.SPOT, "USDT", Term.DEPOSITS) == 50_000


def test_every_term_of_every_balance_after_a_busy_week(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    desk.advance("1d")
    desk.open_spread("ETHUSDT", "5000usdt")
    for wallet in ("spot", "futures"):
        desk.deposit("3bnb", wallet)
    burn_bnb(desk, on=True)
    desk.close_spread("BTCUSDT", "50%")
    desk.transfer("250usdt", "spot", "funding")
    desk.advance("2d")
    desk.close_spread("ETHUSDT")
    burn_bnb(desk, on=False)
    by_hand(desk, "/api/v3/order", symbol="SOLUSDT", side="BUY", type="MARKET", quoteOrderQty="300")
    by_hand(desk, "/fapi/v1/order", symbol="SOLUSDT", side="SELL", type="MARKET", quantity="3")
    desk.advance("9h")
    desk.transfer("100usdt", "futures", "spot")

    audit = run(desk)

    assert audit.faults == []
    assert audit.agreed == len(audit.claims.fills) == 8
    assert {r.term for r in audit.records} >= {
        Term.FILLS, Term.FEES, Term.FUNDING, Term.TRANSFERS, Term.DEPOSITS,
    }  # fmt: skip
    by_others = [r.label for r in audit.foreign if r.term is Term.FILLS]
    assert any("BUY SOLUSDT" in label for label in by_others)
    assert [r.label for r in audit.foreign if r.term is Term.FUNDING] == ["funding fee SOLUSDT"]
    assert moved(audit, Wallet.FUNDING, "USDT", Term.TRANSFERS) == 250


def test_borrowing_by_hand_is_explained_by_its_interest(desk: Desk) -> None:
    desk.transfer("5000usdt", "spot", "margin")
    borrow = {"asset": "BTC", "isIsolated": "FALSE", "amount": "0.05", "type": "BORROW"}
    by_hand(desk, "/sapi/v1/margin/borrow-repay", **borrow)
    order = {"symbol": "BTCUSDT", "type": "MARKET", "isIsolated": "FALSE"}
    by_hand(desk, "/sapi/v1/margin/order", side="SELL", quantity="0.05", **order)
    desk.advance("5h")
    by_hand(desk, "/sapi/v1/margin/order", side="BUY", quantity="0.03", sideEffectType="AUTO_REPAY", **order)

    audit = run(desk)

    assert audit.faults == []
    charges = [r for r in audit.records if r.term is Term.INTEREST]
    assert len(charges) == 6  # the hour it was borrowed in, and five that began
    # 0.05 were sold, 0.03 less the fee of 0.1 % bought; interest is owed on top
    assert audit.closing[Wallet.MARGIN, "BTC"] == D("-0.05") + D("0.02997") + sum(r.amount for r in charges)
    assert [r.label for r in audit.foreign if r.wallet is Wallet.MARGIN and r.term is Term.FILLS] == [
        "trades not in the journal"
    ] * 2


def test_a_round_trip_by_hand_in_a_strange_symbol_is_found(desk: Desk) -> None:
    for side, quantity in (("BUY", "1"), ("SELL", "0.999")):  # all but the fee of 0.1 %: no coin is left
        by_hand(desk, "/api/v3/order", symbol="LTCUSDT", side=side, type="MARKET", quantity=quantity)

    audit = run(desk)

    assert audit.faults == []
    assert audit.closing.keys() == {(Wallet.SPOT, "USDT"), (Wallet.FUTURES, "USDT")}
    assert {r.label.split()[-1] for r in audit.foreign if r.term is Term.FILLS} == {"LTCUSDT"}


def test_a_symbol_to_look_in_can_be_named(desk: Desk) -> None:
    by_hand(desk, "/api/v3/order", symbol="LTCUSDT", side="BUY", type="MARKET", quantity="1")

    audit = run(desk, symbols=["LTCUSDT"])

    assert audit.faults == []


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (Term.FUNDING, "futures USDT differs by 1.0144"),
        (Term.FEES, "futures USDT differs by -4.97"),
        (Term.DEPOSITS, "spot USDT differs by 50000 from the venue's records"),
        (Term.TRANSFERS, "futures USDT differs by 50000 from the venue's records"),
    ],
)
def test_a_record_that_is_missing_is_missed(desk: Desk, term: Term, said: str) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    desk.advance("8h")

    audit = tampered(desk, without=term)

    assert any(fault.startswith(said) for fault in audit.faults), audit.faults
    table = audit_table(audit)
    assert table.fault is not None
    assert said in table.fault


def test_a_balance_that_shrank_unseen_is_named_to_the_last_digit(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")

    audit = tampered(desk, short_of=D("0.00000001"))

    assert audit.faults == [
        "spot USDT differs by -0.00000001 from the venue's records",
        "USDT of all wallets differs by -0.00000001 from the journal",
    ]


def test_a_single_order_in_a_spreads_symbol_is_told_apart_from_it(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "3000usdt")
    desk.advance("1d")
    trading = desk.services.trading
    trading.place(
        trading.plan("BTCUSDT", Wish(side=Side.SELL, amount=parse_amount("0.01btc")), market=Market.UM)
    )
    desk.advance("1d")
    desk.close_spread("BTCUSDT")

    audit = run(desk)

    assert audit.faults == []
    assert {r.term for r in audit.claims.orders} == {Term.FEES, Term.FUNDING}  # nothing of it is realized yet
    [row] = desk.services.pnl.rows()
    assert row.price_usdt == 0  # it was hedged, whatever the order did to the venue's mean price
    assert row.funding_usdt == sum(r.amount for r in audit.claims.spreads[1] if r.term is Term.FUNDING)


def test_what_the_guard_moved_is_not_foreign(desk: Desk) -> None:
    spreads = desk.services.spreads
    assert spreads.wallet is not None
    moves = Moves(spreads.wallet, spreads.executor, desk.services.clock)
    desk.transfer("7usdt", "spot", "futures")
    desk.advance("1m")
    moves.make("USDT", D(7), Wallet.SPOT, Wallet.FUTURES, "the margin is strained")

    audit = run(desk)

    assert audit.faults == []
    assert [(r.wallet.value, r.amount) for r in audit.moved] == [("spot", -7), ("futures", 7)]
    by_hand_ones = [r.amount for r in audit.foreign if r.term is Term.TRANSFERS]
    assert by_hand_ones == [50_000, 7, -7]


def test_a_fill_the_journal_tells_otherwise_is_named(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    journal = desk.services.spreads.executor.journal
    leg, fill = next((leg, f) for leg, f in journal.spreads()[0].fills if f.market is Market.UM)
    order = journal.create_intent(None, "order", {}, fill.at)
    journal.write_fills(order, leg, (replace(fill, trade_id="77"),))

    audit = run(desk)

    assert audit.faults == [
        "USDT of all wallets differs by 4.97530425 from the journal",
        "um trade 77 BTCUSDT SELL 0.215 at 46281.9: the venue has no such trade",
    ]


def test_since_rolls_the_opening_balance_forward(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")
    desk.advance("1d")
    since = desk.services.clock.now()
    held = desk.services.audit.source.balances()
    desk.advance("1d")

    audit = run(desk, since=since)

    assert audit.faults == []
    assert {r.term for r in audit.records} == {Term.FUNDING}
    funded = sum(r.amount for r in audit.records if r.at == since)  # that of the first moment is inside
    assert audit.opening == {
        where: total - (funded if where == (Wallet.FUTURES, "USDT") else 0) for where, total in held.items()
    }


def test_where_records_go_back_only_so_far_balances_are_noted(desk: Desk) -> None:
    audits = replace(desk.services.audit, complete=False)
    by_hand(desk, "/api/v3/order", symbol="LTCUSDT", side="BUY", type="MARKET", quantity="1")

    with pytest.raises(Refused, match="no opening balance was ever noted"):
        audits.run()

    desk.advance("1m")
    desk.open_spread("BTCUSDT", "10000usdt")
    desk.advance("8h")
    first = audits.run()
    desk.advance("8h")
    second = audits.run(since=desk.services.clock.now())
    assert (first.faults, second.faults) == ([], [])
    assert first.opening[Wallet.SPOT, "LTC"] == D("0.999")
    assert len(first.records) > len(second.records)
    assert [note["at"] for note in desk.services.spreads.executor.journal.notes("balances")] == [
        1767225600000, 1767225600000 + 60_000 + 8 * 3_600_000, 1767225600000 + 60_000 + 16 * 3_600_000,
    ]  # fmt: skip


def test_the_desk_has_the_audit_as_a_frame(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = desk.audit()

    assert set(frame[frame["term"] == "difference"]["amount"]) == {0.0}
    monkeypatch.setattr(Audit, "faults", ["a scale"])
    with pytest.raises(AtapiError, match="the audit does not balance: a scale"):
        desk.audit(since="1d")


def test_the_table_is_the_identity(desk: Desk) -> None:
    desk.open_spread("BTCUSDT", "10000usdt")

    table = audit_table(run(desk))

    rows = [dict(zip(table.names, row, strict=True)) for row in table.rows]
    for wallet, asset in {(row["wallet"], row["asset"]) for row in rows} - {("all", "BTC"), ("all", "USDT")}:
        terms = {
            row["term"]: row["amount"] for row in rows if (row["wallet"], row["asset"]) == (wallet, asset)
        }
        between = sum(v for k, v in terms.items() if k not in ("opening", "closing", "difference", "foreign"))
        assert terms["opening"] + between == terms["closing"]
    assert {row["amount"] for row in rows if row["term"] == "difference"} == {0}
    assert table.fault is None


def test_balances_are_noted_before_the_first_order(desk: Desk) -> None:
    executor = desk.services.spreads.executor
    audits = replace(desk.services.audit, complete=False)
    executor._begin = audits.begin
    by_hand(desk, "/api/v3/order", symbol="LTCUSDT", side="BUY", type="MARKET", quantity="1")
    desk.open_spread("BTCUSDT", "10000usdt")
    desk.open_spread("ETHUSDT", "5000usdt")

    [note] = executor.journal.notes("balances")

    assert ["spot", "LTC", "0.99900000"] in note["balances"]
    assert not any(asset in ("BTC", "ETH") for _, asset, _ in note["balances"])


def test_an_order_does_not_wait_for_bookkeeping(desk: Desk) -> None:
    class Silent:
        def balances(self) -> dict[tuple[Wallet, str], Decimal]:
            raise VenueUnreachable("no answer")

    told: list[str] = []
    audits = replace(desk.services.audit, complete=False, source=Silent(), tell=told.append)

    audits.begin()

    assert told == ["the opening balances were not noted (no answer); pnl --audit will begin later"]


def test_reverse_carry_is_explained_with_its_interest(desk: Desk) -> None:
    desk.transfer("20000usdt", "spot", "margin")
    spreads, services = desk.services.spreads, desk.services
    spreads.open(spreads.plan("BTCUSDT", parse_amount("5000usdt"), reverse=True))
    desk.advance("25h")
    standing = run(desk)
    desk.close_spread("BTCUSDT")
    spreads.open(spreads.plan("BTCUSDT", parse_amount("5000usdt"), reverse=True))
    desk.advance("2h")
    desk.close_spread("BTCUSDT")

    audit = run(desk)

    assert (standing.faults, audit.faults) == ([], [])
    assert {r.term for r in audit.foreign} == {Term.DEPOSITS, Term.TRANSFERS}
    charges = [[r for r in rows if r.term is Term.INTEREST] for rows in audit.claims.spreads.values()]
    assert [len(own) for own in charges] == [26, 3]
    worth = sum((row.value or ZERO for row in services.account.holdings()), ZERO)
    assert services.pnl.rows()[0].total_usdt == worth - 100_000


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_audit_is_exact_whatever_was_done(desk: Desk, seed: int) -> None:
    chance = Random(seed)
    symbols = ("BTCUSDT", "ETHUSDT", "SOLUSDT")

    def order(path: str, quantity: str) -> None:
        side = chance.choice(["BUY", "SELL"])
        by_hand(desk, path, symbol="LTCUSDT", side=side, type="MARKET", quantity=quantity)

    def own_order() -> None:
        wish = Wish(side=chance.choice(list(Side)), amount=parse_amount(f"{chance.randrange(200, 900)}usdt"))
        trading = desk.services.trading
        trading.place(
            trading.plan(chance.choice(symbols), wish, market=chance.choice([Market.UM, Market.SPOT]))
        )

    deeds: list[Callable[[], object]] = [
        own_order,
        lambda: desk.open_spread(chance.choice(symbols), f"{chance.randrange(500, 5000)}usdt"),
        lambda: desk.open_spread(chance.choice(symbols), f"{chance.randrange(500, 5000)}usdt", add=True),
        lambda: desk.close_spread(chance.choice(symbols)),
        lambda: desk.close_spread(chance.choice(symbols), f"{chance.randrange(20, 80)}%"),
        lambda: desk.advance(timedelta(minutes=chance.randrange(1, 1000))),
        lambda: desk.transfer(
            f"{chance.randrange(1, 500)}usdt", *chance.sample(["spot", "futures", "margin"], 2)
        ),
        lambda: desk.deposit(f"{chance.randrange(1, 50)}bnb", chance.choice(["spot", "futures", "funding"])),
        lambda: burn_bnb(desk, on=chance.random() < 0.5),
        lambda: order("/api/v3/order", f"{chance.randrange(1, 9)}.{chance.randrange(1, 99):02}"),
        lambda: order("/fapi/v1/order", f"{chance.randrange(1, 9)}"),
    ]
    done = 0
    for _ in range(40):
        with suppress(AtapiError):  # such as closing what is not open
            chance.choice(deeds)()
            done += 1

    audit = run(desk)

    assert audit.faults == []
    assert done > 20
    total = desk.services.pnl.rows()[0]
    for by in ("day", "symbol", "spread"):
        assert sum(row.total_usdt for row in desk.services.pnl.rows(by=by)) == total.total_usdt
    for spread_id, records in audit.claims.spreads.items():
        [row] = [row for row in desk.services.pnl.rows(by="spread") if row.key == f"#{spread_id}"]
        assert row.funding_usdt == sum(r.amount for r in records if r.term is Term.FUNDING)
