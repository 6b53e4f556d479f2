"""Every fault of a list at every kind of request of a trading shell, over real sockets.

    python -m tests.gates.order_faults                       what CI runs: all faults at all kinds, each once
    python -m tests.gates.order_faults --kind 'spot order' --fault lost
    python -m tests.gates.order_faults --times 10

Real shells, each with a home and an account of its own, trade on one served exchange through proxies, one of which does
something to one request. Then another shell brings to an end what was cut short, and where exit code 3 came with a
command, that command is run. The checker, which knows the exchange's record, the exit codes and what was printed, has
to agree; nobody may have followed a redirect; and the last shell shows everything hedged or flat.
"""

from __future__ import annotations

import argparse
import re
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from atapi.clock import monotonic_ms
from tests.execution import faults
from tests.execution.proxy import Fault, Meet, Passing
from tests.gates.shells import Ended
from tests.gates.street import SHOW, House, Street

PATIENT, HASTY = "set timeout 10s", "set timeout 2s"  # where an answer comes, and where none does
OPEN = "open-spread BTCUSDT 1000usdt --json"
CLOSE = "close-spread BTCUSDT --json"
REVERSE = "open-spread BTCUSDT 1000usdt --reverse --json"
REST = "buy BTCUSDT 500usdt --price 30000"
GUARDED = f"{REST} --venue futures --dead-man"
CANCEL = "cancel BTCUSDT"
BUSY, WAITING = 6, 48  # cases at once: of those that work, and of those that wait, most of all for a fence
TRIES = 3  # of a case in which a busy machine kept the fault from its request
MENDS = 3  # commands that an exit code 3 may ask for, one after the other


class Kind(NamedTuple):
    """A kind of request: the first of that name that a line makes."""

    what: str
    line: str = OPEN
    prepared: tuple[str, ...] = ()  # lines run undisturbed before it
    unanswered: str = ""  # a request before it of which the answer is lost, so that it is made at all


KINDS = {
    "um order": Kind("POST /fapi/v1/order"),
    "spot order": Kind("POST /api/v3/order"),
    "spot order, closing": Kind("POST /api/v3/order", CLOSE, (OPEN,)),
    "um order, closing": Kind("POST /fapi/v1/order", CLOSE, (OPEN,)),
    "ask for a um order": Kind("GET /fapi/v1/order", unanswered="POST /fapi/v1/order"),
    "ask for a spot order": Kind("GET /api/v3/order", unanswered="POST /api/v3/order"),
    "um fills": Kind("GET /fapi/v1/userTrades"),
    "spot fills": Kind("GET /api/v3/myTrades"),
    "margin order": Kind("POST /sapi/v1/margin/order", REVERSE),
    "margin order, closing": Kind("POST /sapi/v1/margin/order", CLOSE, (REVERSE,)),
    "ask for a margin order": Kind(
        "GET /sapi/v1/margin/order", REVERSE, unanswered="POST /sapi/v1/margin/order"
    ),
    "margin account": Kind("GET /sapi/v1/margin/account", REVERSE),
    "resting order": Kind("POST /api/v3/order", REST),
    "cancel on spot": Kind("DELETE /api/v3/order", CANCEL, (REST,)),
    "cancel on um": Kind("DELETE /fapi/v1/order", CANCEL, (f"{REST} --venue futures",)),
    "countdown": Kind("POST /fapi/v1/countdownCancelAll", GUARDED),
    "leverage": Kind("POST /fapi/v1/leverage", "open-spread BTCUSDT 1000usdt --leverage 10 --json"),
    "um book": Kind("GET /fapi/v1/depth"),
    "spot book": Kind("GET /api/v3/depth"),
    "spot account": Kind("GET /api/v3/account"),
    "positions": Kind("GET /fapi/v3/positionRisk"),
    "spot orders": Kind("GET /api/v3/allOrders"),
    "um orders": Kind("GET /fapi/v1/allOrders"),
    "spot rules": Kind("GET /api/v3/exchangeInfo"),
    "um time": Kind("GET /fapi/v1/time"),
    "income": Kind("GET /fapi/v1/income", CLOSE, (OPEN,)),
}

REFUSED = ("refused", "refused a while")  # faults of the moment before the request

FAULTS: Mapping[str, Fault | None] = {
    "refused": None,
    "refused a while": None,
    "dropped": faults.dropped,
    "unheard": faults.unheard,
    "lost": faults.lost,
    "hung up": faults.hung_up,
    "reset": faults.reset,
    "cut in the head": faults.cut(0.05),
    "cut in the middle": faults.cut(0.6),
    "cut at the last byte": faults.cut(1),
    "reset in the middle": faults.cut(0.8, hard=True),
    "dripping": faults.dripping,
    "delayed past the deadline": faults.delayed(2.4),
    "delayed past its window": faults.delayed(3.6),
    "delivered twice": faults.doubled,
    "announced": faults.announced,
    "garbled": faults.garbled,
    "emptied": faults.emptied,
    "blank": faults.blank,
    "of another order": faults.foreign,
    "of another form": faults.listed,
    "not HTTP": faults.not_http,
    "502 unsent": faults.bad_gateway,
    "503 unknown": faults.unavailable,
    "503 -1008": faults.overloaded,
    "-1007 executed": faults.timed_out,
    "-1007 not executed": faults.timed_out_before,
    "-1021": faults.too_late,
    "-2015": faults.key_refused,
    "-2010": faults.refused,
    "a new code": faults.unknown_code,
    "429": faults.limited,
    "418": faults.banned,
}
SILENT = {
    "refused",
    "dropped",
    "unheard",
    "lost",
    "dripping",
    "delayed past the deadline",
    "delayed past its window",
    "502 unsent",
    "-1007 not executed",
}  # after which a shell waits, for an answer or for proof
MOVED = ("301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect")


class Case(NamedTuple):
    """One fault at one kind of request."""

    kind: str
    fault: str

    def __str__(self) -> str:
        return f"{self.fault!r} at {self.kind!r}"


class Verdict(NamedTuple):
    """What came of a case."""

    case: Case
    struck: bool
    code: int
    seconds: float
    wrong: list[str]


class Trouble:
    """Meets the requests of one shell with the fault of one case."""

    def __init__(self, house: House, kind: Kind, fault: Fault | None, *, lasting: bool) -> None:
        self._house = house
        self._kind = kind
        self._fault = fault
        self._lasting = lasting
        self._unanswered = kind.unanswered
        self.struck = False

    def meet(self, passing: Passing) -> Fault | None:
        """Let the fault befall the request it is for."""
        if passing.what == self._unanswered:
            self._unanswered = ""
            return faults.hung_up
        if self.struck or self._unanswered or passing.what != self._kind.what:
            return None
        self.struck = True
        return self._fault

    def before(self, number: int) -> Meet:
        """Let nobody listen from the moment before that request."""

        def meet(passing: Passing) -> Fault | None:
            if passing.number == number - 1:
                self.struck = True
                return self._shut
            return faults.hung_up if passing.what == self._unanswered else None

        return meet

    def _shut(self, passing: Passing) -> None:
        answer = passing.forward()
        market = "um" if "/fapi/" in self._kind.what else "spot"
        proxy = self._house.proxies[market]
        proxy.shut(hang_up_but=passing)
        threading.Timer(faults.OUTAGE_S if self._lasting else faults.BLINK_S, proxy.open).start()
        if proxy is not passing.proxy:
            passing.answer(answer)
            return
        passing.answer(faults.last(answer))
        passing.hang_up()


def tried(street: Street, case: Case, number: int) -> Verdict:
    """Run a case until its fault befell a request, a few times."""
    for _ in range(TRIES):
        verdict = run(street, case, number)
        if verdict.struck or verdict.wrong:
            break
    return verdict


def run(street: Street, case: Case, number: int) -> Verdict:
    """Run one case in a house of its own.

    Args:
        number: Which of an undisturbed shell's requests is of the kind.
    """
    kind = KINDS[case.kind]
    fault = faults.moved(case.fault, street.elsewhere.url) if case.fault in MOVED else FAULTS[case.fault]
    with street.house() as house:
        for line in kind.prepared:
            house.run(line)
        trouble = Trouble(house, kind, fault, lasting=case.fault == "refused")
        meet = trouble.before(number) if case.fault in REFUSED else trouble.meet
        ended = house.run(kind.line, meet=meet, before=HASTY if case.fault in SILENT else PATIENT)
        wait_out(house)
        wrong = mended(house, ended)
        if street.elsewhere.met:
            wrong.append("somebody followed a redirect")
        return Verdict(case, trouble.struck, ended.code, ended.seconds, wrong)


def mended(house: House, ended: Ended) -> list[str]:
    """Do what the shell said mends it, and let the checker judge how all ended."""
    shown = house.run(SHOW)
    for _ in range(MENDS):
        hint = re.search(r"hint: ((?:hedge|close-spread|flatten|buy|sell) [^:\n]*)", ended.err)
        if ended.code != 3 or hint is None:
            break
        ended = house.run(hint[1].strip())
        shown = house.run(SHOW)
    wrong = house.wrong()
    if shown.code:
        wrong.append(f"the last shell ended with {shown.code}: {shown.err}")
    for symbol, (coins, perpetual, _) in house.runs[-1]["held"].items():
        if abs(coins + perpetual) > house.step(symbol):
            wrong.append(f"{symbol} ends off by {coins + perpetual}")
    return wrong


def wait_out(house: House) -> None:
    """Wait until no pause that the shell was told of lasts: the next one would not know of it."""
    until = max((end for _, _, end in house.count.pauses), default=0.0)
    threading.Event().wait(max(0.0, until - monotonic_ms() / 1000))


def place(street: Street, kind: Kind) -> int:
    """Tell which request of an undisturbed shell is of a kind."""
    with street.house() as house:
        for line in kind.prepared:
            house.run(line)
        trouble = Trouble(house, kind, None, lasting=False)
        house.run(kind.line, meet=trouble.meet)
        return next(n for n, asked in enumerate(house.count.asked, 1) if asked.what == kind.what)


def main() -> int:
    """Run it; exit code 1 where any case went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kind", choices=KINDS, action="append", help="these kinds of request only")
    parser.add_argument("--fault", choices=(*FAULTS, *MOVED), help="one fault only")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--workers", type=int, default=BUSY, help="cases at once, beside those that wait")
    given = parser.parse_args()
    began = monotonic_ms()
    kinds = given.kind or list(KINDS)
    wanted = [given.fault] if given.fault else [*FAULTS, *MOVED]
    with (
        Street() as street,
        ThreadPoolExecutor(given.workers) as busy,
        ThreadPoolExecutor(WAITING) as waiting,
    ):
        places = dict(zip(kinds, busy.map(lambda name: place(street, KINDS[name]), kinds), strict=True))

        def started(case: Case) -> Future[Verdict]:
            pool = waiting if case.fault in SILENT else busy
            return pool.submit(tried, street, case, places[case.kind])

        cases = [Case(kind, fault) for fault in wanted for kind in kinds] * given.times
        done = [future.result() for future in [started(case) for case in cases]]
    return report(done, (monotonic_ms() - began) / 1000)


def report(done: list[Verdict], seconds: float) -> int:
    """Print what came of it."""
    failed = [verdict for verdict in done if verdict.wrong or not verdict.struck]
    for verdict in failed:
        why = "; ".join(verdict.wrong) or "it never befell anything"
        print(f"FAILED {verdict.case}, exit code {verdict.code}: {why}")
    codes = Counter(verdict.code for verdict in done)
    told = ", ".join(f"{count} with {code}" for code, count in sorted(codes.items()))
    kinds, wanted = ({getattr(v.case, name) for v in done} for name in ("kind", "fault"))
    print(
        f"{len(wanted)} faults at {len(kinds)} kinds of request: {len(done)} cases, {len(failed)} went wrong;"
        f" shells ended {told}; the slowest took {max(v.seconds for v in done):.0f} s; {seconds:.0f} s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
