"""Where a running exchange is reached and with which keys: a file beside its data, for the owner's eyes only."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

NAME = "endpoint.json"
ANSWER_S = 1.0  # how long a ping may take


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach one exchange."""

    spot_url: str
    um_url: str
    cm_url: str
    api_key: str
    api_secret: str
    admin_token: str
    pid: int

    def write(self, folder: Path) -> None:
        """Put it into a world's folder, all at once."""
        draft = folder / f"{NAME}.{self.pid}"
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(msgspec.json.encode(self))
        draft.replace(folder / NAME)

    @classmethod
    def read(cls, folder: Path) -> Endpoint | None:
        """Find it in a world's folder; None where there is none, or none that can be read."""
        try:
            return msgspec.json.decode((folder / NAME).read_bytes(), type=cls)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    @staticmethod
    def remove(folder: Path) -> None:
        """Take it out of a world's folder."""
        (folder / NAME).unlink(missing_ok=True)

    def answers(self) -> bool:
        """Tell whether this exchange, and none that took over its port, answers there."""
        where = urlsplit(self.spot_url)
        request = (
            f"GET /paper/v1/status HTTP/1.1\r\nHost: {where.netloc}\r\n"
            f"X-Paper-Token: {self.admin_token}\r\nConnection: close\r\n\r\n"
        )
        try:
            with socket.create_connection((where.hostname, where.port), timeout=ANSWER_S) as connection:
                connection.sendall(request.encode())
                return connection.recv(32).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False
