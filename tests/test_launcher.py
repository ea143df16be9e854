"""The launcher as its users meet it: real processes, real servers."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.embedded.config import CHECKOUT
from tests.processes import descendants, environment, free_port, gone, until

LOOK = """
import os, psycopg, redis
from urllib.parse import parse_qs, urlsplit
host = parse_qs(urlsplit(os.environ["DATABASE_URL"]).query)["host"][0]
with psycopg.connect(host=host, user="hub", dbname="hub") as connection:
    version, fsync, lower = connection.execute(
        "SELECT current_setting('server_version_num')::int, current_setting('fsync'), lower('Ä')").fetchone()
assert version >= 180000 and fsync == "off" and lower == "ä", (version, fsync, lower)
store = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
assert store.config_get("appendonly")["appendonly"] == "no"
assert store.set("a", 1) and store.get("a") == "1"
print(host, os.environ["HUB_DATA"], len(os.environ["HUB_SECRET_KEY"]))
"""


def launcher(*arguments: str, **changes: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the launcher to its end."""
    argv = [sys.executable, "-m", "hub.embedded", *arguments]
    return subprocess.run(
        argv,
        env=environment(**changes),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Portal:
    """A running `run`, with what it prints in a file."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port
        self.output = home.with_name(f"{home.name}.out")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hub.embedded", "run"],
                env=environment(HUB_DATA=home, HUB_PORT=str(port), HUB_DEMO_CHARGERS="1"),
                cwd=CHECKOUT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def says(self, text: str) -> None:
        """Wait for a text in the output."""

        def ready() -> bool:
            assert text in self.text() or self.process.poll() is None, self.text()
            return text in self.text()

        until(ready, f"the launcher says {text!r}; it said: {self.text()}", 60)

    def text(self) -> str:
        """What it has printed until now."""
        return self.output.read_text()

    def spare_password(self) -> str:
        """The password printed for SPARE-1."""
        found = re.search(r"user: SPARE-1, password: (\S+)\)", self.text())
        assert found, self.text()
        return found[1]


@contextmanager
def portal(home: Path, port: int) -> Iterator[Portal]:
    """A portal that has said it is ready, and is gone afterwards."""
    started = Portal(home, port)
    try:
        started.says("Ctrl-C")
        yield started
    finally:
        started.process.kill()
        started.process.wait()


def test_exec_gives_a_command_servers_and_removes_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("e")  # short enough for sockets, in a worker of a parallel run too
    done = launcher("exec", "--", sys.executable, "-c", LOOK, TMPDIR=home)
    assert done.returncode == 0, done.stderr
    sockets, data, size = done.stdout.split()
    assert Path(sockets).is_relative_to(home)
    assert int(size) >= 50
    assert not Path(data).exists()
    assert list(home.iterdir()) == []


def test_exec_returns_the_exit_code_and_leaves_servers_from_outside_alone() -> None:
    outside = {
        "DATABASE_URL": "postgres://db.example.net/hub",
        "REDIS_URL": "redis://redis.example.net:6379/0",
    }
    command = 'echo "$DATABASE_URL $REDIS_URL"; exit 7'
    done = launcher("exec", "--", "sh", "-c", command, **outside)
    assert done.returncode == 7
    assert done.stdout.split() == list(outside.values())


def test_exec_works_below_a_directory_whose_path_is_too_long_for_sockets(tmp_path: Path) -> None:
    deep = tmp_path / ("long-" * 20)
    deep.mkdir()
    done = launcher("exec", "--", sys.executable, "-c", LOOK, TMPDIR=deep)
    assert done.returncode == 0, done.stderr
    sockets = Path(done.stdout.split()[0])
    assert not sockets.is_relative_to(deep)
    assert not sockets.exists()


def test_a_killed_exec_takes_its_command_and_servers_along(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "hub.embedded", "exec", "--", "sh", "-c", 'touch "$TMPDIR/up"; sleep 1000'],
        env=environment(TMPDIR=tmp_path),
        cwd=CHECKOUT,
    )
    until((tmp_path / "up").exists, "the command runs")
    family = descendants(process.pid)
    assert len(family) > 5
    process.kill()
    process.wait()
    until(lambda: gone(family), "all processes are gone")
    until(lambda: [path.name for path in tmp_path.iterdir()] == ["up"], "nothing is left on disk")


def test_a_portal_runs_recovers_and_leaves_nothing(tmp_path: Path) -> None:
    home, port = tmp_path / "data", free_port()
    with portal(home, port) as first:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.status == 200
        second = launcher("run", HUB_DATA=home, HUB_PORT=str(free_port()))
        assert second.returncode == 1
        assert f"Another run uses the data in {home} (process {first.process.pid})" in second.stderr
        server = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(server, signal.SIGKILL)
        first.says("PostgreSQL runs again.")
        family = descendants(first.process.pid)
        first.process.kill()
        until(lambda: gone(family), "no process is left behind")
        password = first.spare_password()
    with portal(home, port) as again:
        assert again.spare_password() == password
        family = descendants(again.process.pid)
        again.process.send_signal(signal.SIGINT)
        assert again.process.wait(20) == 0
        assert gone(family)
    assert stat_mode(home / "secret-key") == stat_mode(home / "env") == 0o600


def stat_mode(path: Path) -> int:
    """The permission bits of a file."""
    return path.stat().st_mode & 0o777


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = launcher("run", HUB_DATA=tmp_path / "data", HUB_PORT=port)
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in done.stderr
    assert "HUB_PORT" in done.stderr
    assert not (tmp_path / "data" / "postgres").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_PORT", "eighty"),
        ("HUB_PORT", "70000"),
        ("HUB_DEMO_CHARGERS", "-1"),
        ("HUB_SERVER", "apache"),
        ("HUB_HOST", "no such host"),
        ("HUB_DATA", "/dev/null/data"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(tmp_path: Path, name: str, value: str) -> None:
    settings = {"HUB_DATA": str(tmp_path), "HUB_PORT": str(free_port())} | {name: value}
    done = launcher("run", **settings)
    assert done.returncode == 1
    assert name in done.stderr
    assert done.stderr.count("\n") == 1


WITHOUT_NAMESPACES = """
import ctypes, os, sys
read, write = os.pipe(); back, forth = os.pipe()
child = os.fork()
if child == 0:
    ctypes.CDLL(None).unshare(0x10000000)
    os.write(write, b"1"); os.read(back, 1)
    os.setgid(0); os.setuid(0)
    with open("/proc/sys/user/max_user_namespaces", "w") as limit: limit.write("0")
    os.execv(sys.argv[1], sys.argv[1:])
os.read(read, 1)
for name in ("uid_map", "gid_map"):
    with open(f"/proc/{child}/{name}", "w") as ids: ids.write("0 0 MAPPED")
os.write(forth, b"1")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def in_a_container_without_namespaces(mapped: int, *argv: str, tmp: Path) -> subprocess.CompletedProcess[str]:
    """Run `argv` as a root who may not make user namespaces and knows `mapped` user ids."""
    code = WITHOUT_NAMESPACES.replace("MAPPED", str(mapped))
    return subprocess.run(
        [sys.executable, "-c", code, *argv],
        env=environment(TMPDIR=tmp),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A directory that everybody can reach; pytest's own are root's alone."""
    home = Path(tempfile.mkdtemp(prefix="hub-test-"))
    home.chmod(0o711)
    yield home
    shutil.rmtree(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL refuses root only")
def test_root_without_user_namespaces_runs_postgres_as_nobody(reachable: Path) -> None:
    argv = [
        sys.executable,
        "-m",
        "hub.embedded",
        "exec",
        "--",
        "sh",
        "-c",
        'stat -c %U "${HUB_DATA%/data}/postgres"',
    ]
    probe = in_a_container_without_namespaces(65536, "/bin/true", tmp=reachable)
    if probe.returncode:
        pytest.skip(f"this machine forbids user namespaces altogether: {probe.stderr[-200:]}")
    done = in_a_container_without_namespaces(65536, *argv, tmp=reachable)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "nobody"
    assert list(reachable.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL refuses root only")
def test_root_without_any_way_out_is_told_so(reachable: Path) -> None:
    if in_a_container_without_namespaces(1, "/bin/true", tmp=reachable).returncode:
        pytest.skip("this machine forbids user namespaces altogether")
    argv = [sys.executable, "-m", "hub.embedded", "exec", "--", "true"]
    done = in_a_container_without_namespaces(1, *argv, tmp=reachable)
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_image_holds_every_package_of_the_project() -> None:
    image = (CHECKOUT / "compose.yaml").read_text()
    packages = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")} - {"tests"}
    missing = [name for name in sorted(packages) if f"COPY {name} {name}" not in image]
    assert missing == []
