"""atapi: a trading shell for the funding carry, importable as a library.

`atapi.connect()` opens a desk; its methods are the shell's commands and return DataFrames.
"""

from __future__ import annotations

from atapi.version import VERSION as __version__

TYPE_CHECKING = False  # `typing` itself would be a tenth of the shell's start
if TYPE_CHECKING:
    from typing import Any

    from atapi.desk import Desk

__all__ = ["__version__", "connect"]


def connect(network: str = "paper", **options: Any) -> Desk:
    """Open a desk on a network; use it in a `with` block so that everything is closed.

    Args:
        network: `paper` (default), `demo`, `testnet` or `mainnet`.
        options: `home`, `seed`, `feed`, `at` as on the command line.
    """
    from atapi.app import open_desk  # imported here so that `import atapi` costs nothing

    return open_desk(network, **options)
