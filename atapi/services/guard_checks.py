"""Everything the guard judges by, from what was read: pure, and the same whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from atapi.domain.guard import Check, Code, Severity
from atapi.domain.streams import StreamState
from atapi.execution.halt import Halt
from atapi.execution.reconcile import Finding
from atapi.services.guard_bnb import check_bnb
from atapi.services.guard_facts import Account, Standing, Terms, standings
from atapi.services.guard_legs import check_foreign, check_legs, check_transit, span
from atapi.services.guard_margin import (
    Bounds,
    check_collateral,
    check_level,
    check_liquidation,
    check_margin,
)
from atapi.services.guard_symbols import check_funding, check_listing

SILENCE = timedelta(seconds=30)  # of answers, before it is an alarm
GRACE_S = 15.0  # a stream may take so long to be opened or opened anew


def in_transit(standing: Standing, account: Account) -> bool:
    """Whether an opening or closing of it is under way, so that its legs may differ."""
    spread = standing.spread
    return spread.spread_id in account.unfinished or not spread.state.settled


def judge(
    account: Account, terms: Terms, bounds: Bounds, since: Mapping[int, datetime]
) -> tuple[list[Standing], list[Check]]:
    """Judge every spread that stands, and the account that bears them.

    Args:
        since: Spread id -> when its legs were first seen to differ, or its transaction to be under way.
    """
    found, checks = standings(account), list[Check]()
    for standing in found:
        spread = standing.spread
        first = since.get(spread.spread_id, account.at)
        if in_transit(standing, account):
            checks.append(check_transit(standing, account, terms.pairs[spread.symbol], first))
            continue
        checks.append(check_legs(standing, account, terms, first))
        if standing.foreign:
            checks.append(check_foreign(standing))
        checks += [check_listing(spread, terms, account.at), check_funding(spread, terms)]
        if standing.perp:
            checks.append(check_liquidation(standing, account, bounds))
    if found:
        asset = found[0].spread.quote_asset
        checks += [check_margin(account, bounds, asset), *check_level(account, bounds, asset)]
        checks += [check_collateral(account, bounds, asset), *check_bnb(account, terms, found, bounds)]
    return found, checks


def check_streams(states: Sequence[StreamState]) -> list[Check]:
    """Say of each stream whether it is heard; asking goes on without it."""
    checks = []
    for state in states:
        well = state.live or state.down_s < GRACE_S
        down = f"down for {state.down_s:.0f} s"
        checks.append(
            Check.of_account(
                Code.STREAM,
                f"{state.name} {'live' if state.live else down}",
                about=state.name,
                limit=f"{GRACE_S:.0f} s",
                severity=Severity.OK if well else Severity.WARNING,
                message=f"the {state.name} stream is {down} ({state.why}); asking goes on without it",
            )
        )
    return checks


def check_journal(findings: Iterable[Finding]) -> list[Check]:
    """Say of own orders that the journal does not hold, and of those of another journal; legs are judged elsewhere."""
    return [
        Check.of_account(
            Code.JOURNAL,
            finding.about,
            about=finding.about,
            severity=Severity.ALARM,
            message=finding.message,
            mend=finding.hint,
        )
        for finding in findings
        if finding.everywhere
    ]


def check_halt(halt: Halt | None) -> list[Check]:
    """Say that the kill switch is pulled: what takes risk away still passes."""
    if halt is None:
        return []
    refusal = halt.refusal()
    return [
        Check.of_account(
            Code.HALT,
            f"since {halt.since:%H:%M}",
            severity=Severity.WARNING,
            message=f"{refusal.message}; only what takes risk away is sent",
            mend=refusal.hint,
        )
    ]


def check_silence(why: str, age: timedelta) -> Check:
    """Say that the venue could not be asked; an alarm once it lasts."""
    late = age >= SILENCE
    return Check.of_account(
        Code.REST,
        f"no answer for {span(age)}",
        limit=f"{span(SILENCE)}",
        severity=Severity.ALARM if late else Severity.WARNING,
        message=f"the venue could not be asked for {span(age)}: {why}",
        mend="network",
    )
