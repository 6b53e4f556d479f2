"""What the guard does about an alarm: by the very commands a trader would type, within bounds, and once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from atapi.clock import Clock
from atapi.domain.guard import BROKEN, Check, Code, Deed, Policy, Severity
from atapi.errors import AtapiError
from atapi.execution.executor import Executor

COOL_DOWN = timedelta(minutes=1)  # between two deeds about one spread
MOST_TRIES = 3  # deeds about one finding; then a human is needed
BOOKED = frozenset({Code.ADL, Code.LIQUIDATED, Code.SETTLED})  # what the exchange itself traded
ENDING = frozenset({Code.LISTING, Code.LIQUIDATION, Code.MARGIN, Code.LEVEL})  # what only closing answers


class Answer(StrEnum):
    """What is done about an alarm."""

    BOOK = "booking"  # nothing is sent: the exchange's own trades become the spread's
    RECOVER = "recovery"
    REHEDGE = "rehedge"
    UNWIND = "unwind"


Key = tuple[Code, Answer, int]  # what was found, what was done about it, to which spread


class Mender(Protocol):
    """The order path as far as it mends spreads. What was done is told in one line."""

    def book(self, symbol: str) -> None:
        """Make the journal true, as far as the exchange's own trades explain what differs."""
        ...

    def recover(self) -> str:
        """Bring what was cut short to its end."""
        ...

    def rehedge(self, symbol: str) -> str:
        """Reduce the longer leg of the spread in a symbol to the shorter."""
        ...

    def unwind(self, symbol: str) -> str:
        """Close the spread in a symbol, as much of it as is there."""
        ...

    def buy_bnb(self, quantity: Decimal) -> str:
        """Buy BNB on spot."""
        ...


@dataclass
class Tries:
    """What was done about one finding."""

    last: datetime
    count: int = 1


@dataclass
class Hands:
    """Acts on alarms by policy; never twice on one finding within the cool-down."""

    mender: Mender
    executor: Executor
    clock: Clock
    _tried: dict[Key, Tries] = field(default_factory=dict)
    _told: str | None = None  # the process that may write, once it was said

    def act(
        self, checks: Sequence[Check], symbols: Mapping[int, str], policies: Mapping[int, Policy]
    ) -> list[Deed]:
        """Do what the policies say about the alarms.

        Args:
            symbols: Spread id -> symbol, of the spreads that stand.
            policies: Spread id -> what to do about it.
        """
        alarms = [check for check in checks if check.severity is Severity.ALARM]
        self._forget(alarms)
        deeds = []
        for spread_id, symbol in symbols.items():
            mine = [c for c in alarms if c.spread_id in (spread_id, None)]
            due = [(c, answer) for c in mine if (answer := _answer(c, policies[spread_id])) is not None]
            if due and self._may(*due[0], spread_id):
                deed = self._do(*due[0], spread_id, symbol)
                deeds += [deed] if deed is not None else []
        return deeds

    def _do(self, check: Check, answer: Answer, spread_id: int, symbol: str) -> Deed | None:
        try:
            with self._right(check, answer, spread_id):
                what = self._carry_out(symbol, answer)
        except _Elsewhere as e:
            return None if answer is Answer.BOOK else self._say_elsewhere(e.who, spread_id)
        except AtapiError as e:
            return Deed(what=f"{answer} of {symbol} failed: {e.message}", done=False, spread_id=spread_id)
        return Deed(what=what, done=True, spread_id=spread_id) if what else None

    def _carry_out(self, symbol: str, answer: Answer) -> str:
        match answer:
            case Answer.REHEDGE:
                return self.mender.rehedge(symbol)
            case Answer.UNWIND:
                return self.mender.unwind(symbol)
            case Answer.RECOVER:
                return self.mender.recover()
            case _:
                self.mender.book(symbol)
                return ""

    @contextmanager
    def _right(self, check: Check, answer: Answer, spread_id: int) -> Iterator[None]:
        who = self.executor.holder()
        if who is not None:
            raise _Elsewhere(who)
        self._told = None
        with self.executor.owning():
            self._note_try((check.code, answer, spread_id))
            yield

    def _say_elsewhere(self, who: str, spread_id: int) -> Deed | None:
        if self._told == who:
            return None
        self._told = who
        return Deed(
            what=f"process {who} is trading on this journal: only alarms here until it ends",
            done=False,
            spread_id=spread_id,
        )

    def _may(self, check: Check, answer: Answer, spread_id: int) -> bool:
        tries = self._tried.get((check.code, answer, spread_id))
        if tries is None:
            return True
        return tries.count < MOST_TRIES and self.clock.now() - tries.last >= COOL_DOWN

    def _note_try(self, key: Key) -> None:
        before = self._tried.get(key)
        self._tried[key] = Tries(self.clock.now(), before.count + 1 if before else 1)

    def _forget(self, alarms: list[Check]) -> None:
        """A finding that is gone may be acted on when it comes again."""
        standing = {(check.code, check.spread_id) for check in alarms}
        self._tried = {
            (code, answer, spread_id): tries
            for (code, answer, spread_id), tries in self._tried.items()
            if standing & {(code, spread_id), (code, None)}
        }


class _Elsewhere(Exception):
    def __init__(self, who: str) -> None:
        super().__init__(who)
        self.who = who


def _answer(check: Check, policy: Policy) -> Answer | None:
    """Choose what answers an alarm under a policy; None for nothing."""
    if policy is Policy.ALARM:
        return Answer.BOOK if check.code in BOOKED else None
    if check.code is Code.TRANSIT:
        return Answer.RECOVER
    if check.code in BROKEN:
        return Answer.REHEDGE if policy is Policy.REHEDGE else Answer.UNWIND
    return Answer.UNWIND if policy is Policy.UNWIND and check.code in ENDING else None
