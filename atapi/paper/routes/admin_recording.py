"""The host's own endpoints about recordings: begun, looked at, finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atapi.errors import ConfigError
from atapi.paper.records import Refusal
from atapi.paper.routes.admin import PREFIX, body_of
from atapi.paper.wire.call import Call
from atapi.paper.wire.router import Router, Security

router = Router()

Json = dict[str, Any]


@router.route("GET", f"{PREFIX}/record", security=Security.ADMIN)
def recording(call: Call) -> Json:
    """Tell which log is being written."""
    recorder = call.gateway.recorder
    return {
        "path": None if recorder is None else str(recorder.path),
        "lines": recorder.lines if recorder else 0,
    }


@router.route("POST", f"{PREFIX}/record", security=Security.ADMIN)
def record(call: Call) -> Json:
    """Begin to write a log: `{"path": FILE, "symbols": ["BTCUSDT"]}`; without symbols, users and decisions only."""
    body = body_of(call)
    path, symbols = body.get("path"), body.get("symbols", [])
    if not isinstance(path, str) or not Path(path).is_absolute():
        raise Refusal(-1102, "path must be that of a file, from the root.")
    if not isinstance(symbols, list) or not all(isinstance(symbol, str) for symbol in symbols):
        raise Refusal(-1102, "symbols must be a list of symbols.")
    if call.gateway.recorder is not None:
        raise Refusal(-1102, f"{call.gateway.recorder.path} is being written already.")
    from atapi.paper.recording.recorder import Recorder  # which needs websockets' frames

    try:
        call.gateway.recorder = Recorder(call.gateway, Path(path), symbols)
    except ConfigError as error:
        raise Refusal(-1102, error.message) from error
    return {"path": path, "symbols": symbols}


@router.route("POST", f"{PREFIX}/record/stop", security=Security.ADMIN)
def stop(call: Call) -> Json:
    """Finish the log that is being written."""
    body_of(call)
    recorder = call.gateway.recorder
    if recorder is None:
        raise Refusal(-1102, "Nothing is being recorded.")
    path = str(recorder.path)
    return {"path": path, "lines": call.gateway.stop_recording()}
