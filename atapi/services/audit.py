"""The audit: whether the venue's own records explain every balance, and the journal the venue's records.

Per wallet and asset: opening balance, fills, fees, funding, interest, transfers and deposits make the closing balance.
Per asset: what the spreads did, what single orders did, and what nobody here asked for make the change of all wallets.
`docs/pnl.md` says where each figure comes from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from atapi.clock import Clock, from_ms, to_ms
from atapi.domain.account import Income, Wallet
from atapi.domain.instruments import Market
from atapi.domain.orders import Fill
from atapi.domain.profit import Charge
from atapi.domain.records import Record, Term, fill_records
from atapi.errors import AtapiError, Refused
from atapi.exchanges.base import FuturesVenue, RecordSource, SpotVenue
from atapi.execution.executor import Executor
from atapi.services.audit_findings import (
    Audit,
    Claims,
    Opening,
    Sums,
    differing,
    moved_by,
    total,
    unclaimed,
    unexplained,
)
from atapi.services.guard_moves import NOTE as MOVE
from atapi.services.spread_books import SpreadBooks
from atapi.services.valuation import NUMERAIRE

NOTE = "balances"  # the journal's word for balances as they were
TRIES = 3  # at reading balances and records that belong together


class FillSource(Protocol):
    """Own trades of one market."""

    def fills(self, symbol: str, *, start: datetime | None = None, order_id: str | None = None) -> list[Fill]:
        """List own fills from a time on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditService:
    """Checks balances against records, and records against the journal.

    Attributes:
        complete: The venue keeps every record from the beginning, when it held nothing: the embedded exchange does.
    """

    source: RecordSource
    spot: SpotVenue
    futures: FuturesVenue
    margin: FillSource | None  # None on networks without margin
    books: SpreadBooks
    executor: Executor
    clock: Clock
    complete: bool
    tell: Callable[[str], None]  # a line for the operator

    def begin(self) -> None:
        """Note the balances before the first order, where the venue will not keep every record."""
        if self.complete:
            return
        try:
            self.executor.note(NOTE, self.noted())
        except AtapiError as e:  # an order does not wait for bookkeeping
            self.tell(f"the opening balances were not noted ({e.message}); pnl --audit will begin later")

    def run(self, *, since: datetime | None = None, symbols: Sequence[str] = ()) -> Audit:
        """Audit the account.

        Args:
            since: Only what happened from then on; earlier records make the opening balance.
            symbols: Spot symbols to look for trades in, beside those of the journal and of what was ever held.

        Raises:
            Refused: No opening balance was ever noted; the one of now is, for the next time.
        """
        opening = self._opening(since)
        closing, records = self._consistent(opening, symbols)
        notes = self._note(closing)
        start = opening.at if since is None else max(since, opening.at)
        before = [r for r in records if r.at < start]
        span = [r for r in records if r.at >= start]
        claims = self._claims(start)
        mismatches, agreed = self._compare(claims.fills)
        moved = moved_by(claims.moves, span)
        of_guard = {id(record) for record in moved}
        return Audit(
            since=start,
            opening=total(before, opening.balances),
            closing=closing,
            records=span,
            claims=claims,
            moved=moved,
            foreign=unclaimed([r for r in span if id(r) not in of_guard], claims),
            mismatches=mismatches,
            agreed=agreed,
            notes=notes,
        )

    def noted(self) -> dict[str, Any]:
        """State the balances as the journal keeps them."""
        held = sorted(self.source.balances().items())
        return {
            "at": to_ms(self.clock.now()),
            "balances": [[wallet.value, asset, str(amount)] for (wallet, asset), amount in held],
        }

    # --- reading ------------------------------------------------------------------------------------------------
    def _opening(self, since: datetime | None) -> Opening:
        if self.complete:
            return Opening(at=self.source.begin(), balances={}, known=False)
        kept = self.executor.journal.notes(NOTE) if self.executor.begun else []
        if not kept:
            self.executor.note(NOTE, self.noted())
            raise Refused(
                "no opening balance was ever noted; the balances of now are, and the next audit begins with them",
                hint="pnl --audit",
            )
        usable = [note for note in kept if since is None or from_ms(note["at"]) <= since]
        note = usable[-1] if since is not None and usable else kept[0]
        return Opening(
            at=from_ms(note["at"]),
            balances={(Wallet(w), asset): Decimal(amount) for w, asset, amount in note["balances"]},
            known=True,
        )

    def _consistent(self, opening: Opening, symbols: Sequence[str]) -> tuple[Sums, list[Record]]:
        """Read balances and records that belong together: nothing moved while they were read."""
        held = self.source.balances()
        for _ in range(TRIES):
            records = self._records(opening, held, symbols)
            again = self.source.balances()
            if again == held:
                break
            held = again
        if self.complete and unexplained(opening.balances, held, records):
            records = self._records(opening, held, self._every_symbol(opening, held, records))
        return held, records

    def _records(self, opening: Opening, held: Sums, symbols: Sequence[str]) -> list[Record]:
        found = self.source.records(opening.at)
        assets = {a for w, a in (*opening.balances, *held) if w is Wallet.SPOT}
        found += self._trades({*symbols, *self._likely(assets)}, opening.at)
        return [r for r in found if r.at > opening.at or not opening.known]

    def _likely(self, assets: set[str]) -> set[str]:
        """Name the spot symbols that trades are likely in: the journal's, and what was ever held against USDT."""
        listed = self.spot.instruments()
        own = {s.spot_symbol for s in self.executor.spreads() if not s.reverse}
        own |= {f.symbol for f in self.executor.order_fills() if f.market is Market.SPOT}
        return own | ({asset + NUMERAIRE for asset in assets} & listed.keys())

    def _every_symbol(self, opening: Opening, held: Sums, records: list[Record]) -> list[str]:
        """Name every spot symbol of an asset that is not explained yet."""
        missing = {asset for _, asset in unexplained(opening.balances, held, records)}
        return [
            symbol
            for symbol, rules in self.spot.instruments().items()
            if missing & {rules.base_asset, rules.quote_asset}
        ]

    def _trades(self, symbols: Iterable[str], start: datetime) -> list[Record]:
        return [
            record
            for symbol in sorted(symbols)
            for fill in self.spot.fills(symbol, start=start)
            for record in self._fill_records(fill)
        ]

    def _note(self, closing: Sums) -> tuple[str, ...]:
        if self.complete:
            return ()
        if self.executor.holder() is not None:
            return ("another process may write: these balances were not noted for the next audit",)
        self.executor.note(NOTE, self.noted())
        return ()

    # --- the journal --------------------------------------------------------------------------------------------
    def _claims(self, start: datetime) -> Claims:
        spreads, orders = [s for s in self.executor.spreads() if s.fills], self.executor.order_fills()
        fundings, charges = self.books.fundings(spreads, orders), self.books.charges(spreads)
        own: dict[int, list[Record]] = {}
        for spread in spreads:
            rows = [r for _, fill in spread.fills for r in self._fill_records(fill)]
            rows += map(_funding, fundings[spread.spread_id])
            rows += map(_interest, charges[spread.spread_id])
            own[spread.spread_id] = [r for r in rows if r.at >= start]
        others = [r for fill in orders for r in self._fill_records(fill)] + [*map(_funding, fundings[None])]
        fills = [*orders, *(fill for s in spreads for _, fill in s.fills)]
        return Claims(
            spreads=own,
            orders=[r for r in others if r.at >= start],
            moves=[r for r in self._moves() if r.at >= start],
            fills=[f for f in fills if f.at >= start],
        )

    def _moves(self) -> list[Record]:
        """List what the guard moved between wallets, both sides of each."""
        notes = self.executor.journal.notes(MOVE) if self.executor.begun else []
        return [
            Record(
                wallet=Wallet(note[side]),
                asset=note["asset"],
                term=Term.TRANSFERS,
                amount=sign * Decimal(note["amount"]),
                at=from_ms(note["at_ms"]),
                label=f"move {note['move']}",
            )
            for note in notes
            if note["state"] == "made"
            for side, sign in (("from", -1), ("to", 1))
        ]

    def _compare(self, fills: Sequence[Fill]) -> tuple[list[tuple[Fill, str]], int]:
        """Find every fill of the journal at the venue, and tell which are not there or told otherwise."""
        traded: dict[tuple[Market, str], list[Fill]] = defaultdict(list)
        for fill in fills:
            traded[fill.market, fill.symbol].append(fill)
        wrong: list[tuple[Fill, str]] = []
        for (market, symbol), ours in traded.items():
            start = min(fill.at for fill in ours)
            theirs = {fill.trade_id: fill for fill in self._venue(market).fills(symbol, start=start)}
            for fill in ours:
                told = theirs.get(fill.trade_id)
                if told is None:
                    wrong.append((fill, "the venue has no such trade"))
                elif told != fill:
                    wrong.append((fill, f"the venue says {differing(told, fill)}"))
        return wrong, len(fills) - len(wrong)

    def _fill_records(self, fill: Fill) -> list[Record]:
        venue = self.futures if fill.market is Market.UM else self.spot  # margin trades spot's symbols
        rules = venue.instruments()[fill.symbol]
        return fill_records(fill, rules.base_asset, rules.quote_asset)

    def _venue(self, market: Market) -> FillSource:
        if market is Market.MARGIN:
            assert self.margin is not None  # it has traded there
            return self.margin
        return self.futures if market is Market.UM else self.spot


def _funding(line: Income) -> Record:
    return Record(
        wallet=Wallet.FUTURES,
        asset=line.asset,
        term=Term.FUNDING,
        amount=line.amount,
        at=line.at,
        label=f"funding {line.symbol}",
        key=("funding", line.symbol, line.income_id),
    )


def _interest(charge: Charge) -> Record:
    return Record(
        wallet=Wallet.MARGIN,
        asset=charge.asset,
        term=Term.INTEREST,
        amount=-charge.amount,
        at=charge.at,
        label=f"interest {charge.charge_id}",
        key=("interest", charge.asset, charge.charge_id),
    )
