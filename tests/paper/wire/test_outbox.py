"""Answers leave in order, and none before what it tells of would outlive the process."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

from atapi.paper.store import Store
from atapi.paper.wire.outbox import Outbox
from tests.paper.worlds import as_if_killed, funded, limit, world


class Client:
    """Keeps what it is sent, and how many orders a process killed at that moment would have left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.got: list[tuple[bytes, int]] = []
        self.hung_up = ""

    def write(self, data: bytes) -> None:
        left = Store(as_if_killed(self._path))
        self.got.append((data, len(left.orders("1", "um", None))))
        left.close()

    def close(self) -> None:
        self.hung_up = "politely"

    def abort(self) -> None:
        self.hung_up = "at once"


def test_answers_wait_for_the_orders_before_them_and_leave_in_order(tmp_path: Path) -> None:
    path = tmp_path / "exchange.sqlite"
    exchange = world(path=str(path))
    account = funded(exchange)
    outbox, client = Outbox(), Client(path)

    async def trade() -> None:
        outbox.watch(exchange)
        outbox.send(client, b"nothing to wait for")
        for number in range(3):
            exchange.place(account, "um", limit("BUY", "0.010", f"4900{number}"))
            outbox.send(client, b"placed %d" % number)
        outbox.send(client, b"bye", last=True)
        assert len(client.got) == 1
        await asyncio.sleep(0)

    asyncio.run(trade())

    assert client.got == [
        (b"nothing to wait for", 0),
        (b"placed 0", 3),
        (b"placed 1", 3),
        (b"placed 2", 3),
        (b"bye", 3),
    ]
    assert client.hung_up == "politely"


def test_nobody_is_answered_when_the_disk_is_full(tmp_path: Path) -> None:
    path = tmp_path / "exchange.sqlite"
    exchange = world(path=str(path))
    account = funded(exchange)
    exchange.place(account, "um", limit("BUY", "0.010", "49000"))
    outbox, client = Outbox(), Client(path)

    async def trade() -> None:
        outbox.watch(exchange)
        exchange.place(account, "um", limit("BUY", "0.010", "49001"))
        outbox.send(client, b"placed")
        await asyncio.sleep(0)

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))  # no file may grow beyond one byte
    try:
        asyncio.run(trade())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert client.got == []
    assert client.hung_up == "at once"


def test_what_is_read_holds_what_was_done_before(tmp_path: Path) -> None:
    exchange = world(path=str(tmp_path / "exchange.sqlite"))
    account = funded(exchange)
    exchange.defer(lambda: None)

    order, _ = exchange.place(account, "um", limit("BUY", "0.010", "49000"))

    assert [o.order_id for o in exchange.orders(account, "um", "BTCUSDT")] == [order.order_id]
