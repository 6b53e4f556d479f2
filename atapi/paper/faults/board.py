"""The faults that stand: set, listed, cleared. Empty lists cost those who look at them one attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atapi.paper.exchange import Exchange
    from atapi.paper.faults.where import Counter, Happening
    from atapi.paper.faults.words import Fault

Json = dict[str, Any]


class Standing:
    """A fault that is set."""

    def __init__(self, number: int, fault: Fault, counter: Counter) -> None:
        self.number = number
        self.fault = fault
        self.counter = counter

    def shown(self) -> Json:
        """Describe it, and what it has met and struck."""
        return {
            "id": self.number,
            "fault": self.fault.text,
            "met": self.counter.met,
            "struck": self.counter.struck,
        }


class Faults:
    """All faults of one host."""

    def __init__(self) -> None:
        self.requests: list[Standing] = []
        self.streams: list[Standing] = []
        self.world: list[Standing] = []
        self._last = 0

    def add(self, text: str, exchange: Exchange) -> Standing:
        """Set a fault; refusal -1102 where its words make no sense."""
        from atapi.paper.faults import bodies, world
        from atapi.paper.faults.where import Counter
        from atapi.paper.faults.words import ACTIONS, Kind, parse

        fault = parse(text)
        bodies.check(fault)
        kind = ACTIONS[fault.action].kind
        if kind is Kind.WORLD:
            world.begin(fault, exchange)
        self._last += 1
        standing = Standing(self._last, fault, Counter(fault.where))
        {Kind.REQUEST: self.requests, Kind.STREAM: self.streams, Kind.WORLD: self.world}[kind].append(
            standing
        )
        return standing

    def all(self) -> list[Standing]:
        """List faults in the order they were set."""
        return sorted([*self.requests, *self.streams, *self.world], key=lambda standing: standing.number)

    def clear(self, number: int | None, exchange: Exchange) -> int:
        """Take one fault away, or all; tells how many went."""
        gone = [s for s in self.all() if number is None or s.number == number]
        for standing in gone:
            for faults in (self.requests, self.streams, self.world):
                if standing in faults:
                    faults.remove(standing)
            if standing.fault.action in ("clock", "lag", "rule"):
                from atapi.paper.faults import world

                world.end(standing.fault, exchange, [other.fault for other in self.world])
        return len(gone)

    def strike(self, standing: list[Standing], happening: Happening) -> Fault | None:
        """Find the fault that befalls what happens; all that fit count it, the first set strikes."""
        found = None
        for each in standing:
            if found is None and each.counter.strikes(happening):
                found = each.fault
            elif found is not None:
                each.counter.met += each.fault.where.fits(happening)
        return found
