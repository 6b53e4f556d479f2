"""One connection under the streams: who does not read is cut, and so is who says nonsense."""

from __future__ import annotations

import asyncio
import socket

import pytest
from websockets.frames import Frame, Opcode

from atapi.paper.streams.post import Post
from atapi.paper.streams.session import MAX_QUEUED, Session, framed

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Listening:
    """A talk that notes what happens to it."""

    paced = True

    def __init__(self) -> None:
        self.events: list[str] = []
        self.lost = asyncio.Event()

    def opened(self, session: Session) -> None:
        self.events.append("opened")

    def heard(self, text: bytes) -> None:
        self.events.append(text.decode())

    def closed(self) -> None:
        self.events.append("closed")


async def open_session(
    near: socket.socket, talk: Listening, handshake: bytes, post: Post | None = None
) -> tuple[Session, asyncio.Transport]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=near)
    assert isinstance(transport, asyncio.Transport)
    session = Session("spot", transport, talk, talk.lost.set, post=post)
    transport.set_protocol(session)
    session.open(handshake)
    return session, transport


async def flood(session: Session, post: Post) -> int:
    """Post until the client is cut; tells how many bytes that took."""
    frame, written = framed(b"x" * 65536), 0
    while not post.cut:
        session.post(frame)
        session.empty()
        written += len(frame)
    return written


def test_a_client_that_does_not_read_is_cut() -> None:
    async def play() -> tuple[Listening, Post, int]:
        near, far = socket.socketpair()
        with far:
            talk, post = Listening(), Post()
            session, _ = await open_session(near, talk, HANDSHAKE, post)
            written = await flood(session, post)
            session.post(framed(b"too late"))
            await asyncio.wait_for(talk.lost.wait(), 10)
            return talk, post, written

    talk, post, written = asyncio.run(play())

    assert talk.events == ["opened", "closed"]
    assert post.cut == 1
    assert MAX_QUEUED < written < 8 * MAX_QUEUED  # what the sockets take, and no more than the queue on top


def test_a_client_that_was_slow_is_told_why_it_is_cut() -> None:
    async def play() -> bytes:
        near, far = socket.socketpair()
        with far:
            talk, post = Listening(), Post()
            session, _ = await open_session(near, talk, HANDSHAKE, post)
            await flood(session, post)
            far.setblocking(False)
            heard, loop = b"", asyncio.get_running_loop()
            while b"Too slow" not in heard:
                heard = heard[-100:] + await asyncio.wait_for(loop.sock_recv(far, 1 << 20), 10)
            return heard

    heard = asyncio.run(play())

    why = b"Too slow: events were left unread"
    assert heard.endswith(b"x\x88" + bytes([2 + len(why)]) + (1008).to_bytes(2, "big") + why)


def test_what_is_posted_leaves_in_one_piece_and_in_order() -> None:
    async def play() -> list[bytes]:
        near, far = socket.socketpair()
        with far:
            far.setblocking(False)
            session, _ = await open_session(near, Listening(), HANDSHAKE)
            loop = asyncio.get_running_loop()
            await loop.sock_recv(far, 4096)
            heard = []
            session.post(framed(b"1"))
            session.post(framed(b"2"))
            heard.append(await loop.sock_recv(far, 4096))
            session.post(framed(b"3"))  # waits for the next round, which the answer does not
            session.write(framed(b"answer"))
            heard.append(await loop.sock_recv(far, 4096))
            session.post(framed(b"4"))
            session.close()
            heard.append(await loop.sock_recv(far, 4096))
            return heard

    heard = asyncio.run(play())

    assert heard == [
        b"\x81\x011\x81\x012",
        b"\x81\x013\x81\x06answer",
        b"\x81\x014\x88\x02" + (1000).to_bytes(2, "big"),
    ]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_is_what_the_library_would_make(size: int) -> None:
    payload = b"x" * size

    assert framed(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)


def test_a_handshake_that_is_none_opens_nothing() -> None:
    async def shake() -> tuple[Listening, bytes]:
        near, far = socket.socketpair()
        with far:
            talk = Listening()
            await open_session(near, talk, HANDSHAKE.replace(b"-Version: 13", b"-Version: 7"))
            await asyncio.wait_for(talk.lost.wait(), 10)
            return talk, far.recv(4096)

    talk, answer = asyncio.run(shake())

    assert talk.events == []
    assert answer.startswith(b"HTTP/1.1 400 ")
