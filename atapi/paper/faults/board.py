"""The faults that stand: set, listed, cleared. Empty lists cost those who look at them one attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atapi.paper.exchange import Exchange
    from atapi.paper.faults.where import Counter, Happening
    from atapi.paper.faults.words import Fault
    from atapi.paper.wire.listenkeys import ListenKeys

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
    """All faults of one host.

    Args:
        keys: Listen keys by market, which a fault may end.
    """

    def __init__(self, keys: Mapping[str, ListenKeys] | None = None) -> None:
        self._keys = keys or {}
        self.deeds: list[Standing] = []
        self.requests: list[Standing] = []
        self.streams: list[Standing] = []
        self.world: list[Standing] = []
        self._last = 0

    def add(self, text: str, exchange: Exchange) -> Standing:
        """Set a fault; refusal -1102 where its words make no sense."""
        from atapi.paper.faults import bodies, deeds, world
        from atapi.paper.faults.where import Counter
        from atapi.paper.faults.words import ACTIONS, Kind, parse

        fault = parse(text)
        bodies.check(fault)
        kind = ACTIONS[fault.action].kind
        counter = Counter(fault.where)
        if kind is Kind.WORLD:
            world.begin(fault, exchange)
        elif kind is Kind.DEED:
            counter.met = counter.struck = deeds.perform(fault, exchange, self._keys)
        self._last += 1
        standing = Standing(self._last, fault, counter)
        kept = {
            Kind.REQUEST: self.requests,
            Kind.STREAM: self.streams,
            Kind.WORLD: self.world,
            Kind.DEED: self.deeds,
        }
        kept[kind].append(standing)
        return standing

    def all(self) -> list[Standing]:
        """List faults in the order they were set."""
        every = (*self.requests, *self.streams, *self.world, *self.deeds)
        return sorted(every, key=lambda standing: standing.number)

    def clear(self, number: int | None, exchange: Exchange) -> int:
        """Take one fault away, or all; tells how many went."""
        from atapi.paper.faults import world
        from atapi.paper.faults.words import ACTIONS, Kind

        gone = [s for s in self.all() if number is None or s.number == number]
        for standing in gone:
            for faults in (self.requests, self.streams, self.world, self.deeds):
                if standing in faults:
                    faults.remove(standing)
            if ACTIONS[standing.fault.action].kind is Kind.WORLD:
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
