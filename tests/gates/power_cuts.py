"""Power cuts while the real journal writes: no acknowledged row is lost, and nothing is there by half.

    python -m tests.gates.power_cuts                        what CI runs: 2 000 images
    python -m tests.gates.power_cuts --images 100000 --seed 1

The journal's own code writes on SQLite as Python has it, with every write, sync and name recorded beneath
(`recorded_io`). From the recording the power is cut at one point after another, and what a disk may then hold is put
together (`disk`). Each image is opened as the next start would: it must pass the journal's checks and hold exactly
what was acknowledged, or that and the one commit on its way.

The same with `synchronous=NORMAL` is the negative control: it must lose rows, or this gate could not see a loss.

Then a journal is damaged, a byte at a time and by cutting its end off: it is refused, or holds what it held. Damage to
the last commit in the write-ahead log looks to SQLite and to us like one that never ended; what is left then is the
journal as it was before it, which, as with an old copy put back, the exchange knows more than: reconciling tells.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from atapi.errors import StorageError
from atapi.execution.journal import Journal
from tests.gates.disk import Disk
from tests.gates.journal_life import BINDING, SEED, Life, contents
from tests.gates.recorded_io import Deed, Step, recording

IMAGES_A_LIFE = 250
MOST_TRANSACTIONS = 24  # of a life; the longest pass SQLite's own checkpoint
PAGE = 4096
DAMAGED_PAGES = 3
BITS = 0x01, 0xFF  # flipped in a byte: one, and all
ELSEWHERE = 16  # before those pages, each so-manieth of what would be damaged
PARTS = 4


def live(seed: int, folder: Path, synchronous: str | None) -> tuple[list[Step], list[str]]:
    """Lead a life, recorded; gives its steps and what was promised, acknowledgment by acknowledgment."""
    promises: list[str] = []

    with recording(folder) as recorder:

        def promised(held: str) -> None:
            promises.append(held)
            recorder.acknowledge(len(promises))

        life = Life(folder / "journal.db", seed, promised, synchronous=synchronous)
        life.lead(random.Random(seed).randint(1, MOST_TRANSACTIONS))
        life.journal.close()
    return recorder.steps, promises


def cut(seed: int, images: int, synchronous: str | None = None) -> Counter[str]:
    """Cut one life's power at so many points, spread over all of them; counts how the journal was found."""
    with scratch() as folder:
        steps, promises = live(seed, folder, synchronous)
    dice = random.Random(seed)
    points = sorted(dice.choices(range(len(steps) + 1), k=images))
    found: Counter[str] = Counter()
    disk, taken, acknowledged = Disk(), 0, 0
    for point in points:
        for step in steps[taken:point]:
            disk.take(step)
            if step.deed is Deed.ACKNOWLEDGE:
                acknowledged = step.offset
        taken = point
        with scratch() as folder:
            disk.image(dice, folder)
            found[_found(folder, promises, acknowledged)] += 1
    return found


def damage(seed: int, name: str, every: int, part: int) -> Counter[str]:
    """Damage a journal's last pages, byte by byte, and cut its end off; counts how it was found.

    Args:
        name: The file: the database of a journal that was closed, or the log of one that was not.
        every: 1 damages each byte, 7 each seventh.
        part: Which of `PARTS` interleaved parts.
    """
    found: Counter[str] = Counter()
    with scratch() as folder:
        promises: list[str] = []
        life = Life(folder / "journal.db", seed, promises.append)
        life.lead(2)
        if name == "journal.db":
            life.journal.close()
        files = {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}
        life.journal.close()
    for content in _damaged(files[name], every * PARTS, every * part):
        with scratch() as folder:
            for other, bytes_ in {**files, name: content}.items():
                (folder / other).write_bytes(bytes_)
            found[_found(folder, promises, len(promises))] += 1
    return found


def _damaged(content: bytes, every: int, first: int) -> Iterator[bytes]:
    start = max(0, len(content) - DAMAGED_PAGES * PAGE)
    for at in (*range(first, start, every * ELSEWHERE), *range(start + first, len(content), every)):
        damaged = bytearray(content)
        damaged[at] ^= BITS[at // every % 2]
        yield bytes(damaged)
    for size in range(start + first, len(content), PAGE // 8):
        yield content[:size]


def _found(folder: Path, promises: Sequence[str], acknowledged: int) -> str:
    """Open what is left, as the next start would, and tell how it stands to what was acknowledged."""
    try:
        journal = Journal(folder / "journal.db", BINDING, seed=SEED)
    except StorageError:
        return "refused"
    except Exception as e:  # noqa: BLE001  # whatever it is, a trader would see a traceback
        return f"FAILED ({type(e).__name__}: {e})"
    try:
        held = contents(journal._db)
    except (sqlite3.Error, UnicodeDecodeError) as e:
        return f"FAILED ({type(e).__name__}: {e})"
    journal.close()
    if held in promises[max(0, acknowledged - 1) : acknowledged + 1]:
        return "kept"
    return "earlier" if held in promises[:acknowledged] else "OTHERWISE"


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one: its syncs cost nothing."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="atapi-cuts-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _over_all_cores(work: object, *columns: Sequence[object]) -> Counter[str]:
    with ProcessPoolExecutor() as pool:
        return sum(pool.map(work, *columns), Counter())  # type: ignore[arg-type]  # one of the two above


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=None, help="the first life's; random where not said")
    parser.add_argument("--every", type=int, default=1, help="damage each so-manieth byte (default 1)")
    options = parser.parse_args()
    first = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    began = time.monotonic()
    lives = max(2, -(-options.images // IMAGES_A_LIFE))
    seeds, each = range(first, first + lives), [-(-options.images // lives)] * lives
    full = _over_all_cores(cut, seeds, each)
    control = _over_all_cores(cut, seeds[: lives // 4 + 1], each, ["NORMAL"] * lives)
    damaged, ends = (
        _over_all_cores(damage, [first] * PARTS, [name] * PARTS, [options.every] * PARTS, range(PARTS))
        for name in ("journal.db", "journal.db-wal")
    )
    print(f"power cuts: {_told(full)} in {lives} lives from seed {first}")
    print(f"the same with synchronous NORMAL, which must lose: {_told(control)}")
    print(f"damaged bytes and cut ends of the database: {_told(damaged)}")
    print(f"of the log before it: {_told(ends)}; {time.monotonic() - began:.0f} s")
    sound = (
        set(full) == {"kept"}
        and set(damaged) <= {"kept", "refused"}
        and not set(ends) - {*damaged, "earlier"}
    )
    return 0 if sound and control["earlier"] and set(control) <= {"kept", "earlier", "refused"} else 1


def _told(found: Counter[str]) -> str:
    how = ", ".join(f"{number} {name}" for name, number in found.most_common())
    return f"{found.total()} images, {how}"


if __name__ == "__main__":
    sys.exit(main())
