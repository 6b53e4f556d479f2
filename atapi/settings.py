"""Settings: read once, passed down, never looked up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

NETWORKS = ("paper", "demo", "testnet", "mainnet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a run is told from outside."""

    network: str = "paper"
    home: Path = field(default_factory=Path)
    seed: int = 1  # of the synthetic feed
    feed: str = "synthetic"  # synthetic | replay:DIR
    at: datetime | None = None  # the paper clock starts here and stands still
    timeout_s: float = 10.0  # total allowance of one request
    symbols: tuple[str, ...] = ()  # of commands that are given none; the services' own defaults where empty
    api_key: str | None = field(default=None, repr=False)
    api_secret: str | None = field(default=None, repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str], **given: object) -> Settings:
        """Read the environment; what is given by name wins over it."""
        values: dict[str, object] = {
            "home": Path(environ["ATAPI_HOME"]) if environ.get("ATAPI_HOME") else default_home(),
            "api_key": environ.get("BINANCE_API_KEY"),
            "api_secret": environ.get("BINANCE_API_SECRET") or environ.get("BINANCE_SECRET_KEY"),
        }
        values |= {name: value for name, value in given.items() if value is not None}
        return cls(**values)  # type: ignore[arg-type]


def default_home() -> Path:
    """Tell where state lives unless the user says otherwise."""
    from platformdirs import user_data_path  # 10 ms; only where no home was given

    return user_data_path("atapi", appauthor=False)
