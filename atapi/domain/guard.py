"""What the guard says of an account: checks as values, and what it may do about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from atapi.domain.spreads import Spread


class Severity(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"  # to be looked at; nothing is exposed
    ALARM = "alarm"  # something is exposed, or will be before long


class Policy(StrEnum):
    """What the guard does at an alarm about a spread."""

    ALARM = "alarm"  # say it
    REHEDGE = "rehedge"  # reduce the longer leg to the shorter
    UNWIND = "unwind"  # close the spread


class Code(StrEnum):
    """What is looked at."""

    DELTA = "delta"  # coins that nothing stands against
    ADL = "adl"  # the exchange deleveraged the perpetual
    LIQUIDATED = "liquidated"
    SETTLED = "settled"  # the perpetual was delisted and closed
    HAND = "hand"  # somebody traded or moved what is a spread's
    FOREIGN = "foreign"  # the position is larger than the spreads account for
    TRANSIT = "transit"  # an opening or closing is under way
    LISTING = "listing"  # whether both symbols trade, and go on
    FUNDING = "funding"  # interval and cap
    LIQUIDATION = "liquidation"  # how far the price is from it
    MARGIN = "margin"  # maintenance margin over margin balance
    LEVEL = "level"  # of the cross margin account
    COLLATERAL = "collateral"  # moved out of the futures wallet
    BNB = "bnb"  # fills that it still pays for
    STREAM = "stream"
    REST = "rest"
    JOURNAL = "journal"  # orders that it should hold and does not, or of another journal
    HALT = "halt"  # the kill switch
    MOVE = "move"  # a transfer of the guard's own whose fate is open


BROKEN = frozenset(
    {Code.DELTA, Code.ADL, Code.LIQUIDATED, Code.SETTLED, Code.HAND}
)  # one leg without the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    code: Code
    severity: Severity
    value: str
    limit: str = ""
    spread_id: int | None = None  # None where it is the account's
    symbol: str | None = None  # of an account's check: which wallet or stream
    message: str = ""  # one line with figures; empty where all is well
    mend: str | None = None  # the command that mends it

    @classmethod
    def of(
        cls,
        spread: Spread,
        code: Code,
        value: str,
        *,
        limit: str = "",
        severity: Severity = Severity.OK,
        message: str = "",
        mend: str | None = None,
    ) -> Self:
        """Make a check of one spread; what would be said were it not well is dropped where it is."""
        well = severity is Severity.OK
        return cls(
            code=code,
            severity=severity,
            value=value,
            limit=limit,
            spread_id=spread.spread_id,
            symbol=spread.symbol,
            message="" if well else message,
            mend=None if well else mend,
        )

    @classmethod
    def of_account(
        cls,
        code: Code,
        value: str,
        *,
        about: str | None = None,
        limit: str = "",
        severity: Severity = Severity.OK,
        message: str = "",
        mend: str | None = None,
    ) -> Self:
        """Make a check of what all spreads share; `about` tells two of one code apart."""
        well = severity is Severity.OK
        return cls(
            code=code,
            severity=severity,
            value=value,
            limit=limit,
            symbol=about,
            message="" if well else message,
            mend=None if well else mend,
        )

    @property
    def key(self) -> tuple[str, int | None, str | None]:
        """What makes it the same finding at the next look."""
        return (self.code, self.spread_id, self.symbol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something the guard did, or could not do."""

    what: str
    done: bool
    spread_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One look at the account."""

    at: datetime
    checks: tuple[Check, ...]  # as it stands, after what was done
    seen: tuple[Check, ...] = ()  # alarms before anything was done about them
    deeds: tuple[Deed, ...] = ()

    @property
    def findings(self) -> tuple[Check, ...]:
        """What is not as it should be, worst first."""
        found = [c for c in self.checks if c.severity is not Severity.OK]
        return tuple(sorted(found, key=lambda c: c.severity is not Severity.ALARM))

    @property
    def unheard(self) -> Check | None:
        """That the venue could not be asked, so that nothing is known."""
        return next((c for c in self.checks if c.code is Code.REST), None)

    @property
    def exposed(self) -> bool:
        """Whether there is an alarm, or nothing is known."""
        return self.unheard is not None or any(c.severity is Severity.ALARM for c in self.checks)
