"""The composition root: reads settings once, builds everything and wires it.

Nothing else, beside tests, knows that the embedded exchange exists: the rest reaches it by base URL.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from atapi.clock import AskedClock
from atapi.errors import UsageError
from atapi.exchanges.binance.networks import Endpoints, endpoints, paper_endpoints
from atapi.exchanges.binance.venue import BinanceVenue, connect
from atapi.execution.lifeline import Letter
from atapi.paper_side import PaperSide
from atapi.services.container import Services
from atapi.services.network import NetworkInfo
from atapi.settings import NETWORKS, Settings
from atapi.settings_file import SettingsFile
from atapi.wiring import OrderPath, Wiring, order_path

if TYPE_CHECKING:
    from atapi.desk import Desk
    from atapi.exchanges.paper_admin import PaperAdmin
    from atapi.paper.host import Hosted
    from atapi.services.drill_world import Log, World

Tell = Callable[[str], None]


@contextmanager
def open_services(settings: Settings, tell: Tell) -> Iterator[Services]:
    """Build the services of one network, and close what they opened.

    Args:
        tell: Says a line to the operator, as while an order's fate is being found out.
    """
    if settings.network not in NETWORKS:
        raise UsageError(f"no network '{settings.network}'", hint=", ".join(NETWORKS))
    SettingsFile(settings.home).caps(
        settings.network
    )  # what makes no sense stops us before anything is asked
    with ExitStack() as stack:
        if settings.network == "paper":
            joined = join_paper(settings, stack)
            yield paper_services(settings, joined, order_path(joined.venue), tell, stack)
        else:
            yield _live(settings, tell, stack)


def preload() -> None:
    """Import what the first command will need; called in the background while the user reads the prompt."""
    for name in ("pandas", "binance.spot", "binance.um_futures", "atapi.paper.host"):
        importlib.import_module(name)


def open_desk(network: str, **options: Any) -> Desk:
    """Open a desk for Python; `options` are `home`, `seed`, `feed` and `at` as on the command line."""
    import os

    from atapi.desk import Desk

    unknown = set(options) - {"home", "seed", "feed", "at", "tell"}
    if unknown:
        raise UsageError(f"connect() knows no {', '.join(sorted(unknown))}", hint="home, seed, feed, at")
    tell = options.pop("tell", _silent)
    if isinstance(options.get("home"), str):
        options["home"] = Path(options["home"])
    if isinstance(options.get("at"), str):
        options["at"] = _time(options["at"])
    settings = Settings.from_env(os.environ, network=network, **options)
    return Desk(open_services(settings, tell))


# --- networks -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Joined:
    """An embedded exchange that was found or started, and the adapter that reaches it."""

    hosted: Hosted
    venue: BinanceVenue
    where: Callable[[], Endpoints]  # finds it again where it moved

    def control(self) -> PaperAdmin:
        """Reach its control path, where it runs now."""
        from atapi.exchanges.paper_admin import PaperAdmin

        return PaperAdmin(url=self.hosted.spot_url, token=self.hosted.admin_token)


def join_paper(settings: Settings, stack: ExitStack) -> Joined:
    """Find the embedded exchange of some settings, or start it here, until the stack is closed."""
    from atapi.paper.host import join_or_start

    hosted = join_or_start(settings.home, feed_text=settings.feed, seed=settings.seed, at=settings.at)
    stack.callback(hosted.close)

    def where() -> Endpoints:
        hosted.rediscover()
        return paper_endpoints(hosted.spot_url, hosted.um_url)

    venue = connect(
        paper_endpoints(hosted.spot_url, hosted.um_url),
        hosted.api_key,
        hosted.api_secret,
        settings.timeout_s,
        rediscover=where,
    )
    stack.callback(venue.close)
    return Joined(hosted, venue, where)


def paper_services(
    settings: Settings, joined: Joined, path: OrderPath, tell: Tell, stack: ExitStack
) -> Services:
    """Build the services of an embedded exchange."""
    hosted, venue = joined.hosted, joined.venue

    def serve(port: int, out: IO[str]) -> None:
        from atapi.paper.serve import serve as serve_in_front

        hosted.close()  # one process runs a world; the next command starts it here again
        serve_in_front(
            settings.home, feed_text=settings.feed, seed=settings.seed, at=settings.at, port=port, out=out
        )

    def play(feed: str, port: int, out: IO[str]) -> None:
        from atapi.paper.serve import serve as serve_in_front

        serve_in_front(settings.home, feed_text=feed, seed=settings.seed, at=None, port=port, out=out)

    label = "synthetic" if settings.feed == "synthetic" else settings.feed
    tell(f"paper: {label} prices")  # what is not of now must never be taken for it
    return Wiring(
        settings=settings,
        venue=venue,
        info=NetworkInfo(name="paper", key=hosted.api_key, label=label),
        urls={"spot": hosted.spot_url, "futures": hosted.um_url},
        clock=AskedClock(venue.spot.server_time),
        folder=hosted.folder,
        binding={"network": "paper", "world": hosted.folder.name},
        seed=hosted.folder.name.encode(),  # the same world, the same ids: a run can be repeated
        path=path,
        letter=lambda: Letter(joined.where(), hosted.api_key, hosted.api_secret, settings.timeout_s),
        tell=tell,
        stack=stack,
        paper=PaperSide(control=joined.control, serve=serve, play=play),
        rehearse=_rehearse,
    ).services()


def _live(settings: Settings, tell: Tell, stack: ExitStack) -> Services:
    import hashlib
    import secrets

    where = endpoints(settings.network)
    venue = connect(where, settings.api_key, settings.api_secret, settings.timeout_s)
    stack.callback(venue.close)
    account = hashlib.sha256((settings.api_key or "").encode()).hexdigest()[:16]  # of the key, never the key
    return Wiring(
        settings=settings,
        venue=venue,
        info=NetworkInfo(name=settings.network, key=settings.api_key),
        urls={"spot": where.spot, "futures": where.um},
        clock=AskedClock(venue.clock.now),
        folder=settings.home / settings.network / account,
        binding={"network": settings.network, "account": account},
        seed=secrets.token_bytes(16),  # another host's journal of this account has another
        path=order_path(venue),
        letter=lambda: Letter(where, settings.api_key or "", settings.api_secret or "", settings.timeout_s),
        tell=tell,
        stack=stack,
        paper=None,
        rehearse=_rehearse,
    ).services()


def _rehearse(log: Log) -> AbstractContextManager[World]:
    from atapi.rehearsal import open_world

    return open_world(log)


def _silent(line: str) -> None:
    """Say nothing."""


def _time(text: str) -> datetime:
    from atapi.clock import EPOCH
    from atapi.domain.amounts import parse_time

    return parse_time(text, "at", EPOCH)
