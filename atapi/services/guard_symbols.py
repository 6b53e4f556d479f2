"""Judges what a spread trades: whether both symbols are listed and go on, and how its funding is set."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from atapi.domain.amounts import PERCENT
from atapi.domain.guard import Check, Code, Severity
from atapi.domain.instruments import Instrument
from atapi.domain.market import FundingTerms
from atapi.domain.numbers import plain
from atapi.domain.spreads import Spread
from atapi.services.guard_facts import Terms

NOTICE = timedelta(hours=1)  # before a contract ends; in its last half hour it only reduces


def check_listing(spread: Spread, terms: Terms, now: datetime) -> Check:
    """See that both symbols trade, and will."""
    pair = terms.pairs[spread.symbol]
    problem, severity = (
        _problem(pair.perp, f"{spread.symbol} on um", now)
        or _problem(pair.spot, f"{spread.spot_symbol} on spot", now)
        or ("TRADING", Severity.OK)
    )
    return Check.of(
        spread,
        Code.LISTING,
        problem,
        limit="TRADING",
        severity=severity,
        message=f"{problem}: both legs can be closed only while both trade",
        mend=f"close-spread {spread.symbol}",
    )


def check_funding(spread: Spread, terms: Terms) -> Check:
    """See that funding is paid as often as it was, and capped where it was.

    As often: as the newest settled fundings lie apart, so that a guard that starts after the change sees it too.
    """
    if spread.symbol not in terms.funding:
        return Check.of(spread, Code.FUNDING, "none")
    now, before = terms.funding[spread.symbol], terms.before[spread.symbol]
    paid = terms.settled.get(spread.symbol, ())
    apart = paid[-1].at - paid[-2].at if len(paid) > 1 else before.interval
    was = apart if apart != now.interval else before.interval
    said = []
    if was != now.interval:
        said.append(f"paid every {_hours(now.interval)}, was {_hours(was)}")
    if (now.cap, now.floor) != (before.cap, before.floor):
        said.append(f"held within {_caps(now)}, was {_caps(before)}")
    return Check.of(
        spread,
        Code.FUNDING,
        f"{_hours(now.interval)} {_caps(now)}",
        limit=f"{_hours(was)} {_caps(before)}",
        severity=Severity.WARNING if said else Severity.OK,
        message=f"funding of {spread.symbol} is now {'; '.join(said)}",
        mend=f"spread {spread.symbol}",
    )


def _problem(instrument: Instrument, named: str, now: datetime) -> tuple[str, Severity] | None:
    if not instrument.trading:
        return f"{named} is {instrument.status}", Severity.ALARM
    end = instrument.delivers_at
    if end is None:
        return None
    return f"{named} ends {end:%Y-%m-%d %H:%M}", Severity.ALARM if end - now <= NOTICE else Severity.WARNING


def _hours(interval: timedelta) -> str:
    return f"{plain(Decimal(interval // timedelta(minutes=1)) / 60)}h"


def _caps(terms: FundingTerms) -> str:
    if terms.cap is None or terms.floor is None:
        return "no cap"
    return f"{plain(terms.floor / PERCENT)}..{plain(terms.cap / PERCENT)}%"
