"""An audit as a table: the identity of every balance, then of all wallets together, then what is foreign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.numbers import ZERO
from atapi.domain.records import Record, Term
from atapi.services.audit_findings import Audit
from atapi.table import Table, column

MOVES = (Term.TRANSFERS, Term.DEPOSITS)  # of foreign records, those with a line of their own
ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One term of an identity: opening and all between make closing; or one record that is foreign."""

    wallet: str
    asset: str
    term: str
    amount: Decimal = column(digits=8, signed=True)
    of: str  # what was added up, or what the record was


def audit_table(audit: Audit) -> Table:
    """Show an audit; its fault is what does not hold."""
    faults = audit.faults
    rows = [*_by_balance(audit), *_in_all(audit), *_foreign(audit)]
    records, fills = len(audit.records), len(audit.claims.fills)
    notes = [
        *audit.notes,
        f"since {audit.since:%Y-%m-%dT%H:%M:%SZ}: {len(audit.balances)} balances, {records} records,"
        f" {len(audit.foreign)} of them foreign",
        f"{audit.agreed} of {fills} fills of the journal are the venue's to the last digit",
        *([] if faults else ["every balance is explained, every difference is 0"]),
    ]
    return Table.of(
        rows,
        AuditRow,
        empty="nothing was held and nothing moved",
        notes=notes,
        fault=None if not faults else "the audit does not balance: " + "; ".join(faults),
    )


def _by_balance(audit: Audit) -> Iterator[AuditRow]:
    left = audit.differences
    for where in audit.balances:
        wallet, asset = where
        own = [r for r in audit.records if (r.wallet, r.asset) == where]
        yield _row(wallet.value, asset, "opening", audit.opening.get(where, ZERO))
        for term in Term:
            yield from _sum(wallet.value, asset, term.value, [r for r in own if r.term is term])
        yield _row(wallet.value, asset, "closing", audit.closing.get(where, ZERO))
        yield _row(wallet.value, asset, "difference", left.get(where, ZERO))


def _in_all(audit: Audit) -> Iterator[AuditRow]:
    for asset in sorted({asset for _, asset in audit.balances}):
        groups: list[tuple[str, Iterable[Record]]] = [
            *((f"#{spread_id}", rows) for spread_id, rows in audit.claims.spreads.items()),
            ("orders", audit.claims.orders),
            ("guard", audit.moved),
            ("foreign", [r for r in audit.foreign if r.term not in MOVES]),
            *((term.value, [r for r in audit.foreign if r.term is term]) for term in MOVES),
        ]
        for name, rows in groups:
            yield from _sum(ALL, asset, name, [r for r in rows if r.asset == asset])
        change = audit.change(asset)
        yield _row(ALL, asset, "change", change)
        yield _row(ALL, asset, "difference", change - audit.explained(asset))


def _foreign(audit: Audit) -> Iterator[AuditRow]:
    for record in audit.foreign:
        yield _row(record.wallet.value, record.asset, "foreign", record.amount, record.label)


def _sum(wallet: str, asset: str, term: str, records: list[Record]) -> Iterator[AuditRow]:
    if records:
        count = f"{len(records)} record{'' if len(records) == 1 else 's'}"
        yield _row(wallet, asset, term, sum((r.amount for r in records), ZERO), count)


def _row(wallet: str, asset: str, term: str, amount: Decimal, of: str = "") -> AuditRow:
    return AuditRow(wallet=wallet, asset=asset, term=term, amount=amount, of=of)
