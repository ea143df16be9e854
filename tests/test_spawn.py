"""Children end with their supervisor, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.embedded import guard
from hub.embedded.spawn import user_namespace_works
from tests.processes import gone, lives, until

SUPERVISOR = """
import os, signal, sys
from pathlib import Path
from hub.embedded.spawn import Family, RunAs

home = Path(sys.argv[1])
with Family() as family:
    family.remove_at_end(home / "removed")
{body}
    (home / "ready").touch()
    {ending}
"""
LEADER_WITH_CHILD = """
    family.spawn("leader", ["sh", "-c", "sleep 1000 & echo $! $$ > new; mv new pids; wait"], cwd=home)
"""


def supervise(home: Path, body: str, ending: str = "signal.pause()") -> subprocess.Popen[bytes]:
    """Start a supervisor whose children `body` spawns."""
    (home / "removed" / "deep").mkdir(parents=True)
    code = SUPERVISOR.format(body=body, ending=ending)
    return subprocess.Popen([sys.executable, "-c", code, str(home)])


def pids(home: Path) -> list[int]:
    """The process ids which a child wrote down."""
    until((home / "pids").exists, "the child wrote its process id")
    return [int(word) for word in (home / "pids").read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_supervisor_leaves_neither_children_nor_grandchildren(tmp_path: Path, number: signal.Signals) -> None:
    supervisor = supervise(tmp_path, LEADER_WITH_CHILD)
    family = pids(tmp_path)
    until((tmp_path / "ready").exists, "the guard has been told of the child")
    assert all(lives(pid) for pid in family)
    supervisor.send_signal(number)
    assert supervisor.wait(10) == -number
    until(lambda: gone(family), "the child and its child are gone")
    until(lambda: not (tmp_path / "removed").exists(), "the guard removed the directory")


def test_leaving_the_family_stops_everything_and_kills_what_refuses(tmp_path: Path) -> None:
    body = """
    deaf = "trap '' TERM; echo $$ > pids.new; mv pids.new pids; while :; do sleep 0.1; done"
    child = family.spawn("deaf", ["sh", "-c", deaf], cwd=home)
    while not (home / "pids").exists(): pass
    family.stop(child, seconds=0.3)
    print(child.poll())
"""
    supervisor = supervise(tmp_path, body, ending="")
    family = pids(tmp_path)
    assert supervisor.wait(10) == 0
    assert gone(family)
    until(lambda: not (tmp_path / "removed").exists(), "the guard removed the directory")


def test_the_guard_alone_ends_a_process_group(tmp_path: Path) -> None:
    """The portable half: no PDEATHSIG here, only the closed pipe."""
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    survivor = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    read, write = os.pipe()
    watcher = subprocess.Popen([sys.executable, "-I", "-S", guard.__file__, str(read)], pass_fds=[read])
    os.close(read)
    os.write(write, f"add -{child.pid} 15\nadd -{survivor.pid} 15\ndrop -{survivor.pid}\n".encode())
    assert child.poll() is None
    os.close(write)
    assert child.wait(10) == -signal.SIGTERM
    assert watcher.wait(15) == 0
    assert survivor.poll() is None
    survivor.kill()
    survivor.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs to look like somebody else")
def test_root_looks_like_nobody_in_a_user_namespace(tmp_path: Path) -> None:
    if not user_namespace_works():
        pytest.skip("this machine forbids user namespaces")
    body = """
    who = "id -u > who; echo $$ > pids.new; mv pids.new pids; exec sleep 1000"
    family.spawn("nobody", ["sh", "-c", who], cwd=home, run_as=RunAs(user_namespace=True))
"""
    supervisor = supervise(tmp_path, body)
    family = pids(tmp_path)
    until((tmp_path / "ready").exists, "the guard has been told of the child")
    assert int((tmp_path / "who").read_text()) != 0
    assert (tmp_path / "who").stat().st_uid == 0
    supervisor.kill()
    supervisor.wait()
    until(lambda: gone(family), "the child in the namespace is gone")
