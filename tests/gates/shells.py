"""Shells in processes of their own, many at once: forked from a zygote, or each started anew."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

from atapi.clock import monotonic_ms

ROOT = Path(__file__).resolve().parents[2]


class Ended(NamedTuple):
    """How a shell ended."""

    code: int  # exit code, or the signal's number, negative
    out: str
    err: str
    seconds: float


class Shell:
    """One shell that runs."""

    def __init__(self, pid: int, folder: Path, status: SimpleQueue[int]) -> None:
        self.pid = pid
        self._folder = folder
        self._status = status
        self._began = monotonic_ms()

    def send(self, number: int) -> None:
        """Send it a signal; it may be gone already."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return

    def wait(self) -> Ended:
        """Wait for its end."""
        status = self._status.get()
        seconds = (monotonic_ms() - self._began) / 1000
        out, err = ((self._folder / name).read_text("utf-8", "replace") for name in ("out", "err"))
        return Ended(os.waitstatus_to_exitcode(status), out, err, seconds)


class Shells:
    """Starts shells by asking a zygote for them.

    Args:
        plants: Faults that all of them have; see `tests.gates.zygote`.
    """

    def __init__(self, *plants: str) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.gates.zygote", str(theirs.fileno()), *plants],
            pass_fds=[theirs.fileno()],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        theirs.close()
        self._control = ours
        self._lock = threading.Lock()
        self._count = 0
        self._waiting: dict[int, tuple[SimpleQueue[int], SimpleQueue[int]]] = {}  # id -> where pid, status go
        threading.Thread(target=self._listen, daemon=True).start()

    def start(
        self,
        argv: Sequence[str],
        script: str,
        folder: Path,
        *,
        limits: Mapping[str, int] | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> Shell:
        """Start a shell.

        Args:
            argv: The words after the program's name.
            script: Its standard input.
            folder: Where its input and output are kept; made where absent.
            limits: Of its process, by their names in `resource`.
            stdout: Where its output goes in place of a file.
            stderr: Where what it says goes in place of a file.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "in").write_text(script)
        pids: SimpleQueue[int] = SimpleQueue()
        status: SimpleQueue[int] = SimpleQueue()
        with (
            open(folder / "in", "rb") as given,
            open(folder / "out", "wb") as out,
            open(folder / "err", "wb") as err,
        ):
            files = [
                given.fileno(),
                out.fileno() if stdout is None else stdout,
                err.fileno() if stderr is None else stderr,
            ]
            with self._lock:
                self._count += 1
                self._waiting[self._count] = pids, status
                wanted = {
                    "id": self._count, "argv": list(argv), "cwd": str(folder), "env": {}, "limits": dict(limits or {}),
                }  # fmt: skip
                socket.send_fds(self._control, [json.dumps(wanted).encode()], files)
                # One at a time: a stream socket would join two requests, and their files.
                pid = pids.get()
                assert pid, "the zygote has ended"
        return Shell(pid, folder, status)

    def close(self) -> None:
        """End the zygote; shells that still run are let go."""
        self._control.close()
        self._zygote.send_signal(signal.SIGTERM)
        self._zygote.wait()

    def _listen(self) -> None:
        with self._control.makefile("rb") as told, suppress(OSError):
            for line in told:
                what: dict[str, Any] = json.loads(line)
                pids, status = self._waiting[what["id"]]
                if "pid" in what:
                    pids.put(what["pid"])
                else:
                    status.put(what["status"])
                    del self._waiting[what["id"]]
        for pids, _ in list(self._waiting.values()):
            pids.put(0)


class SpawnedShells(Shells):
    """Starts every shell as `python -m atapi`, as a user does."""

    def __init__(self) -> None:
        """Nothing to prepare."""

    def start(
        self,
        argv: Sequence[str],
        script: str,
        folder: Path,
        *,
        limits: Mapping[str, int] | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> Shell:
        """Start a shell, as `Shells.start`; limits are not for it."""
        assert not limits
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "in").write_text(script)
        status: SimpleQueue[int] = SimpleQueue()
        with (
            open(folder / "in", "rb") as given,
            open(folder / "out", "wb") as out,
            open(folder / "err", "wb") as err,
        ):
            process = subprocess.Popen(
                [sys.executable, "-m", "atapi", *argv], stdin=given, stdout=out if stdout is None else stdout,
                stderr=err if stderr is None else stderr, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
            )  # fmt: skip

        def reap() -> None:
            code = process.wait()
            status.put(code << 8 if code >= 0 else -code)

        threading.Thread(target=reap, daemon=True).start()
        return Shell(process.pid, folder, status)

    def close(self) -> None:
        """Nothing to end."""
