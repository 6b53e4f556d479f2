"""`python -m atapi` and the installed `atapi`."""

from __future__ import annotations

import sys

from atapi.shell.main import main

if __name__ == "__main__":
    sys.exit(main())
