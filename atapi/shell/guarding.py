"""A guard in the foreground: one line an event, a status row on a terminal, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from atapi.domain.guard import Check, Code, Severity, Sweep
from atapi.services.guard_rows import told
from atapi.shell.report import ReaderGone

if TYPE_CHECKING:
    from atapi.services.guard import Guard
    from atapi.shell.context import Context

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WIDTH = 79  # of the status row


def run(context: Context, guard: Guard, *, stream: IO[str] | None) -> Sweep:
    """Look again and again until told to end; returns the last look.

    Args:
        stream: Where events go as JSON, one a line; None where they do not.
    """
    report = Report(context, stream)
    with ended_by_signals(guard):
        guard.follow()
        try:
            while True:
                report.hide()  # the order path may say lines of its own
                sweep = guard.sweep()
                report.show(sweep)
                if not guard.wait():
                    return sweep
        except (
            KeyboardInterrupt,
            SystemExit,
        ):  # came between two legs, and was held back until both were done
            return guard.sweep()
        finally:
            guard.close()
            report.hide()


@contextmanager
def ended_by_signals(guard: Guard) -> Iterator[None]:
    """Let Ctrl-C, a hang-up and SIGTERM end the guard between two looks."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: guard.stop()) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Report:
    """Says what begins, changes and ends; what goes on is in the status row only."""

    def __init__(self, context: Context, stream: IO[str] | None) -> None:
        self._context = context
        self._stream = stream
        self._standing: dict[tuple[str, int | None, str | None], Check] = {}
        self._row = context.stderr is not None and context.stderr.isatty()
        self._first = True

    def show(self, sweep: Sweep) -> None:
        """Say what is new in a look."""
        findings = {check.key: check for check in sweep.findings}
        for check in [*sweep.seen, *findings.values()]:
            known = self._standing.get(check.key)
            if known is None or known.severity is not check.severity:
                self._standing[check.key] = check
                self._say(sweep, told(check), event=check.severity.value, check=check)
        for deed in sweep.deeds:
            event = "done" if deed.done else "not done"
            about = "" if deed.spread_id is None else f" #{deed.spread_id}"
            self._say(sweep, f"{event}{about}: {deed.what}", event=event, what=deed.what, id=deed.spread_id)
        for key in [key for key in self._standing if key not in findings]:
            gone = self._standing.pop(key)
            self._say(sweep, _ended(gone), event="cleared", check=gone)
        if self._first and not findings:
            self._say(sweep, f"guarding: {_summary(sweep, streams=False)}", event="guarding")
        self._first = False
        self._show_row(sweep)

    def hide(self) -> None:
        """Take the status row away."""
        self._write("\r\x1b[K")

    def _say(self, sweep: Sweep, line: str, *, event: str, check: Check | None = None, **more: Any) -> None:
        with suppress(OSError):  # whoever read this has gone; the guard goes on
            self.hide()
            self._context.say(f"{sweep.at:%Y-%m-%d %H:%M:%S} {line}")
        if self._stream is None:
            return
        body: dict[str, Any] = {"at": sweep.at.isoformat(), "event": event, **more}
        if check is not None:
            body |= {
                "check": check.code.value, "id": check.spread_id, "symbol": check.symbol, "value": check.value,
                "limit": check.limit, "message": check.message, "mend": check.mend,
            }  # fmt: skip
        try:
            self._context.shell.write(self._stream, json.dumps(body))
        except ReaderGone:
            self._stream = None

    def _show_row(self, sweep: Sweep) -> None:
        self._write(f"\r\x1b[K{f'{sweep.at:%H:%M:%S} {_summary(sweep)}'[:WIDTH]}")

    def _write(self, text: str) -> None:
        stderr = self._context.stderr
        if not self._row or stderr is None:
            return
        with suppress(OSError):  # the terminal has gone; the guard goes on
            stderr.write(text)
            stderr.flush()


def _summary(sweep: Sweep, *, streams: bool = True) -> str:
    held = len({check.spread_id for check in sweep.checks if check.spread_id is not None})
    alarms = sum(check.severity is Severity.ALARM for check in sweep.checks)
    warnings = sum(check.severity is Severity.WARNING for check in sweep.checks)
    margin = next((check.value for check in sweep.checks if check.code is Code.MARGIN), None)
    lines = [check for check in sweep.checks if check.code is Code.STREAM] if streams else []
    live = sum(check.value.endswith("live") for check in lines)
    parts = [
        f"{held} spread{'' if held == 1 else 's'}",
        f"{alarms} alarms, {warnings} warnings" if alarms or warnings else "all well",
        *([f"margin {margin}"] if margin else []),
        *([f"streams {live}/{len(lines)}"] if lines else []),
    ]
    return " · ".join(parts)


def _ended(check: Check) -> str:
    about = "" if check.spread_id is None else f" #{check.spread_id}"
    return f"cleared{about} {check.code}"
