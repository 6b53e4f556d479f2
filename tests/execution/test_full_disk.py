"""A real shell whose files may not grow: nothing leaves after the journal could not be written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.gates.shells import ROOT, Ended
from tests.gates.street import SHOW, House, Street

OPENING = "open-spread BTCUSDT 10000usdt --json"
LIMITED = """
import resource, sys
from atapi.shell.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    with Street() as street:
        yield street


def opened_within(house: House, most: int) -> Ended:
    """Open a spread by a shell no file of which may grow beyond so many bytes."""
    for proxy in house.proxies.values():
        proxy.open()
    house.count.begin(lambda passing: None)
    argv = [str(most), "--home", str(house.home), "--seed", "7", *OPENING.split()]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *argv], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return house.note(OPENING, Ended(done.returncode, done.stdout, done.stderr, 0.0))


@pytest.mark.parametrize("kilobytes", [20, 60, 75])
def test_a_disk_that_fills_up_stops_orders_and_says_so(street: Street, kilobytes: int) -> None:
    with street.house() as house:
        ended = opened_within(house, kilobytes * 1024)
        sent = sum(asked.path.endswith("/order") and asked.method == "POST" for asked in house.count.asked)
        at_once = len(house.history()["orders"])
        later = house.run(SHOW)  # on a disk that is well again
        rows = json.loads(later.out)

        assert ended.code in (0, 3, 4)
        assert at_once == sent
        if ended.code == 4:
            assert sent == 0
        if sent and ended.code:
            assert ended.code == 3
            assert "sent before" in ended.err
        if sent:
            assert rows[-1]["state"] in ("HEDGED", "FLAT")
        assert "Traceback" not in ended.err
        assert house.wrong() == []
