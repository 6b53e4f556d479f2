"""What each drill does. A script does its harm and lets the order path answer; it judges nothing."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from atapi.domain.amounts import parse_amount
from atapi.domain.guard import Policy, Severity
from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO, floor_to
from atapi.services.drill_world import AMOUNT, SYMBOL, World
from atapi.services.guard import Options

if TYPE_CHECKING:
    from subprocess import Popen

PERP = "method=POST path=/fapi/v1/order"
SPOT = "method=POST path=/api/v3/order"
ONCE = "times=1"
OUTAGE = timedelta(seconds=20)
LOOKS = 16  # of a guard, five seconds apart


@dataclass(frozen=True, slots=True)
class Drill:
    """One thing that can go wrong."""

    name: str
    about: str
    play: Callable[[World], None]


def leg1_lost(world: World) -> None:
    """Play it: executed, and nobody says so."""
    world.fault(f"lose after {PERP} {ONCE}")
    world.open()


def leg2_timeout(world: World) -> None:
    """Play it: it never arrives, and only the fence proves that."""
    world.fault(f"lose before {SPOT} {ONCE}")
    world.open()


def leg2_lost(world: World) -> None:
    """Play it: executed, and the answer ends in the middle."""
    world.fault(f"cut 40 after {SPOT} {ONCE}")
    world.open()


def leg2_refused(world: World) -> None:
    """Play it: no money for the second leg."""
    world.fault(f"code -2010 {SPOT}")
    world.open()


def partial(world: World) -> None:
    """Play it: a stranger buys most of what the spot order was to take."""
    plan = world.services.spreads.plan(SYMBOL, parse_amount(AMOUNT))

    def outrun() -> None:
        book = world.services.spreads.spot.depth(world.pair.spot.symbol, 500)
        within = [level for level in book.asks if level.price <= plan.spot.limit_price]
        left = floor_to(plan.spot.quantity / 2, world.pair.spot.lot_size)
        quantity = sum((level.quantity for level in within), ZERO) - left
        world.buy_spot(quantity, within[-1].price)
        world.log.say("drill", f"a stranger bought all but {left:f} {world.pair.spot.base_asset} of the book")

    world.witnesses[Market.SPOT].before = outrun
    world.attempt(lambda: world.services.spreads.open(plan))


def overload(world: World) -> None:
    """Play it: nothing that adds risk is taken, what reduces is."""
    if world.open():
        world.fault("overload C market=um")
        world.close()
        world.open()


def disconnect(world: World) -> None:
    """Play it: from the moment the perpetual is sold every request is dropped."""

    def cut() -> None:
        world.fault("reset before market=*")
        world.clock.at(world.log.now() + OUTAGE, world.heal)

    world.witnesses[Market.UM].after = cut
    world.open()


def twice(world: World) -> None:
    """Play it: something on the way delivers the perpetual's order a second time."""
    world.fault(f"twice {PERP} {ONCE}")
    world.open()
    _guarded(world, Policy.REHEDGE)


def halt(world: World) -> None:
    """Play it: somebody pulls the kill switch with the perpetual sold."""

    def pull() -> None:
        world.services.limits.halt("drill")
        world.log.say("drill", "limits halt")

    world.witnesses[Market.UM].after = pull
    world.open()


def kill_after_send(world: World) -> None:
    """Play it: the process dies while the exchange's yes is on its way."""
    world.fault(f"lose after {PERP} {ONCE}")
    _killed(world, lambda: bool(world.holdings()[1]))
    world.heal()
    _restarted(world)


def kill_between_legs(world: World) -> None:
    """Play it: the process dies with the perpetual sold and the spot order lost on its way."""
    world.fault(f"lose before {SPOT} {ONCE}")
    _killed(world, world.struck)
    world.heal()
    world.log.say("drill", "restarted")
    world.attempt(world.services.spreads.reconcile.recovery.run)


def adl(world: World) -> None:
    """Play it: the exchange takes half of the short away."""
    if world.open():
        world.fault(f"adl {SYMBOL} side=SHORT share=50%")
        _guarded(world, Policy.REHEDGE)


def liquidation_near(world: World) -> None:
    """Play it: little collateral, and a rising price."""
    world.keep_collateral(Decimal(1000))
    if world.open("10000usdt"):
        world.fault(f"move {SYMBOL} by=8% over=1m")
        _guarded(world, Policy.UNWIND)


DRILLS = (
    Drill("leg1-lost", "the perpetual's order is executed, its answer lost", leg1_lost),
    Drill("leg2-timeout", "the spot order never arrives", leg2_timeout),
    Drill("leg2-lost", "the spot order is executed, its answer cut off", leg2_lost),
    Drill("leg2-refused", "the spot order is refused", leg2_refused),
    Drill("partial", "half of the spot order finds nobody to sell", partial),
    Drill("overload", "futures take nothing but what reduces", overload),
    Drill("disconnect", "every request is dropped for 20 s, from between the legs on", disconnect),
    Drill("twice", "the perpetual's order is delivered twice; the guard rehedges", twice),
    Drill("halt", "the kill switch is pulled between the legs", halt),
    Drill(
        "kill-after-send", "kill -9 with the perpetual's answer on its way; started again", kill_after_send
    ),
    Drill("kill-between-legs", "kill -9 between the legs; started again", kill_between_legs),
    Drill("adl", "half of the short is deleveraged; the guard rehedges", adl),
    Drill("liquidation-near", "the price rises towards liquidation; the guard unwinds", liquidation_near),
)


def _guarded(world: World, policy: Policy) -> None:
    """Let a guard look every five seconds until it has done something, or for as long as it should have needed."""
    guard = world.services.guard.begin(Options(policy=policy))
    for _ in range(LOOKS):
        world.clock.sleep(guard.options.every.total_seconds())
        sweep = guard.sweep()
        for check in (c for c in (*sweep.seen, *sweep.checks) if c.severity is Severity.ALARM):
            world.log.say("atapi", f"guard: {check.message}")
        for deed in sweep.deeds:
            world.log.say("atapi", f"guard: {deed.what}")
        if any(deed.done for deed in sweep.deeds):
            return


def _killed(world: World, once: Callable[[], bool]) -> None:
    """Open in a process of its own, and kill that as soon as something is so."""
    child = world.child(f"open-spread {SYMBOL} {AMOUNT}")
    world.log.say("drill", f"process {child.pid}: open-spread {SYMBOL} {AMOUNT}")
    world.wait_until(lambda: once() or child.poll() is not None)
    child.send_signal(signal.SIGKILL)
    _heard(world, child)
    world.log.say("drill", f"process {child.pid}: ended by {signal.Signals(-child.returncode).name}")


def _restarted(world: World) -> None:
    """Sit down at the next shell and see what it makes of it."""
    child = world.child("spreads")
    world.log.say("drill", f"process {child.pid}: spreads")
    _heard(world, child)


def _heard(world: World, child: Popen[str]) -> None:
    _, said = child.communicate()
    for line in said.splitlines():
        if line.startswith(("spread #", "order ", "#", "error:")):
            world.log.say("atapi", line)
