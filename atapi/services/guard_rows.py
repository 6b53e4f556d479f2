"""Checks as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from atapi.domain.guard import Check, Policy, Sweep
from atapi.domain.spreads import Spread
from atapi.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One thing that was looked at."""

    id: int | None  # of the spread; None where it is the account's
    symbol: str | None
    check: str
    value: str
    limit: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """What is done about one spread at an alarm."""

    id: int
    symbol: str
    policy: str


def check_table(sweep: Sweep) -> Table:
    """List what was looked at, with what is not as it should be in words."""
    rows = [
        CheckRow(
            id=check.spread_id,
            symbol=check.symbol,
            check=check.code.value,
            value=check.value,
            limit=check.limit,
            state=check.severity.value,
        )
        for check in sweep.checks
    ]
    return Table.of(rows, CheckRow, empty="no spread to guard", notes=[told(c) for c in sweep.findings])


def policy_table(spreads: list[Spread], policies: Mapping[int, Policy], default: Policy) -> Table:
    """List the policy of each spread."""
    rows = [
        PolicyRow(id=s.spread_id, symbol=s.symbol, policy=policies.get(s.spread_id, default).value)
        for s in spreads
    ]
    return Table.of(rows, PolicyRow, empty="no open spreads")


def told(check: Check) -> str:
    """Say a finding in one line, with the command that mends it.

    >>> from atapi.domain.guard import Code, Severity
    >>> told(Check.of_account(Code.REST, "", severity=Severity.ALARM, message="no answer", mend="network"))
    'alarm rest: no answer (network)'
    """
    about = "" if check.spread_id is None else f" #{check.spread_id}"
    mend = f" ({check.mend})" if check.mend else ""
    return f"{check.severity}{about} {check.code}: {check.message}{mend}"
