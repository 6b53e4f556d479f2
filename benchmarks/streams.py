"""A hundred WebSocket subscribers of one book that changes a thousand times a second: do they fall behind?

    python -m benchmarks.streams [--subscribers 100] [--rate 1000] [--seconds 5]

Every order that rests and every cancel changes the book, and each change is one bookTicker message to everybody; two
changes within one turn of the server's loop are one message. Orders are sent at the given rate, one after the other,
and another process reads the frames. Told are the messages, the frames, how long after the last answer the last frame
came, and what share of the time the server computed.
"""

from __future__ import annotations

import argparse
import base64
import multiprocessing
import os
import selectors
import socket
import time
from multiprocessing.connection import Connection

from benchmarks.crowds import Talker, Tally
from benchmarks.exchange import CYCLE, price_of, script
from benchmarks.servers import processor_time, started

STREAM = "btcusdt@bookTicker"
MARK = b'"e":"bookTicker"'
SILENCE_S = 0.5  # after which no more is expected


def subscribe(port: int) -> socket.socket:
    """Open a WebSocket on the stream."""
    subscriber = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    subscriber.sendall(
        f"GET /public/ws/{STREAM} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    subscriber.recv(65_536)
    subscriber.setblocking(False)
    return subscriber


def listen(port: int, subscribers: int, said: Connection) -> None:
    """Read everything until the sender is done and nothing comes any more; says frames by subscriber, and when."""
    frames, rests, last = [0] * subscribers, [b""] * subscribers, time.monotonic()
    with selectors.DefaultSelector() as selector:
        sockets = [subscribe(port) for _ in range(subscribers)]
        for number, subscriber in enumerate(sockets):
            selector.register(subscriber, selectors.EVENT_READ, number)
        said.send("ready")
        while not (said.poll() and time.monotonic() > last + SILENCE_S):
            for key, _ in selector.select(0.1):
                number, data = key.data, sockets[key.data].recv(65_536)
                if not data:
                    raise ConnectionError(f"subscriber {number} was cut: it fell behind")
                text = rests[number] + data
                frames[number] += text.count(MARK)
                rests[number] = text[text.rfind(MARK) + 1 :][-len(MARK) + 1 :]
                last = time.monotonic()
    said.send((frames, last))


def change(port: int, requests: list[bytes], rate: int, seconds: float) -> float:
    """Change the book at a rate; gives when the last answer came."""
    talker, tally, began = Talker(port, requests), Tally(), time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        talker.send()
        while not talker.receive(tally):
            pass
    return time.monotonic()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subscribers", type=int, default=100)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    with started("benchmarks.exchange", "--serve", "--connections", "1") as server:
        port, [(key, secret)] = server["um"], server["keys"]
        requests = script("um", port, key, secret, "s", price_of(port, "um"))
        resting = next(number for number, step in enumerate(CYCLE) if step[0] == "CANCEL") - 1
        ours, theirs = multiprocessing.Pipe()
        listener = multiprocessing.Process(target=listen, args=(port, options.subscribers, theirs))
        listener.start()
        ours.recv()
        began, computed = time.monotonic(), processor_time(server["pid"])
        answered = change(port, requests[resting : resting + 2], options.rate, options.seconds)
        computed = processor_time(server["pid"]) - computed
        ours.send("done")
        frames, last = ours.recv()
        listener.join()
    took = answered - began
    print(
        f"{options.rate * options.seconds:.0f} changes in {took:.2f} s, {options.rate * options.seconds / took:.0f} a second"
    )
    print(
        f"{min(frames)} to {max(frames)} messages to each of {len(frames)} subscribers, {sum(frames) / took:.0f} frames a second"
    )
    print(
        f"the last frame came {(last - answered) * 1000:.0f} ms after the last answer; the server computed {computed / took:.0%} of the time"
    )


if __name__ == "__main__":
    main()
