"""The two official connectors: whether what is installed is whole, and their methods over our transport.

`binance-connector` and `binance-futures-connector` install ten of the same paths into one package `binance`; seven
differ, the one installed last wins, and no installer warns. Either winner is fine with us. A mixture of both, or
somebody else's `binance`, is not: it may fail in the middle of a trade.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from atapi.errors import ConfigError

if TYPE_CHECKING:
    from atapi.exchanges.binance.apis import SpotApi, UmApi
    from atapi.exchanges.binance.link import Link

SPOT, FUTURES = "binance-connector", "binance-futures-connector"
CURE = f"pip uninstall -y python-binance {SPOT} {FUTURES}; pip install {FUTURES} {SPOT}"


def spot_api(link: Link) -> SpotApi:
    """Make the spot connector over a line of ours.

    Raises:
        ConfigError: The installed package cannot be trusted.
    """
    winner()
    from atapi.exchanges.binance.apis import SpotApi

    return SpotApi(link)


def um_api(link: Link) -> UmApi:
    """Make the USD-M connector over a line of ours.

    Raises:
        ConfigError: The installed package cannot be trusted.
    """
    winner()
    from atapi.exchanges.binance.apis import UmApi

    return UmApi(link)


@cache
def winner() -> str:
    """Tell which connector was installed last, after checking the files both claim.

    Raises:
        ConfigError: Missing, torn or foreign; names the files and the cure.
    """
    found = find_spec("binance")  # does not import it
    if found is None or not found.submodule_search_locations:
        raise ConfigError("no package 'binance' is installed", hint=CURE)
    return check(Path(next(iter(found.submodule_search_locations))).parent)


def check(site: Path) -> str:
    """Tell which connector's shared files lie in a site directory.

    Raises:
        ConfigError: As `winner`.
    """
    spot, futures = _record(site, SPOT), _record(site, FUTURES)
    shared = sorted(spot.keys() & futures.keys())
    if not shared:
        raise ConfigError(f"the package 'binance' in {site} is not the official connectors'", hint=CURE)
    actual = {name: _hash(site / name) for name in shared}
    for dist, record in ((SPOT, spot), (FUTURES, futures)):
        if all(actual[name] == record[name] for name in shared):
            return dist
    neither = [name for name in shared if actual[name] not in (spot[name], futures[name])]
    if neither:
        raise ConfigError(f"neither connector installed {', '.join(neither)} as found in {site}", hint=CURE)
    torn = [name for name in shared if spot[name] != futures[name]]
    raise ConfigError(f"the two connectors are mixed up in {site}: {', '.join(torn)}", hint=CURE)


def _record(site: Path, dist: str) -> dict[str, str]:
    # importlib.metadata would answer too, for 40 ms of imports
    for path in site.glob(f"{dist.replace('-', '_')}-*.dist-info/RECORD"):
        lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        return {
            name: digest.removeprefix("sha256=")
            for name, digest, *_ in lines
            if name.startswith("binance/") and name.endswith(".py")
        }
    raise ConfigError(f"{dist} is not installed beside the package 'binance' in {site}", hint=CURE)


def _hash(path: Path) -> str | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
