"""`settings.toml` in the home directory: what a trader has set to stay.

    [limits.mainnet]
    max-order = "500usdt"
    max-orders-minute = 30

It is read anew whenever it has changed, so that what one process sets binds every other at its next order. What it
holds is known to the letter: an unknown name, a wrong type or half a file stops everything before anything is sent.
"""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atapi.domain.caps import Caps, defaults, find
from atapi.durable import write_file
from atapi.errors import AtapiError, ConfigError
from atapi.settings import NETWORKS

NAME = "settings.toml"
SECTION = "limits"

Stamp = tuple[int, int, int] | None  # modification time, inode and size; None where there is no file


class SettingsFile:
    """The settings file of one home directory."""

    def __init__(self, home: Path) -> None:
        self._path = home / NAME
        self._stamp: Stamp = None
        self._caps: dict[str, Caps] = {}  # network -> its limits, as of the stamp

    def caps(self, network: str) -> Caps:
        """Tell the limits of a network as they are now.

        Raises:
            ConfigError: The file makes no sense; the message names it, the line and the key.
        """
        stamp = self._stamp_now()
        if stamp != self._stamp or network not in self._caps:
            text = self._text() if stamp else ""
            self._caps = {name: _caps_of(text, name, self._path) for name in NETWORKS}
            self._stamp = stamp
        return self._caps[network]

    def set_cap(self, network: str, name: str, typed: str) -> Caps:
        """Set a limit to stay; comments and everything else in the file are kept.

        Raises:
            UsageError: No such limit, or no value of it.
            ConfigError: The file as it stands makes no sense.
            StorageError: It cannot be written.
        """
        import tomlkit  # 25 ms; only who changes a setting waits for it

        cap = find(name)
        value = cap.read(typed)
        self.caps(network)
        document = tomlkit.parse(self._text() if self._stamp_now() else "")
        section: Any = document.setdefault(SECTION, tomlkit.table(is_super_table=True))
        table: Any = section.setdefault(network, tomlkit.table())
        table[cap.name] = int(value) if cap.write(value).isdigit() else cap.write(value)
        write_file(self._path, tomlkit.dumps(document))
        return self.caps(network)

    def _stamp_now(self) -> Stamp:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as e:
            raise ConfigError(f"cannot read {self._path}: {e.strerror}", hint="check its rights") from e
        if os.name == "posix" and found.st_mode & 0o022:
            raise ConfigError(
                f"{self._path} may be changed by others (mode {found.st_mode & 0o777:o})",
                hint=f"chmod 600 {self._path}",
            )
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _text(self) -> str:
        try:
            return self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as e:
            raise ConfigError(f"cannot read {self._path}: {e}", hint="mend it, or move it away") from e


def _caps_of(text: str, network: str, path: Path) -> Caps:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        where = re.search(r"line (\d+)", str(e))
        line = where[1] if where else str(text.count("\n") + 1)
        raise ConfigError(
            f"{path} line {line}: {str(e).partition(' (at')[0]}", hint="mend it, or move it away"
        ) from e
    for key in tables:
        if key != SECTION:
            raise _wrong(path, text, (key,), f"no section '{key}'; there is {SECTION}")
    networks = _table(path, text, (SECTION,), tables.get(SECTION, {}))
    for key in networks:
        if key not in NETWORKS:
            raise _wrong(path, text, (SECTION, key), f"no network '{key}'; there are {', '.join(NETWORKS)}")
    given = _table(path, text, (SECTION, network), networks.get(network, {}))
    values = {}
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise _wrong(
                path, text, (SECTION, network, key), f"{key} is {_kind(value)}, not a value with its unit"
            )
        try:
            cap = find(key)
            values[cap.field] = cap.read(str(value))
        except AtapiError as e:
            raise _wrong(path, text, (SECTION, network, key), e.message) from e
    return dataclasses.replace(defaults(network), **values)


def _table(path: Path, text: str, keys: tuple[str, ...], value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(path, text, keys, f"{'.'.join(keys)} is {_kind(value)}, not a section")
    return value


def _wrong(path: Path, text: str, keys: tuple[str, ...], message: str) -> ConfigError:
    return ConfigError(f"{path} line {_line(text, keys)}: {message}", hint="mend it; limits lists the names")


def _line(text: str, keys: tuple[str, ...]) -> int:
    """Find the line where a key stands: the first after each of those it is within."""
    at = 0
    for key in keys:
        found = re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", text[at:])
        at += found.start() if found else 0
    return text.count("\n", 0, at) + 1


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "a truth value"
    words = {dict: "a section", list: "a list", float: "a fraction without a unit"}
    return words.get(type(value), "a plain value")
