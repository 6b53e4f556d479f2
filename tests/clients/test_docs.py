"""docs/clients.md, word for word: each client's lines, where that client is installed."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients import addresses
from tests.clients.conftest import Served

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
BLOCK = re.compile(r"^```(python|bash|json)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NEEDED = {  # heading -> what must be installed
    "ccxt": ("ccxt.pro",),
    "python-binance": ("binance.async_client",),
    "The official connectors": ("binance.spot", "binance.um_futures"),
    "Binance's SDKs": ("binance_sdk_spot", "binance_sdk_derivatives_trading_usds_futures"),
    "curl": (),
    "unicorn-binance": ("unicorn_binance_rest_api", "unicorn_binance_websocket_api"),
    "nautilus_trader": ("nautilus_trader",),
}


def blocks(heading: str, language: str) -> str:
    """Join the blocks under a heading; the page's first comes before all, in Python."""
    page = PAGE.read_text(encoding="utf-8")
    [under] = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    first = BLOCK.findall(page)[:1] if language == "python" else []
    return "\n".join(text for kind, text in first + BLOCK.findall(under) if kind == language)


def here(text: str, served: Served) -> str:
    """Put this exchange's ports and key where the page has its own."""
    for port, url in (("8900", served.spot), ("8901", served.um), ("8902", served.cm)):
        text = text.replace(f"127.0.0.1:{port}", url.removeprefix("http://"))
    return text.replace('"…", "…"', f'"{served.key}", "{served.secret}"').replace(
        "KEY=… SECRET=…", f"KEY={served.key} SECRET={served.secret}"
    )


def installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def missing(heading: str) -> bool:
    return not all(map(installed, NEEDED[heading]))


@pytest.mark.parametrize(
    "heading",
    [
        pytest.param(each, marks=pytest.mark.skipif(missing(each), reason=f"{each} is tried by .ci/run"))
        for each in NEEDED
    ],
)
def test_the_page_s_lines_run(heading: str, served: Served) -> None:
    language = "bash" if heading == "curl" else "python"
    program = ["bash", "-euc"] if heading == "curl" else [sys.executable, "-c"]

    text = here(blocks(heading, language), served)
    done = subprocess.run([*program, text], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "…" not in done.stdout


def test_freqtrade_is_given_the_addresses_ccxt_is(served: Served) -> None:
    told = json.loads(here(blocks("freqtrade", "json"), served))

    assert told["exchange"]["ccxt_config"]["urls"]["api"] == addresses.ccxt(served)
