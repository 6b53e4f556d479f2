"""Orders and user events over one WebSocket of spot, and the events of USD-M."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from contextlib import ExitStack
from itertools import count
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from atapi.clock import wall_ms
from tests.gates.line import TIMEOUT_S, Answer, Gone, Line

METHODS = {"POST": "order.place", "DELETE": "order.cancel"}


class SocketLine(Line):
    """Sends spot orders and their cancels over the WebSocket API, everything else over HTTP; hears the user's events."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        super().__init__(url, key, secret)
        address = f"{url.replace('http', 'ws')}/ws-api/v3"
        self._opened = ExitStack()
        self._socket = self._opened.enter_context(connect(address, proxy=None, open_timeout=TIMEOUT_S))
        self._numbers = count()
        self.events: list[dict[str, Any]] = []
        status, answer = self._ask("userDataStream.subscribe.signature", {})
        assert status == 200, answer

    def signed(self, method: str, path: str, **params: Any) -> Answer:
        """Send a signed request."""
        if path != "/api/v3/order":
            return super().signed(method, path, **params)
        return self._ask(METHODS[method], params)

    def _ask(self, method: str, params: dict[str, Any]) -> Answer:
        params = params | {"apiKey": self._key, "timestamp": wall_ms(), "recvWindow": 60_000}
        payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
        params["signature"] = hmac.new(self._secret, payload.encode(), hashlib.sha256).hexdigest()
        number = next(self._numbers)
        try:
            self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
            while (message := json.loads(self._socket.recv(TIMEOUT_S))).get("id") != number:
                self.events.append(message["event"])
        except (ConnectionClosed, OSError) as e:
            self.close()
            raise Gone(str(e)) from e
        return message["status"], message.get("result", message.get("error"))

    def close(self) -> None:
        """Hang up, and hear what was said before."""
        super().close()
        try:
            while True:
                message = json.loads(self._socket.recv(0.01))
                self.events.append(message.get("event", {}))
        except (ConnectionClosed, OSError):
            return
        finally:
            self._opened.close()


class Ear:
    """Hears one user's events of USD-M until the connection ends."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        line = Line(url, key, secret)
        status, answer = line.send("POST", "/fapi/v1/listenKey", headers={"X-MBX-APIKEY": key})
        assert status == 200, answer
        line.close()
        address = f"{url.replace('http', 'ws')}/private/ws/{answer['listenKey']}"
        self._opened = ExitStack()
        self._socket = self._opened.enter_context(connect(address, proxy=None, open_timeout=TIMEOUT_S))
        self.events: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._hear)
        self._thread.start()

    def close(self) -> None:
        """Hang up."""
        self._opened.close()
        self._thread.join()

    def _hear(self) -> None:
        try:
            for message in self._socket:
                self.events.append(json.loads(message))
        except (ConnectionClosed, OSError):
            return
