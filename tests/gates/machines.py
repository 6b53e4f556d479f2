"""Same seed, same script, other machines: the recorded logs are the same to the byte.

    python -m tests.gates.machines                           this interpreter, in four surroundings
    python -m tests.gates.machines --python /usr/bin/python3.13 --python …    and others that have atapi's dependencies

A machine here is a process of its own with another hash seed, time zone, language, working directory, home and moment
of the real clock, and, where they are named, another Python, with uvloop or without. The script trades on every market,
sets faults, lets days pass with fundings and a liquidation, and records all of it.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.gates.line import Line
from tests.gates.served import ROOT, Served
from tests.gates.traders import Notes, Trader

STILL = "2026-01-01T00:00:00"
STEPS = 400
SPANS_MS = (100, 250, 1000, 60_000, 3_600_000)
SURROUNDINGS: tuple[Mapping[str, str], ...] = (
    {"PYTHONHASHSEED": "0"},
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONUTF8": "0"},
    {
        "PYTHONHASHSEED": "4294967295",
        "TZ": "America/St_Johns",
        "LC_ALL": "tr_TR.UTF-8",
        "PYTHONOPTIMIZE": "0",
    },
    {"PYTHONHASHSEED": "random", "TZ": "Pacific/Kiritimati", "LC_ALL": "de_DE.UTF-8"},
)
FAULTS = (
    "status 503 path=/api/v3/order chance=20% seed=3",
    "code -1007 after method=POST path=/fapi/v1/order nth=2",
    "silent event=executionReport every=5",
    "rule BTCUSDT market=um interval_hours=4",
    "lag 500ms",
)


def script(served: Served, log: Path, seed: int) -> None:
    """Do the same as always, and record it."""
    dice = random.Random(seed)
    keys = {name: served.admin("accounts", name=name, funded=True) for name in ("ann", "bob", "cyd")}
    served.admin("record", path=str(log), symbols=["BTCUSDT", "ETHUSDT", "BTCUSD_PERP"])
    lines = {
        (name, market): served.line(market, made["key"], made["secret"])
        for name, made in keys.items()
        for market in ("spot", "um", "cm")
    }
    traders = [
        Trader(name, Notes(), {m: lines[name, m] for m in ("spot", "um")}, dice, lambda: None)
        for name in ("ann", "bob")
    ]
    _odds_and_ends(lines["cyd", "spot"], lines["cyd", "um"], lines["cyd", "cm"])
    for step in range(1, STEPS + 1):
        dice.choice(traders).step()
        if step % 8 == 0:
            served.admin("advance", span_ms=dice.choice(SPANS_MS))
        if step % 70 == 0:
            served.admin("faults/clear")
            served.admin("faults", fault=FAULTS[step // 70 % len(FAULTS)])
    served.admin("faults/clear")
    served.admin("advance", span_ms=10 * 86_400_000)  # 125 times leverage does not last so long
    served.admin("record/stop")
    for line in lines.values():
        line.close()


def _odds_and_ends(spot: Line, um: Line, cm: Line) -> None:
    """What traders do not do: lists, modes, batches, COIN-M, and a position bound to be liquidated."""
    last = float(spot.get("/api/v3/ticker/price", symbol="BTCUSDT")["price"])
    sides = {
        "symbol": "BTCUSDT", "side": "SELL", "quantity": "0.01", "listClientOrderId": "oco",
        "aboveType": "LIMIT_MAKER", "abovePrice": f"{last * 1.01:.1f}",
        "belowType": "STOP_LOSS", "belowStopPrice": f"{last * 0.99:.1f}",
    }  # fmt: skip
    spot.signed("POST", "/api/v3/orderList/oco", **sides)
    um.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=125)
    um.signed("POST", "/fapi/v1/listenKey")
    um.signed("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.2"}
    assert um.signed("POST", "/fapi/v1/order", **order)[0] == 200
    batch = [order | {"side": "SELL", "quantity": "0.001", "newClientOrderId": "one"}]
    um.signed("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps(batch))
    coin = {"symbol": "BTCUSD_PERP", "side": "BUY", "type": "MARKET", "quantity": "50"}
    assert cm.signed("POST", "/dapi/v1/order", **coin)[0] == 200
    cm.signed(
        "POST", "/dapi/v1/order", **coin | {"side": "SELL", "quantity": "20", "newClientOrderId": "two"}
    )


def run_here(log: Path, seed: int) -> None:
    """Run the script in this process's surroundings."""
    with tempfile.TemporaryDirectory(prefix="atapi-machine-") as home:
        served = Served(Path(home), STILL)
        served.start()
        try:
            script(served, log, seed)
        finally:
            served.kill()


def told(log: Path) -> Iterator[dict[str, Any]]:
    """Walk the messages of a log."""
    for text in gzip.decompress(log.read_bytes()).splitlines():
        yield json.loads(text.partition(b" ")[2])


def covers(log: Path) -> Counter[str]:
    """Count what a log holds, and make sure that nothing the script is for is missing."""
    seen: Counter[str] = Counter()
    for message in told(log):
        if "asked" in message:
            seen[f"{message['market']} decisions"] += 1
        elif "event" in message:
            event = message["event"]
            seen[f"{message['market']} {event['e']}"] += 1
            seen[f"reason {event.get('a', {}).get('m')}" if event["e"] == "ACCOUNT_UPDATE" else "other"] += 1
            forced = event.get("o", {})
            if isinstance(forced, dict) and str(forced.get("c")).startswith("autoclose-"):
                seen["liquidated"] += 1
        elif "stream" in message:
            seen[f"{message['market']} {message['stream'].partition('@')[2]}"] += 1
    for name in (
        "spot decisions", "um decisions", "cm decisions", "spot executionReport", "um ORDER_TRADE_UPDATE",
        "cm ORDER_TRADE_UPDATE", "um ALGO_UPDATE", "reason FUNDING_FEE", "liquidated", "spot depth", "cm depth",
        "um markPrice",
    ):  # fmt: skip
        assert seen[name], f"the log holds no {name}: {dict(seen)}"
    return seen


def digest(log: Path) -> str:
    """Digest of a log's lines; how they are compressed is the library's business."""
    return hashlib.sha256(gzip.decompress(log.read_bytes())).hexdigest()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", action="append", default=[], help="another interpreter")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--here", type=Path, help="only run the script, and write this log")
    options = parser.parse_args()
    if options.here:
        run_here(options.here, options.seed)
        return
    began = time.monotonic()
    machines = [(sys.executable, each) for each in SURROUNDINGS]
    machines += [(python, SURROUNDINGS[1]) for python in options.python]
    with tempfile.TemporaryDirectory(prefix="atapi-machines-") as folder:
        logs = [Path(folder) / str(number) / "run.log.gz" for number in range(len(machines))]
        for log, (python, surroundings) in zip(logs, machines, strict=True):
            log.parent.mkdir()
            command = [python, "-m", "tests.gates.machines", "--here", str(log), "--seed", str(options.seed)]
            environment = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(log.parent)} | surroundings
            subprocess.run(command, check=True, cwd=log.parent, env=environment)
            print(f"  {digest(log)[:16]} {Path(python).name} {' '.join(surroundings.values())}", flush=True)
        _same(logs)
        counted = covers(logs[0])
    lines = sum(counted[name] for name in counted if name != "other" and not name.startswith("reason"))
    print(f"machines: {len(machines)} logs of {lines} messages, equal; {time.monotonic() - began:.0f} s")


def _same(logs: list[Path]) -> None:
    first = gzip.decompress(logs[0].read_bytes()).splitlines()
    for log in logs[1:]:
        other = gzip.decompress(log.read_bytes()).splitlines()
        for number, (mine, theirs) in enumerate(zip(first, other, strict=False), 1):
            assert mine == theirs, f"line {number}:\n{mine.decode()}\n{theirs.decode()}"
        assert len(first) == len(other), f"{len(first)} and {len(other)} lines"


if __name__ == "__main__":
    main()
