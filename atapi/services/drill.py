"""The trader's own fault drill: on an exchange made for it and thrown away after, never on yours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO, plain
from atapi.errors import UsageError
from atapi.services.drill_exposure import Exposure, largest_exposure
from atapi.services.drill_scripts import DRILLS, Drill
from atapi.services.drill_world import Event, Log, World, short
from atapi.table import Table, column

GOOD = ("HEDGED", "FLAT")
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRow:
    """One drill that can be played."""

    drill: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One line of a timeline."""

    t_s: Decimal = column(digits=3)  # since the beginning, by the drill exchange's clock
    who: str  # atapi, exchange or drill
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRow:
    """How one drill ended."""

    drill: str
    end: str  # HEDGED or FLAT, or what else the exchange says
    unhedged_usdt: Decimal = column(digits=2)  # the most there was in the largest stretch
    unhedged_s: Decimal = column(digits=3)
    usdt_s: Decimal = column(digits=1, thousands=True)  # its area
    lasted_s: Decimal = column(digits=1)  # by the drill exchange's clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a drill came to."""

    drill: Drill
    events: tuple[Event, ...]  # in order
    exposure: Exposure
    end: str
    began: datetime
    ended: datetime

    @property
    def passed(self) -> bool:
        """Whether it ended hedged or flat, and the journal knows."""
        return self.end in GOOD

    @property
    def summary(self) -> str:
        """One line: how it ended, and what stood unhedged at worst."""
        worst = self.exposure
        if not worst.usdt:
            return f"{self.end}; nothing stood unhedged"
        return (
            f"{self.end}; largest unhedged exposure {worst.usdt:.2f} USDT for {worst.seconds:.3f} s:"
            f" {worst.usdt_seconds:.1f} USDT x s"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillService:
    """Plays drills."""

    world: Callable[[Log], AbstractContextManager[World]]
    drills: Sequence[Drill] = DRILLS

    def names(self) -> list[str]:
        """List the drills by name."""
        return [drill.name for drill in self.drills]

    def table(self) -> Table:
        """List the drills."""
        return Table.of([DrillRow(drill=d.name, about=d.about) for d in self.drills], DrillRow)

    def play(self, name: str) -> Played:
        """Play one.

        Raises:
            UsageError: There is none of that name.
        """
        drill = next((d for d in self.drills if d.name == name), None)
        if drill is None:
            raise UsageError(f"no drill '{name}'", hint=f"{', '.join(self.names())}, all")
        log = Log()
        with self.world(log) as world:
            drill.play(world)
            world.backroom.clear_faults(None)
            ended = world.clock.now()
            return Played(
                drill=drill,
                events=merged(log.events, _seen_there(world)),
                exposure=largest_exposure(world.fills(), world.pair, ended),
                end=world.end_state(),
                began=world.began,
                ended=ended,
            )


def merged(ours: Sequence[Event], theirs: Sequence[Event]) -> tuple[Event, ...]:
    """Put what was seen here and there in order; in one millisecond the exchange acts right after an order was sent."""
    found = list(ours)
    for event in sorted(theirs, key=lambda event: event.at):
        end = next((i for i, other in enumerate(found) if other.at > event.at), len(found))
        begin = next((i for i, other in enumerate(found) if other.at == event.at), end)
        name = event.what.partition(":")[0]
        same = [i for i in range(begin, end) if found[i].what.removeprefix("sent ").startswith(f"{name}: ")]
        acted = [i for i in same if found[i].who == "exchange" or found[i].what.startswith("sent ")]
        found.insert(acted[-1] + 1 if acted else same[0] if same else end, event)
    return tuple(found)


def timeline(played: Played) -> Table:
    """Lay a drill out in time."""
    rows = [EventRow(t_s=_since(played, event.at), who=event.who, what=event.what) for event in played.events]
    end = EventRow(t_s=_since(played, played.ended), who="drill", what=played.summary)
    return Table.of([*rows, end], EventRow)


def endings(played: Sequence[Played]) -> Table:
    """Put several drills side by side."""
    rows = [
        EndRow(
            drill=one.drill.name,
            end=one.end,
            unhedged_usdt=one.exposure.usdt,
            unhedged_s=one.exposure.seconds,
            usdt_s=one.exposure.usdt_seconds,
            lasted_s=_since(one, one.ended),
        )
        for one in played
    ]
    return Table.of(rows, EndRow)


def _seen_there(world: World) -> list[Event]:
    """What the exchange itself has to say: orders it took, and what they traded."""
    orders, fills = world.orders(), world.fills()
    events = [
        Event(o.created_at, "exchange", f"{short(o.client_order_id)}: accepted {o.side} {plain(o.quantity)} {o.symbol}"
              f" on {o.market}")
        for o in orders
    ]  # fmt: skip
    names = {(o.market, o.order_id): short(o.client_order_id) for o in orders}
    traded: dict[tuple[Market, str], list[tuple[datetime, Decimal]]] = {}
    for fill in fills:
        traded.setdefault((fill.market, fill.order_id), []).append((fill.at, fill.quantity))
    for key, rows in traded.items():
        total = sum((quantity for _, quantity in rows), ZERO)
        events.append(
            Event(max(at for at, _ in rows), "exchange", f"{names.get(key, '?')}: filled {plain(total)}")
        )
    return events


def _since(played: Played, at: datetime) -> Decimal:
    return Decimal(max(at - played.began, timedelta()) // MILLISECOND) / 1000
