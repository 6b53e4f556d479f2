"""One connection under the streams: who does not read is cut, and so is who says nonsense."""

from __future__ import annotations

import asyncio
import socket

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
    near: socket.socket, talk: Listening, handshake: bytes
) -> tuple[Session, asyncio.Transport]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=near)
    assert isinstance(transport, asyncio.Transport)
    session = Session("spot", transport, talk, talk.lost.set)
    transport.set_protocol(session)
    session.open(handshake)
    return session, transport


def test_a_client_that_does_not_read_is_cut() -> None:
    async def flood() -> tuple[Listening, int]:
        near, far = socket.socketpair()
        with far:
            talk = Listening()
            session, transport = await open_session(near, talk, HANDSHAKE)
            frame, written = framed(b"x" * 65536), 0
            while not transport.is_closing():
                session.write(frame)
                written += len(frame)
            await asyncio.wait_for(talk.lost.wait(), 10)
            return talk, written

    talk, written = asyncio.run(flood())

    assert talk.events == ["opened", "closed"]
    assert MAX_QUEUED < written < 8 * MAX_QUEUED  # what the sockets take, and no more than the queue on top


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
