"""Desks to sit down at: one whose venues hold nothing, and one whose venues have something of everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import D
from tests.shell.commands.desk import Desk
from tests.shell.commands.paper_desk import PaperDesk, seated
from tests.shell.commands.stock import stocked_futures, stocked_spot


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Sit down at a desk whose venues list symbols and hold nothing."""
    return Desk(home=tmp_path)


@pytest.fixture
def stocked(tmp_path: Path) -> Desk:
    """Sit down at a desk with prices, books, funding, funds, a short position, an order and a fill."""
    return Desk(
        home=tmp_path,
        spot=stocked_spot(),
        futures=stocked_futures(),
        supply={"BTC": D("19.5"), "ETH": D(120), "BNB": D("0.5")},
    )


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[PaperDesk]:
    """Sit down at the embedded exchange with 50 000 USDT in each wallet."""
    with seated(tmp_path / "home") as desk:
        yield desk
