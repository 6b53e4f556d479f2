"""A process that has imported atapi and forks a shell whenever it is asked to: a real process in a tenth of the time.

    python -m tests.gates.zygote FD [PLANT]      started by `tests.gates.shells`, which talks to it over that socket

Each line of JSON it reads is one shell: {"id", "argv", "cwd", "env", "limits": {"RLIMIT_NOFILE": 64}}, with three open
files beside it: standard input, output and error. It answers {"id", "pid"} and, when that process has ended, {"id",
"status"} as `wait` tells it. The child leaves this program's loop and runs the command line's own `main`. It spares
itself the taking apart of every module at the end, which costs ten times what a shell does. With a plant its shells have
a fault that a gate must find.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import threading
from typing import Any

PACKAGES = (
    "atapi.shell",
    "atapi.shell.commands",
    "atapi.services",
    "atapi.execution",
    "atapi.exchanges.binance",
)
OTHERS = (
    "atapi.app",
    "atapi.paper.host",
    "atapi.exchanges.paper_admin",
    "binance.spot",
    "binance.um_futures",
    "sqlite3",
)
LONGEST = 65_536  # bytes of one request


def imported() -> None:
    """Import what a shell will need, so that its forks find it there."""
    for package in PACKAGES:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    for name in OTHERS:
        importlib.import_module(name)
    assert threading.active_count() == 1, threading.enumerate()  # else a fork would be no whole process


def plant(name: str) -> None:
    """Plant a fault into the order path of every shell.

    Args:
        name: `resends`: what the journal already held is sent again.
    """
    from atapi.execution import follow

    assert name == "resends", name
    settle = follow.settle

    def resending(attempt: Any, **how: Any) -> Any:
        return settle(attempt, **how | {"resumed": False})

    follow.settle = resending


def serve(control: socket.socket) -> list[str]:
    """Fork shells until the other side hangs up; returns in each child, with the words of its command line."""
    asleep, wakeup = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wakeup)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    running: dict[int, int] = {}  # pid -> id
    while True:
        ready, _, _ = select.select([control, asleep], [], [])
        if asleep in ready:
            os.read(asleep, 4096)
        for pid, status in _ended():
            _tell(control, id=running.pop(pid), status=status)
        if control not in ready:
            continue
        data, files, _, _ = socket.recv_fds(control, LONGEST, 3)
        if not data:
            raise SystemExit
        wanted = json.loads(data)
        pid = os.fork()
        if not pid:
            signal.set_wakeup_fd(-1)
            for descriptor in (asleep, wakeup, control.fileno()):
                os.close(descriptor)
            control.detach()
            return _become(wanted, files)
        for file in files:
            os.close(file)
        running[pid] = wanted["id"]
        _tell(control, id=wanted["id"], pid=pid)


def _ended() -> list[tuple[int, int]]:
    ended = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if not pid:
            return ended
        ended.append((pid, status))


def _become(wanted: dict[str, Any], files: list[int]) -> list[str]:
    """Make of this process what a newly started one would be."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  # the interpreter's own
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False, buffering=1)  # noqa: SIM115
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(wanted["cwd"])
    os.environ.update(wanted["env"])
    for name, most in wanted["limits"].items():
        resource.setrlimit(getattr(resource, name), (most, most))
        if name == "RLIMIT_FSIZE":
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # die in the middle of the write
    return list(wanted["argv"])


def _tell(control: socket.socket, **what: int) -> None:
    control.sendall(json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    imported()
    for name in sys.argv[2:]:
        plant(name)
    gc.collect()
    gc.freeze()  # else the children's collector would copy every page
    argv = serve(socket.socket(fileno=int(sys.argv[1])))
    sys.argv = ["atapi", *argv]
    from atapi.shell.main import main

    code = main(argv)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)
