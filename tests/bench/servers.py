"""A durable PostgreSQL (fsync on, as in production) and a Valkey for the time of a run."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.embedded.config import CHECKOUT
from hub.embedded.place import find_place
from hub.embedded.postgres import Postgres
from hub.embedded.spawn import Child, Family
from hub.embedded.valkey import Valkey


@dataclass
class Servers:
    """What runs, and where its logs are."""

    family: Family
    home: Path
    postgres: Child
    valkey: Child
    database: Postgres
    cache: Valkey


@contextmanager
def servers() -> Iterator[Servers]:
    """Start both, point this process's environment at them, migrate. Raises LauncherError."""
    with Family() as family:
        home = Path(tempfile.mkdtemp(prefix="hub-bench-"))
        family.remove_at_end(home)
        if os.geteuid() == 0:
            home.chmod(0o711)
        data = home / "data"
        (data / "static").mkdir(parents=True)
        postgres = Postgres(find_place(home / "postgres"), family, home / "postgres.log")
        postgres.prepare()
        database_process = postgres.start()
        valkey = Valkey(home / "valkey", family, home / "valkey.log")
        cache_process = valkey.start()
        os.environ |= {
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "HUB_DATA": str(data),
            "HUB_SECRET_KEY": secrets.token_urlsafe(50),
            "HUB_LOG_LEVEL": "WARNING",
            # The bench asks how fast it can be, with few chargers that never pause.
            "HUB_OCPP_MESSAGES_PER_SECOND": "0",
            "DJANGO_SETTINGS_MODULE": "hub.settings",
        }
        subprocess.run([sys.executable, "manage.py", "prepare"], check=True, cwd=CHECKOUT)
        yield Servers(family, home, database_process, cache_process, postgres, valkey)
