"""Ending `paper serve`."""

from __future__ import annotations

import signal
import sys
from typing import Any

from atapi.paper.serve import Interruption, interrupted


def test_a_signal_ends_it_whenever_it_comes() -> None:
    """Also between any two steps of the wait's own."""
    with interrupted() as interruption:
        signal.raise_signal(signal.SIGTERM)
        steps = wait(interruption, strike_at=-1)
        for step in range(steps):
            wait(interruption, strike_at=step)

    assert steps > 0


def wait(interruption: Interruption, *, strike_at: int) -> int:
    """Wait, with a signal at a step; tells how many steps there were."""
    steps = 0

    def trace(_frame: Any, event: str, _arg: Any) -> Any:
        nonlocal steps
        if event in ("call", "line"):
            if steps == strike_at:
                signal.raise_signal(signal.SIGTERM)
            steps += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        interruption.wait()
    finally:
        sys.settrace(before)
    return steps


def test_what_signals_did_before_they_do_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with interrupted():
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) is before
