"""Planted faults in the order path, each of which the gates must catch: a gate that lets one live is broken.

python -m tests.execution.mutants
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Mutant(NamedTuple):
    """One planted fault."""

    what: str
    file: str  # under atapi/execution
    was: str
    becomes: str


MUTANTS = [
    # --- sending twice, or not knowing ----------------------------------------------------------------------
    Mutant("resends what the journal already held", "spread.py", "resumed=True)", "resumed=False)"),
    Mutant("resends on an unclear answer", "leg.py", "answer = yield Send(attempt.request)",
           "answer = yield Send(attempt.request)\n        if isinstance(answer, Unclear):\n"
           "            answer = yield Send(attempt.request)"),
    Mutant("sends before the journal knows", "leg.py",
           "yield WriteAttempt(attempt)\n        answer = yield Send(attempt.request)",
           "answer = yield Send(attempt.request)\n        yield WriteAttempt(attempt)"),
    Mutant("takes an unclear answer for a refusal", "leg.py", "if isinstance(answer, Rejected):",
           "if isinstance(answer, Unclear):\n        answer = Rejected(-1, answer.message)\n"
           "    if isinstance(answer, Rejected):"),
    Mutant("takes an unclear answer for never sent", "leg.py", "if isinstance(answer, NeverSent):",
           "if isinstance(answer, Unclear) and not resumed:\n        answer = NeverSent(answer.message)\n"
           "    if isinstance(answer, NeverSent):"),
    Mutant("believes the first not-found", "leg.py", "not_found >= fence.not_found_needed and now > sent_at + fence.wait",
           "not_found >= 1"),
    Mutant("gives up after three not-founds", "leg.py",
           "not_found >= fence.not_found_needed and now > sent_at + fence.wait", "not_found > 3"),
    Mutant("fence without the margin for lagging queries", "leg.py", "visibility: timedelta = timedelta(seconds=30)",
           "visibility: timedelta = timedelta(seconds=0)"),
    Mutant("fence without the backend's limit and the margin", "leg.py",
           "return self.recv_window + self.backend_limit + self.visibility", "return self.recv_window"),
    Mutant("counts a failed query as not found", "leg.py", "if isinstance(answer, NotFound):",
           "if isinstance(answer, NotFound | Unclear):"),
    Mutant("asks three times only", "leg.py", "MAX_ASKS = 60", "MAX_ASKS = 3"),
    # --- quantities -----------------------------------------------------------------------------------------
    Mutant("hedges what was asked, not what was filled", "spread.py", "wanted = spot_for(legs.pair, perp.executed,",
           "wanted = spot_for(legs.pair, terms.quantity,"),
    Mutant("forgets the fee taken in coins", "spread.py", "perp.executed - spot.net / legs.pair.multiplier",
           "perp.executed - spot.executed / legs.pair.multiplier"),
    Mutant("buys no more to make up for the fee", "spread.py", "/ (1 - base_fee)", "/ 1"),
    Mutant("takes a partial fill for a whole one", "leg.py", "executed=order.filled, net=net",
           "executed=attempt.request.quantity, net=net"),
    Mutant("takes a partial fill for none", "spread.py", "executed, net, last = executed + row.executed, net + row.net, row",
           "executed, net, last = (executed + row.executed * (row.state is AttemptState.FILLED),"
           " net + row.net * (row.state is AttemptState.FILLED), row)"),
    Mutant("sends the whole quantity again after a part", "spread.py",
           "left = floor_to(quantity - executed, instrument.lot_size)",
           "left = floor_to(quantity, instrument.lot_size)"),
    Mutant("buys back what was planned, not what spot sold", "spread.py",
           "due = terms.perp_quantity if complete else", "due = terms.perp_quantity if True else"),
    Mutant("writes the fills of no order", "leg.py", "yield WriteFills(attempt.leg, fills)", "pass"),
    # --- the way back ---------------------------------------------------------------------------------------
    Mutant("never takes the perpetual back", "spread.py",
           "    return (yield from _unwind(legs, excess, spot, kept))",
           "    yield WriteState(SpreadState.HEDGED)\n    return Outcome(state=SpreadState.HEDGED)"),
    Mutant("tries to take it back once", "spread.py", "MAX_UNWINDS = 5", "MAX_UNWINDS = 1"),
    Mutant("takes back what was sold, not the excess", "spread.py", "Side.BUY, excess, tries, reduce_only=True)",
           "Side.BUY, excess + legs.pair.perp.lot_size, tries, reduce_only=True)"),
    Mutant("takes back without reduce-only, under one id", "spread.py",
           "client_order_id=client_order_id(self.instance, self.intent_id, leg, number)",
           "client_order_id=client_order_id(self.instance, self.intent_id, leg, 1)"),
    Mutant("calls a leftover hedged", "spread.py",
           "    if left:\n        yield WriteState(SpreadState.EXPOSED, f\"short {left} without spot\")\n"
           "        return Outcome(state=SpreadState.EXPOSED, refused=spot.last, unwound=back.executed, exposed=-left)\n",
           ""),
    Mutant("calls an open perpetual flat", "spread.py",
           "    if left:\n        yield WriteState(SpreadState.EXPOSED, f\"{left} of the perpetual could not be bought back\")\n"
           "        return Outcome(state=SpreadState.EXPOSED, refused=perp.last, exposed=-left)\n", ""),
    Mutant("gives up an exit at the first refusal", "spread.py",
           "row.state is AttemptState.REJECTED and row.reason_code is not None and not reduce_only",
           "row.state is AttemptState.REJECTED and row.reason_code is not None"),
    Mutant("closes the perpetual first", "spread.py",
           "    yield WriteState(SpreadState.SPOT_CLOSE)\n    spot = yield from _work(",
           "    yield WriteState(SpreadState.SPOT_CLOSE)\n    early = yield from _work(legs, LegName.UNWIND, Side.BUY,"
           " terms.perp_quantity, [None], reduce_only=True)\n    spot = yield from _work("),
    # --- the journal ----------------------------------------------------------------------------------------
    Mutant("calls a spread hedged before its spot leg", "spread.py",
           "    yield WriteState(SpreadState.SPOT_OPEN)\n    wanted", "    yield WriteState(SpreadState.HEDGED)\n"
           "    return Outcome(state=SpreadState.HEDGED)\n    wanted"),
    Mutant("writes another state than it tells", "spread.py",
           "        yield WriteState(SpreadState.HEDGED)\n        return Outcome(state=SpreadState.HEDGED)",
           "        yield WriteState(SpreadState.FLAT)\n        return Outcome(state=SpreadState.HEDGED)"),
    Mutant("goes on with spot when the perpetual did not fill", "spread.py", "    if not perp.executed:\n", "    if False:\n"),
    Mutant("adopts whatever status it sees", "leg.py", "if isinstance(answer, Answered) and answer.order.status.final:",
           "if isinstance(answer, Answered | NotFound) and getattr(answer, 'order', None) is None:\n"
           "            return None\n        if isinstance(answer, Answered) and answer.order.status.final:"),
]  # fmt: skip


def survives(mutant: Mutant) -> bool:
    """Whether the gates, at two faults and a few thousand seeds, let a planted fault live."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for package in ("atapi", "tests"):
            shutil.copytree(
                ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__", "paper", "shell")
            )
        file = tree / "atapi" / "execution" / mutant.file
        text = file.read_text()
        assert text.count(mutant.was) >= 1, f"{mutant.what}: the text to change is no longer there"
        file.write_text(text.replace(mutant.was, mutant.becomes, 1))
        tests = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "tests/execution/test_leg.py",
            "-p",
            "no:cacheprovider",
        ]
        tests += ["tests/execution/test_spread.py"]
        if subprocess.run(
            tests, cwd=tree, env=os.environ | {"PYTHONPATH": folder}, capture_output=True, check=False
        ).returncode:
            return False
        for size in (["--faults", "1", "--seeds", "2000"], ["--faults", "2", "--seeds", "20000"]):
            run = subprocess.run(
                [sys.executable, "-m", "tests.execution.gates", *size, "--replays", "0"],
                cwd=tree, env=os.environ | {"PYTHONPATH": folder}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if run.returncode != 0:
                return False
        return True


def main() -> int:
    """Plant each fault and print what became of it."""
    alive = []
    with ThreadPoolExecutor(2) as pool:
        for mutant, living in zip(MUTANTS, pool.map(survives, MUTANTS), strict=True):
            print(f"{'ALIVE ' if living else 'killed'}  {mutant.what}", flush=True)
            if living:
                alive.append(mutant)
    print(f"{len(MUTANTS) - len(alive)} of {len(MUTANTS)} planted faults killed")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
