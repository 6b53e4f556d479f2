"""drill, as typed: on worlds of its own."""

from __future__ import annotations

import json
from contextlib import nullcontext
from decimal import Decimal
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atapi.domain.instruments import Market
from atapi.domain.orders import OrderRequest, OrderType, Side
from atapi.rehearsal import open_world
from atapi.services.drill import DrillService
from atapi.services.drill_scripts import DRILLS, Drill
from atapi.services.drill_world import World
from atapi.settings import Settings
from atapi.shell.context import Context
from atapi.shell.shell import Shell
from tests.shell.commands.desk import Said


def one_leg_alone(world: World) -> None:
    world.services.spreads.futures.place(
        OrderRequest(
            market=Market.UM, symbol="BTCUSDT", side=Side.SELL, type=OrderType.MARKET, quantity=Decimal("0.01"),
            client_order_id="by-hand",
        )
    )  # fmt: skip


def drills(*names: str) -> list[Drill]:
    found = {drill.name: drill for drill in DRILLS}
    return [found.get(name, Drill("alone", "one leg by hand", one_leg_alone)) for name in names]


def type_line(line: str, home: Path, *names: str) -> Said:
    """Run a line in a shell whose drills are these; all of them where none is named."""
    service = DrillService(world=open_world, drills=drills(*names) if names else DRILLS)
    services: Any = SimpleNamespace(drill=service)
    out, err = StringIO(), StringIO()
    settings = Settings(home=home)
    context = Context(lambda: settings, lambda _: nullcontext(services), stdin=StringIO(), stderr=err)
    shell = Shell(context, stdout=out)
    shell.onecmd(line)
    return Said(shell.code, out.getvalue(), err.getvalue())


def rows(said: Said) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said.out, parse_float=Decimal)
    return found


def test_the_drills_are_listed(tmp_path: Path) -> None:
    assert [row["drill"] for row in rows(type_line("drill list --json", tmp_path))] == [
        d.name for d in DRILLS
    ]


def test_one_that_is_not_there_is_refused(tmp_path: Path) -> None:
    said = type_line("drill leg3-lost", tmp_path)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: no drill 'leg3-lost'\n  hint: leg1-lost, leg2-timeout, ")


def test_a_timeline_says_who_did_what_and_how_it_ended(tmp_path: Path) -> None:
    said = type_line("drill leg2-refused --json", tmp_path)

    assert said.code == 0, said.err
    told = [(row["who"], row["what"]) for row in rows(said)]
    assert told[0] == ("drill", "fault: code -2010 method=POST path=/api/v3/order")
    assert ("exchange", "p1: filled") in [(who, what[:10]) for who, what in told]
    assert [what for _, what in told].index("s1: refused (-2010)") < [w[:8] for _, w in told].index(
        "sent u1:"
    )
    assert told[-1][1].startswith("FLAT; largest unhedged exposure ")
    assert list(tmp_path.iterdir()) == []  # nothing of it in the user's home


def test_one_that_ends_exposed_is_named_and_the_exit_code_says_so(tmp_path: Path) -> None:
    said = type_line("drill all --json", tmp_path, "alone", "leg2-refused")

    assert said.code == 3
    assert [(row["drill"], row["end"]) for row in rows(said)] == [
        ("alone", "EXPOSED while the journal says FLAT"),
        ("leg2-refused", "FLAT"),
    ]
    assert said.err.endswith("error: drill alone did not end HEDGED or FLAT\n  hint: drill alone\n")


@pytest.mark.gate
def test_every_drill_ends_hedged_or_flat(tmp_path: Path) -> None:
    said = type_line("drill all --json", tmp_path)

    assert said.code == 0, said.err
    ends = {row["drill"]: row["end"] for row in rows(said)}
    assert list(ends) == [d.name for d in DRILLS]
    assert set(ends.values()) <= {"HEDGED", "FLAT"}
    assert ends["leg2-refused"] == "FLAT"
    assert ends["leg1-lost"] == "HEDGED"
