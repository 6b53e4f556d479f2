"""Planted faults in the order path, each of which the gates must catch: a gate that lets one live is broken.

python -m tests.execution.mutants             all of them
python -m tests.execution.mutants countdown   those whose name has a word
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
    Mutant("resends what the journal already held", "follow.py", "resumed=True, rests=True)", "resumed=False, rests=True)"),
    Mutant("resends on an unclear answer", "leg.py", "    return (yield Send(attempt.request))",
           "    answer = yield Send(attempt.request)\n    if isinstance(answer, Unclear):\n"
           "        answer = yield Send(attempt.request)\n    return answer"),
    Mutant("sends before the journal knows", "leg.py",
           "    yield WriteAttempt(attempt)\n    return (yield Send(attempt.request))",
           "    answer = yield Send(attempt.request)\n    yield WriteAttempt(attempt)\n    return answer"),
    Mutant("takes an unclear answer for a refusal", "leg.py", "    if isinstance(answer, Rejected):",
           "    if isinstance(answer, Unclear) and answer is not RESUMED:\n        answer = Rejected(-1, answer.message)\n"
           "    if isinstance(answer, Rejected):"),
    Mutant("takes an unclear answer for never sent", "leg.py", "    if isinstance(answer, NeverSent):",
           "    if isinstance(answer, Unclear) and answer is not RESUMED:\n        answer = NeverSent(answer.message)\n"
           "    if isinstance(answer, NeverSent):"),
    Mutant("asks no second witness of absence", "leg.py", "(yield AskTraces(request, fence.wait)) == ()", "True"),
    Mutant("takes a witness that cannot be asked for one that saw nothing", "leg.py",
           "(yield AskTraces(request, fence.wait)) == ()",
           "isinstance((yield AskTraces(request, fence.wait)), (Unclear, tuple))"),
    Mutant("believes the first not-found", "leg.py", "not_found >= fence.not_found_needed and left < timedelta(0)",
           "not_found >= 1"),
    Mutant("gives up after three not-founds", "leg.py",
           "not_found >= fence.not_found_needed and left < timedelta(0)", "not_found > 3"),
    Mutant("fence without the margin for lagging queries", "leg.py", "visibility: timedelta = timedelta(seconds=30)",
           "visibility: timedelta = timedelta(seconds=0)"),
    Mutant("fence without the backend's limit and the margin", "leg.py",
           "return self.recv_window + self.backend_limit + self.visibility", "return self.recv_window"),
    Mutant("counts a failed query as not found", "leg.py", "if isinstance(answer, NotFound):",
           "if isinstance(answer, NotFound | Unclear):"),
    Mutant("asks three times only", "leg.py", "MAX_ASKS = 60", "MAX_ASKS = 3"),
    Mutant("adopts whatever status it sees", "leg.py", "return order.filled >= attempt.executed and (rests or order.status.final)",
           "return order.filled >= attempt.executed"),
    Mutant("believes an answer older than what it knows", "leg.py",
           "return order.filled >= attempt.executed and (rests or order.status.final)",
           "return rests or order.status.final"),
    Mutant("calls an order absent that was accepted", "leg.py", "if order is None and attempt.order_id is not None:", "if False:"),
    # --- quantities -----------------------------------------------------------------------------------------
    Mutant("hedges what was asked, not what was filled", "follow.py", "executed=filled, net=filled)",
           "executed=quantity, net=quantity)"),
    Mutant("covers the perpetual without looking at its fills", "course.py",
           "standing = self.tally.executed(self.lead) -", "standing = self.terms.quantity -"),
    Mutant("forgets the fee taken in coins", "course.py", "self.tally.net(self.follow) / self.legs.pair.multiplier)\n\n    def standing",
           "self.tally.executed(self.follow) / self.legs.pair.multiplier)\n\n    def standing"),
    Mutant("buys no more to make up for the fee", "course.py", "perp_quantity * pair.multiplier / (1 - base_fee)",
           "perp_quantity * pair.multiplier"),
    Mutant("repays without the fee of the purchase", "course.py", "ceil_to(coins / (1 - self.terms.base_fee), lot)",
           "floor_to(coins, lot)"),
    Mutant("takes a partial fill for a whole one", "leg.py", "executed=order.filled, net=net",
           "executed=attempt.request.quantity, net=net"),
    Mutant("takes a partial fill for none", "leg.py", "    if order.filled:\n        fills",
           "    if order.filled == attempt.request.quantity:\n        fills"),
    Mutant("adds fees to what is bought", "leg.py", "return -request.side.sign * sum(", "return request.side.sign * sum("),
    Mutant("sends the whole quantity again after a part", "course.py",
           "return max(ZERO, self.standing() - self.tally.net(self.follow)", "return max(ZERO, self.standing() - 0 * self.tally.net(self.follow)"),
    Mutant("buys back what was planned, not what spot sold", "course.py",
           "against = self.spot_left() / self.legs.pair.multiplier if self.left() else ZERO", "against = ZERO"),
    Mutant("writes the fills of no order", "leg.py", "            yield WriteFills(attempt.leg, fills)\n            return fills",
           "            return fills"),
    Mutant("takes fills that came later for those of an older answer", "leg.py", "        if total == quantity:\n            return fills[:number]",
           "        if total >= quantity:\n            return fills"),
    Mutant("never writes down what the perpetual filled", "follow.py", "    yield from _book(course, lead)\n\n\ndef covered", "\n\ndef covered"),
    # --- the way back ---------------------------------------------------------------------------------------
    Mutant("never takes the perpetual back", "spread.py", "    if course.excess():\n        yield from take_back(course)\n", ""),
    Mutant("tries to take it back once", "follow.py", "MAX_UNWINDS = 5", "MAX_UNWINDS = 1"),
    Mutant("takes back a lot too much", "follow.py", "next(LegName.UNWIND), excess,",
           "next(LegName.UNWIND), excess + legs.pair.perp.lot_size,"),
    Mutant("takes back under one id", "ids.py", "{_base32(intent_id, 13)}{leg}{attempt}", "{_base32(intent_id, 13)}{leg}1"),
    Mutant("takes back without reduce-only", "legs.py", "return leg is LegName.PERP_EXIT or (leg is LegName.UNWIND and not self.closing)",
           "return leg is LegName.PERP_EXIT"),
    Mutant("has its way back stopped by the gate", "legs.py", "REDUCING = (LegName.UNWIND, ", "REDUCING = ("),
    Mutant("calls a leftover hedged", "spread.py", "    if left:\n        yield from enter", "    if False:\n        yield from enter"),
    Mutant("calls an open perpetual flat", "spread.py", "    if exposed:\n", "    if False:\n"),
    Mutant("calls coins without perpetual flat", "spread.py", "    if bare:\n", "    if False:\n"),
    Mutant("gives up an exit at the first refusal", "follow.py", "if refused(last) and not course.insists:", "if refused(last):"),
    Mutant("closes at its limit only", "course.py", "AT_MARKET if self.insists else 0", "0"),
    Mutant("does not enter again where the spot of a resting exit did not sell", "spread.py",
           "            yield from take_back(leading)\n", "            pass\n"),
    # --- the journal ----------------------------------------------------------------------------------------
    Mutant("calls a spread hedged before its spot leg", "slices.py", "    yield from go_after(course, caps.follow, lead)\n    row", "    row"),
    Mutant("writes another state than it tells", "spread.py", "    state = SpreadState.HEDGED if standing else terms.nothing\n    yield from enter(course, state, ",
           "    state = SpreadState.HEDGED if standing else terms.nothing\n    yield from enter(course, SpreadState.FLAT, "),
    Mutant("calls nothing a hedge", "spread.py", "SpreadState.HEDGED if standing else terms.nothing", "SpreadState.HEDGED"),
    Mutant("calls a part of a closing flat", "spread.py", "whole = course.terms.whole and not course.perp_left()", "whole = course.terms.whole"),
    # --- after a crash --------------------------------------------------------------------------------------
    Mutant("begins new slices after a crash", "spread.py", "    if course.legs.resumed:\n        return (yield from _finish(course))\n",
           "    if course.legs.resumed:\n        yield from _finish(course)\n"),
    Mutant("does not cover what it finds after a crash", "spread.py", "    if not unwinding:\n", "    if False:\n"),
    Mutant("covers what it was taking back when it died", "spread.py", "    if not unwinding:\n", "    if True:\n"),
    Mutant("leaves what rested when it died", "follow.py", "            known = yield from withdraw(known, base_asset=base_asset)\n", "            pass\n"),
    Mutant("forgets that the rest was being taken when it died",
        "spread.py",
        "        yield from go_after(taking, taking.caps.follow, Lead())  # where taking the rest was cut short",
        "        yield from ()",
    ),
    Mutant("leaves the countdown running after a crash", "spread.py",
           "        yield Countdown(course.legs.pair.perp.symbol, 0)\n", "        pass\n"),
    # --- both ways round ------------------------------------------------------------------------------------
    Mutant("mixes the sides of a reverse spread", "legs.py", "entry = Side.BUY if self.reverse else Side.SELL", "entry = Side.SELL"),
    Mutant("trades borrowed coins on spot", "legs.py", "Market.MARGIN if leg.spot and self.reverse else", "Market.MARGIN if False else"),
    Mutant("sells what it does not borrow", "legs.py", "borrows=self.reverse and leg is LegName.SPOT_ENTRY", "borrows=False"),
    Mutant("buys back what it does not repay", "legs.py", "repays=self.reverse and leg is LegName.SPOT_EXIT", "repays=False"),
    Mutant("tells an exposure the wrong way round", "legs.py", "return perpetual if self.reverse else -perpetual", "return -perpetual"),
    # --- slices and the gap ---------------------------------------------------------------------------------
    Mutant("ignores what may stand unhedged", "slices.py", "return quantity if most is None else min(quantity, most)", "return quantity"),
    Mutant("starts a slice in a book too thin", "slices.py", "    if there >= wanted:\n        return None", "    if True:\n        return None"),
    Mutant("starts a slice at any basis", "slices.py", "    if worst is None:\n        return None", "    if True:\n        return None"),
    Mutant("goes on after a refused slice", "slices.py", "    if refused(row):\n", "    if False:\n"),
    Mutant("goes on when the second leg could not follow", "slices.py", "    if not covered(course, caps.follow):\n        return",
           "    if False:\n        return"),
    Mutant("hedges each slice by itself", "course.py", "return ceil_to(perp_quantity * pair.multiplier / (1 - base_fee), pair.spot.lot_size)",
           "return ceil_to(perp_quantity * pair.multiplier / (1 - base_fee), pair.spot.lot_size) + pair.spot.lot_size"),
    Mutant("sends all slices at once", "slices.py", "return self.started + (number - 1) * self.interval", "return self.started"),
    Mutant("does not heed the operator", "slices.py", "return isinstance((yield Sleep(seconds, why, breaks=True)), Stopped)",
           "yield Sleep(seconds, why, breaks=True)\n    return False"),
    Mutant("takes no notice of the gap", "follow.py", "if gap is not None and gap <= timedelta(milliseconds=most):", "if True:"),
    Mutant("leaves legs that differed before", "slices.py", "    if not covered(course, course.caps.follow):  # the legs differed before",
           "    if False:"),
    # --- resting orders -------------------------------------------------------------------------------------
    Mutant("forgets to cancel what rests", "maker.py", "            row = yield from withdraw(row, base_asset=base_asset)",
           "            from dataclasses import replace\n\n            from atapi.execution.effects import AttemptState\n\n"
           "            row = replace(row, state=AttemptState.PARTIAL)"),
    Mutant("ignores a fill that came before the cancel", "leg.py",
           "        if not isinstance(answer, Answered):\n            answer = yield Ask(",
           "        if isinstance(answer, NotFound):\n            return (yield from _finish(replace(attempt, state=AttemptState.PARTIAL)))\n"
           "        if not isinstance(answer, Answered):\n            answer = yield Ask("),
    Mutant("cancels once, whatever becomes of it", "leg.py", "MAX_CANCELS = 20", "MAX_CANCELS = 1"),
    Mutant("does not hedge while it rests", "maker.py", "        yield from go_after(course, watch.caps.follow, Lead(at=watch.seen_at))\n        if not",
           "        if row.state.settled:\n            yield from go_after(course, watch.caps.follow, Lead(at=watch.seen_at))\n        if row.state.settled and not"),
    Mutant("rests without the dead-man switch", "maker.py", "            watch.armed_at = watch.seen_at\n    return watch.armed_at is not None",
           "            watch.armed_at = watch.seen_at\n    return True"),
    Mutant("lets the switch fire", "maker.py", "watch.seen_at - watch.armed_at >= REFRESH", "False"),
    Mutant("leaves the switch armed", "maker.py", "    yield Countdown(course.legs.pair.perp.symbol, 0)\n    return why", "    return why"),
    Mutant("takes instead of resting", "maker.py", "watch.caps.lead, rests=True)", "watch.caps.lead)"),
    Mutant("rests on the wrong side", "prices.py", "return book.bids if side is Side.BUY else book.asks\n\n\ndef within",
           "return book.asks if side is Side.BUY else book.bids\n\n\ndef within"),
    Mutant("stays behind when the touch moves away", "maker.py", "side(course.lead).sign > 0", "side(course.lead).sign > 10**9"),
    Mutant("rests an hour longer than patience", "maker.py", "if why is not None or watch.seen_at >= watch.until or",
           "if why is not None or watch.seen_at >= watch.until + timedelta(hours=1) or"),
    Mutant("leaves what patience did not fill", "spread.py", "    if stopped is None and course.left():\n", "    if False:\n"),
    Mutant("ends at the first order that would have taken", "maker.py", "if refused(row) and row.reason_code != POST_ONLY_REFUSED:",
           "if refused(row):"),
]  # fmt: skip

TESTS = [f"tests/execution/test_{name}.py" for name in ("leg", "leg_ends", "slices", "spread")]
GATES = ["--replays", "0", "--naked", "0", "--first", "--seed", "1"]


def survives(mutant: Mutant) -> bool:
    """Whether the tests, and the gates at two faults and some ten thousand seeds, let a planted fault live."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for package in ("atapi", "tests"):
            shutil.copytree(
                ROOT / package,
                tree / package,
                ignore=shutil.ignore_patterns("__pycache__", "paper", "shell", "data"),
            )
        file = tree / "atapi" / "execution" / mutant.file
        text = file.read_text()
        assert text.count(mutant.was) == 1, (
            f"{mutant.what}: the text to change is there {text.count(mutant.was)} times"
        )
        file.write_text(text.replace(mutant.was, mutant.becomes))
        return all(_passes(folder, words) for words in (
            ["pytest", "-q", "-x", *TESTS, "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=", "--timeout=300"],
            ["tests.execution.gates", *GATES, "--faults", "2", "--seeds", "3000"],
            ["tests.execution.gates", *GATES, "--faults", "0", "--seeds", "24000"],
        ))  # fmt: skip


def _passes(folder: str, words: list[str]) -> bool:
    run = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder, env=os.environ | {"PYTHONPATH": folder}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return run.returncode == 0


def main() -> int:
    """Plant each fault and print what became of it."""
    alive = []
    wanted = [m for m in MUTANTS if not sys.argv[1:] or any(word in m.what for word in sys.argv[1:])]
    with ThreadPoolExecutor(2) as pool:
        for mutant, living in zip(wanted, pool.map(survives, wanted), strict=True):
            print(f"{'ALIVE ' if living else 'killed'}  {mutant.what}", flush=True)
            if living:
                alive.append(mutant)
    print(f"{len(wanted) - len(alive)} of {len(wanted)} planted faults killed")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
