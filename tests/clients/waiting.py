"""Waiting for what sockets tell: for events, never for time to pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

TIMEOUT_S = 60  # of a test; whatever is waited for comes in a moment, or never

T = TypeVar("T")


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine, within a timeout."""
    asyncio.run(asyncio.wait_for(test, TIMEOUT_S))


async def until(wanted: Callable[[T], bool], hear: Callable[[], Awaitable[T]]) -> T:
    """Hear on until what is wanted is told."""
    while True:
        told = await hear()
        if wanted(told):
            return told


async def while_acting(listening: Awaitable[T], act: Callable[[], Awaitable[Any]]) -> T:
    """Act until a listener has heard of it: the first actions may come before its subscription."""
    task = asyncio.ensure_future(listening)
    while not task.done():
        await act()
        await asyncio.wait({task}, timeout=0.5)
    return task.result()
