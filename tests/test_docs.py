"""The documents tell the truth: links, paths, settings, make targets and task recipes."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
# What exists only after a start, in another shape, or on purpose with a gap to fill in.
NOT_FILES = re.compile(r"[<>*:?=${}\s]|^[./]*\.(?:venv|hub|env)\b|^/|^\.\.\.")
SUFFIXES = (".py", ".md", ".json", ".yaml", ".toml", ".html", ".js", ".css", ".txt", ".in", ".example")


def document(name: str) -> str:
    """The text of a document."""
    return (ROOT / name).read_text()


def existing_documents() -> list[str]:
    """Those that are there already."""
    return [name for name in DOCUMENTS if (ROOT / name).exists()]


@pytest.mark.parametrize("name", existing_documents())
def test_links_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document(name))
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("name", existing_documents())
def test_named_files_exist(name: str) -> None:
    quoted = {word for word in re.findall(r"`([^`\n]+)`", document(name)) if not NOT_FILES.search(word)}
    paths = {word for word in quoted if word.endswith(SUFFIXES) or (word.endswith("/") and "/" in word[:-1])}
    missing = [path for path in sorted(paths) if not found(path)]
    assert missing == []


def found(path: str) -> bool:
    """Whether a path is there, from the top or, as in "the file `states.py`", somewhere in the rooms."""
    rooms = ("hub", "chargepoints", "ocpp_gateway", "installer", "templates", "static", "tests")
    return (ROOT / path).exists() or any(next((ROOT / room).rglob(path), None) for room in rooms)


def settings_read() -> set[str]:
    """The names of environment variables that settings.py reads."""
    tree = ast.parse((ROOT / "hub" / "settings.py").read_text())
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_every_setting_is_in_the_readme() -> None:
    told = set(re.findall(r"`([A-Z][A-Z0-9_]+)", document("README.md")))
    # HUB_DEMO is for `make run` alone to set.
    assert settings_read() - told - {"HUB_DEMO"} == set()


@pytest.mark.parametrize("name", [*existing_documents(), ".env.example"])
def test_settings_that_are_told_of_are_read(name: str) -> None:
    read = settings_read()
    for path in (ROOT / "hub").rglob("*.py"):
        read |= set(re.findall(r"[\"'](HUB_[A-Z_]+)[\"']", path.read_text()))
    assert set(re.findall(r"\bHUB_[A-Z_]+[A-Z]\b", document(name))) - read == set()


@pytest.mark.parametrize("name", existing_documents())
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = re.findall(r"(?:`|^)make ([a-z-]+)", document(name), re.MULTILINE)
    assert set(told) - targets == set()


@pytest.mark.parametrize("name", existing_documents())
def test_management_commands_exist(name: str) -> None:
    own = {path.stem for path in (ROOT / "hub" / "management" / "commands").glob("[a-z]*.py")}
    stock = {
        "migrate",
        "createsuperuser",
        "collectstatic",
        "check",
        "makemigrations",
        "shell",
        "axes_reset_username",
        "axes_reset_ip",
    }
    assert set(re.findall(r"manage\.py ([a-z_]+)", document(name))) - own - stock == set()
