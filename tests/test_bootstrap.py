"""The bootstrap: from a bare Python to the launcher."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

from hub import bootstrap
from tests.processes import environment


def checkout_copy(home: Path) -> Path:
    """A checkout with the bootstrap and nothing to install."""
    (home / "hub" / "embedded").mkdir(parents=True)
    shutil.copy(bootstrap.__file__, home / "hub")
    for name in {name for names in bootstrap.SETS.values() for name in names}:
        (home / name).write_text("")
    (home / "hub" / "embedded" / "__main__.py").write_text("import sys; print(sys.prefix, *sys.argv[1:])")
    return home


def strap(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a copy's bootstrap without a package index."""
    return subprocess.run(
        [sys.executable, "hub/bootstrap.py", *arguments],
        env=environment(PIP_NO_INDEX="1"),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_bootstrap_makes_an_environment_once_and_says_what_failed(tmp_path: Path) -> None:
    home = checkout_copy(tmp_path)
    first = strap(home, "run")
    assert first.returncode == 0, first.stderr
    assert first.stdout.split() == [str(home / ".venv"), "run"]
    assert "Installing" in first.stderr
    second = strap(home, "run")
    assert (second.returncode, second.stderr) == (0, "")
    (home / "requirements.txt").write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n")
    third = strap(home, "run")
    assert third.returncode == 1
    assert "no-such-package" in third.stderr
    assert "The packages could not be installed" in third.stderr
    assert "Traceback" not in third.stderr


def test_an_old_python_can_read_the_bootstrap_far_enough_to_say_so() -> None:
    tree = ast.parse(Path(bootstrap.__file__).read_text(), feature_version=(3, 6))
    imports = [node.lineno for node in tree.body if isinstance(node, ast.ImportFrom | ast.Import)]
    check = next(node.lineno for node in tree.body if isinstance(node, ast.If))
    assert [line for line in imports if line < check] == [imports[0]]
