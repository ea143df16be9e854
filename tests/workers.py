"""A stage for each worker of a parallel test run: what must not be shared, and how many there are.

pytest-django gives each worker a database of its own. Wake-ups over Redis are heard in all its databases, and some
tests stop it or change its settings: so each worker has a Valkey, and a HUB_DATA.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hub.embedded.spawn import LINUX, Family
from hub.embedded.valkey import Valkey

MOST = 4


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if LINUX else os.cpu_count() or 1


def wanted(arguments: Sequence[str]) -> int:
    """How many workers are worth their start; none for tests of a single file.

    One more than processors: a third of the time of a run is waiting for servers, browsers and chargers.
    """
    is_one_file = len(arguments) == 1 and ".py" in arguments[0]
    return 0 if is_one_file else min(cores() + 1, MOST)


@contextmanager
def places(count: int) -> Iterator[list[dict[str, str]]]:
    """What each of `count` workers has in its environment, and nobody else. Raises LauncherError."""
    with Family() as family:
        home = Path(tempfile.mkdtemp(prefix="hub-workers-"))
        family.remove_at_end(home)
        yield [_place(home / f"gw{number}", family) for number in range(count)]


def _place(home: Path, family: Family) -> dict[str, str]:
    data = home / "data"
    (data / "static").mkdir(parents=True)
    valkey = Valkey(home / "valkey", family, home / "valkey.log", durable=False)
    valkey.start()
    return {"HUB_DATA": str(data), "REDIS_URL": valkey.url}
