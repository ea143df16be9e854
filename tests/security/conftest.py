"""A server behind a pretended TLS proxy and a worker, with a certificate authority, for this whole folder."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from hub.embedded.spawn import Family
from tests.gateway.conftest import ENVIRONMENT, ROOMY, performing
from tests.security.tools import HEADER, ORGANISATION
from tests.stage import CHECKOUT, Server, Worker, environment, free_port


@pytest.fixture(scope="package")
def authority_folder(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `manage.py ca init` has made an authority."""
    folder = tmp_path_factory.mktemp("authority") / "ca"
    extra = {"HUB_CA_DIR": str(folder), "HUB_CA_ORGANISATION": ORGANISATION}
    subprocess.run([sys.executable, "manage.py", "ca", "init"], cwd=CHECKOUT, env=environment(extra), check=True)
    return folder


@pytest.fixture(scope="package")
def guarded_house(
    authority_folder: Path, own_redis: None, family: Family, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The server, with a worker and its clock beside it."""
    folder = tmp_path_factory.mktemp("guarded")
    extra = (
        ROOMY
        | ENVIRONMENT
        | {
            "HUB_CA_DIR": str(authority_folder),
            "HUB_CA_ORGANISATION": ORGANISATION,
            "HUB_CA_DELAY": "0.3",
            "HUB_CLIENT_CERT_HEADER": HEADER,
            "HUB_TLS": "on",
            "HUB_EFFECT_TIMEOUT_SCALE": "0.1",
        }
    )
    server = Server(family, "daphne", folder / "daphne.log", port=free_port(), extra=extra)
    worker = Worker(family, "worker", folder / "worker.log", beat=True, extra=extra)
    server.start()
    worker.start()
    yield server
    worker.kill()
    print(worker.log.read_text(errors="replace")[-4000:])
    server.kill()


@pytest.fixture
def guarded(guarded_house: Server, transactional_db: None, clean_redis: redis.Redis) -> Iterator[Server]:
    """The server, alone with this test."""
    with performing(guarded_house) as running:
        yield running
