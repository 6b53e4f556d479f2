"""Which feed the user asked for."""

from __future__ import annotations

from pathlib import Path

from atapi.domain.numbers import parse_plain
from atapi.errors import ConfigError, UsageError
from atapi.paper.feeds.base import Feed

FASTEST = 10_000  # of a log


def open_feed(text: str, seed: int) -> Feed:
    """Open `synthetic`, `replay:DIR` or `log:FILE[@SPEED]`.

    Raises:
        UsageError: Neither of those, or there is no such directory.
        ConfigError: The directory holds no recordings.
    """
    if text == "synthetic":
        from atapi.paper.feeds.synthetic import SyntheticFeed

        return SyntheticFeed(seed)
    name, _, place = text.partition(":")
    if name == "log" and place:
        return _log(place)
    if name != "replay" or not place:
        raise UsageError(
            f"unknown feed '{text}'", hint="synthetic, replay:DIR with recorded files, or log:FILE"
        )
    directory = Path(place).expanduser()
    if not directory.is_dir():
        raise UsageError(f"no directory '{place}' to replay", hint="replay:DIR, a folder of recorded files")
    from atapi.paper.feeds.replay import ReplayFeed

    feed = ReplayFeed(directory)
    if not feed.recordings:
        raise ConfigError(
            f"'{place}' holds no recordings",
            hint="files named like um/klines/BTCUSDT-1h-2024-01.zip, see docs/paper.md",
        )
    return feed


def _log(place: str) -> Feed:
    from atapi.paper.feeds.log import LogFeed

    file, _, speed = place.rpartition("@")
    rate = parse_plain(speed) if file else None
    path = Path(place if rate is None else file).expanduser()
    if not path.is_file():
        raise UsageError(
            f"no file '{path}' to play", hint="log:FILE, or log:FILE@10 to play it ten times as fast"
        )
    if rate is not None and not 0 < rate <= FASTEST:
        raise UsageError(f"speed {rate} is outside 0..{FASTEST}")
    return LogFeed(path, rate)
