"""Faults set over HTTP, as any program would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.routes.test_admin import ask

Set = Callable[[str], Any]


@pytest.fixture
def fault(spot: Wire, hosted: Hosted) -> Set:
    """Give a function that sets a fault."""

    def set_fault(line: str) -> Any:
        reply = ask(spot, hosted, "POST", "faults", fault=line)
        assert reply.status == 200, reply.json
        return reply.json

    return set_fault
