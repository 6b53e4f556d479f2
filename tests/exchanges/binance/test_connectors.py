"""Both connectors in both install orders, and installations that cannot be trusted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from base64 import b64decode
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from atapi.errors import ConfigError
from atapi.exchanges.binance.connectors import FUTURES, SPOT, check, winner
from tests.exchanges.binance.raw_server import RawServer, Received, reply

Serve = Callable[..., RawServer]
REPOSITORY = Path(__file__).parents[3]
SHARED = [  # what both connectors install differently
    "binance/__version__.py",
    "binance/api.py",
    "binance/error.py",
    "binance/lib/authentication.py",
    "binance/lib/utils.py",
    "binance/websocket/binance_socket_manager.py",
    "binance/websocket/websocket_client.py",
]
ORDERS = [(FUTURES, SPOT), (SPOT, FUTURES)]  # the last one wins
LAST = ["spot last", "futures last"]

# Runs in an interpreter of its own, which finds the connectors in one of the installations
CALLS = """
import inspect, json, sys
told = json.load(sys.stdin)
from atapi.exchanges.binance import connectors
from atapi.exchanges.binance.networks import Endpoints
from atapi.exchanges.binance.venue import connect
venue = connect(Endpoints(told["url"], told["url"], told["url"]), "key", told["secret"])
example = {list: ["BTCUSDT"], int: 1, float: "1", bool: True}
names = {}
for api in (venue.spot.api, venue.futures.api):
    for name, method in inspect.getmembers(api, inspect.ismethod):
        if name.startswith("_") or method.__func__.__module__.startswith("atapi"):
            continue
        needed = [p for p in inspect.signature(method).parameters.values()
                  if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
        try:
            method(*[example.get(p.annotation, "1") for p in needed])
            how = "answered"
        except Exception as e:
            how = type(e).__name__
        names[type(api).__name__ + "." + name] = how
batch = [{"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.001", "reduceOnly": True}]
venue.futures.api.new_batch_order(batch)
venue.spot.api.sub_account_list(email="a@b.c")
print(json.dumps({"winner": connectors.winner(), "names": names, "session": hasattr(venue.spot.api, "session")}))
"""


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two connectors' wheels, of the versions installed here."""
    folder = tmp_path_factory.mktemp("wheels")
    wanted = [f"{dist}=={version(dist)}" for dist in (SPOT, FUTURES)]
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--quiet",
        "--retries=0",
    ]
    done = subprocess.run(
        [*pip, "--disable-pip-version-check", "--dest", str(folder), *wanted], capture_output=True, text=True
    )
    found = {dist: list(folder.glob(f"{dist.replace('-', '_')}-*.whl")) for dist in (SPOT, FUTURES)}
    if done.returncode or not all(found.values()):
        pytest.skip("the connectors' wheels cannot be downloaded here")
    return {dist: paths[0] for dist, paths in found.items()}


@pytest.fixture
def site(wheels: dict[str, Path], tmp_path: Path) -> Callable[..., Path]:
    """Unpack wheels over each other, as an installer does."""

    def install(*dists: str) -> Path:
        for dist in dists:
            with zipfile.ZipFile(wheels[dist]) as wheel:
                wheel.extractall(tmp_path)
        return tmp_path

    return install


def run(site: Path, script: str, told: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{REPOSITORY}"}
    return subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(told),
        env=environment,
        capture_output=True,
        text=True,
    )


def call_everything(serve: Serve, site: Path) -> tuple[dict[str, Any], list[Received], Ed25519PrivateKey]:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    server = serve(lambda received: reply({}))

    done = run(site, CALLS, {"url": server.url, "secret": pem})

    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), server.requests, key


def wire(requests: list[Received]) -> list[tuple[str, str, dict[str, str]]]:
    ignored = ("timestamp", "signature")
    return [
        (r.method, r.path, {name: value for name, value in r.parameters.items() if name not in ignored})
        for r in requests
    ]


def test_every_call_is_the_same_whichever_connector_was_installed_last(
    serve: Serve, wheels: dict[str, Path], tmp_path: Path
) -> None:
    seen: list[tuple[dict[str, Any], list[tuple[str, str, dict[str, str]]]]] = []
    for order, last in zip(ORDERS, LAST, strict=True):
        for dist in order:
            with zipfile.ZipFile(wheels[dist]) as wheel:
                wheel.extractall(tmp_path / last)
        told, requests, key = call_everything(serve, tmp_path / last)

        assert told["winner"] == order[-1]
        assert told["session"] is False  # their own __init__ never ran
        for received in requests:
            if "signature" in received.parameters:
                signed, _, _ = received.query.rpartition("&signature=")
                key.public_key().verify(b64decode(received.parameters["signature"]), signed.encode())
        seen.append((told["names"], wire(requests)))

    (names, sent), (other_names, other_sent) = seen
    assert names == other_names
    assert sent == other_sent
    assert len(names) > 300
    answered = [name for name, how in names.items() if how == "answered"]
    refused = {how for how in names.values() if how != "answered"}  # by the connectors, for what we gave them
    assert len(answered) > 0.9 * len(names)
    assert refused <= {
        "ParameterValueError",
        "ParameterRequiredError",
        "ParameterArgumentError",
        "UnboundLocalError",
    }
    batch = next(query for _, path, query in sent if path == "/fapi/v1/batchOrders" and "[{" in str(query))
    assert json.loads(batch["batchOrders"]) == [
        {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.001", "reduceOnly": "true"}
    ]


@pytest.mark.parametrize("order", ORDERS, ids=LAST)
def test_either_install_order_is_whole(site: Callable[..., Path], order: tuple[str, str]) -> None:
    assert check(site(*order)) == order[-1]


@pytest.mark.parametrize("order", ORDERS, ids=LAST)
@pytest.mark.parametrize("name", SHARED)
def test_one_file_of_the_other_connector_makes_it_torn(
    site: Callable[..., Path], wheels: dict[str, Path], order: tuple[str, str], name: str
) -> None:
    installed = site(*order)
    with zipfile.ZipFile(wheels[order[0]]) as other:
        other.extract(name, installed)

    with pytest.raises(ConfigError, match="mixed up") as caught:
        check(installed)

    assert all(shared in caught.value.message for shared in SHARED)
    assert caught.value.hint is not None
    assert "pip install" in caught.value.hint


@pytest.mark.parametrize("name", [*SHARED, "binance/__init__.py", "binance/lib/__init__.py"])
def test_a_file_of_neither_connector_is_foreign(site: Callable[..., Path], name: str) -> None:
    installed = site(FUTURES, SPOT)
    (installed / name).write_text(
        "from somewhere import else_\n"
    )  # python-binance owns binance/__init__.py too

    with pytest.raises(ConfigError, match=name):
        check(installed)


def test_files_missing_after_the_other_was_uninstalled_are_named(site: Callable[..., Path]) -> None:
    installed = site(FUTURES, SPOT)
    for name in SHARED:
        (installed / name).unlink()

    with pytest.raises(ConfigError, match=r"binance/api\.py"):
        check(installed)


@pytest.mark.parametrize(("alone", "missing"), [(SPOT, FUTURES), (FUTURES, SPOT)])
def test_one_connector_alone_is_not_enough(site: Callable[..., Path], alone: str, missing: str) -> None:
    with pytest.raises(ConfigError, match=f"{missing} is not installed"):
        check(site(alone))


def test_a_torn_installation_stops_before_any_connector_is_loaded(
    serve: Serve, site: Callable[..., Path], wheels: dict[str, Path]
) -> None:
    installed = site(FUTURES, SPOT)
    with zipfile.ZipFile(wheels[FUTURES]) as other:
        other.extract("binance/lib/utils.py", installed)
    server = serve(reply({}))
    script = (
        "import json, sys; told = json.load(sys.stdin)\n"
        "from atapi.errors import ConfigError\n"
        "from atapi.exchanges.binance.networks import Endpoints\n"
        "from atapi.exchanges.binance.venue import connect\n"
        "venue = connect(Endpoints(told, told, told), 'key', 'secret')\n"
        "try: venue.spot.balances()\n"
        "except ConfigError as e: print(e.exit_code, 'binance' in sys.modules, e.message)\n"
    )

    done = run(installed, script, server.url)

    assert done.stdout.startswith("4 False the two connectors are mixed up")
    assert server.connections == 0


def test_the_connectors_installed_here_are_whole() -> None:
    assert winner() in (SPOT, FUTURES)
