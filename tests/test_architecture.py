"""Rules of the house that no other tool checks: sizes, places, markup, third-party files, task names."""

import ast
import hashlib
import itertools
import json
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.celery import app

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("hub", "chargepoints", "ocpp_gateway", "installer", "tests")
TOP_LEVEL = {
    *("manage.py", "pyproject.toml", "hub", "chargepoints", "installer", "ocpp_gateway", "templates", "static"),
    *("tests", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile"),
    *("compose.yaml", ".env.example", ".ci", ".gitignore"),
    *(f"requirements{kind}.{end}" for kind in ("", "-dev", "-embedded") for end in ("in", "txt")),
}
FILE_LINES, FUNCTION_LINES, MEDIAN_LINES = 300, 60, 12

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    """Every Python file that is written by hand."""
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def templates() -> list[Path]:
    """Every template, wherever it lies."""
    found = [path for room in ("templates", *ROOMS) for path in (ROOT / room).rglob("*.html")]
    assert found
    return sorted(found)


def trees() -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file, parsed."""
    for path in sources():
        yield path, ast.parse(path.read_text(), str(path))


def functions(tree: ast.Module) -> Iterator[tuple[Function, int]]:
    """Every function with its number of lines, from `def` to the end."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node, (node.end_lineno or node.lineno) - node.lineno + 1


def test_files_are_short() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources()}
    assert {name: count for name, count in lines.items() if count > FILE_LINES} == {}


def test_functions_are_short() -> None:
    measured = [
        (f"{path.relative_to(ROOT)}:{node.name}", count) for path, tree in trees() for node, count in functions(tree)
    ]
    assert [entry for entry in measured if entry[1] > FUNCTION_LINES] == []
    assert statistics.median(count for _, count in measured) <= MEDIAN_LINES


def test_nothing_new_lies_at_the_top() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    if not listed:
        pytest.skip("not a git checkout")
    assert {name.split("/")[0] for name in listed} - TOP_LEVEL == set()


# The content security policy forbids the first three; the last ones would let vendor text become markup.
FORBIDDEN = {
    "inline style": re.compile(r"<[^>]*\sstyle\s*=|<style[\s>]", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
    "inline handler": re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE),
    "javascript address": re.compile(r"[\"']\s*(?:javascript|js):", re.IGNORECASE),
    "foreign host": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
    "unescaped text": re.compile(r"\|\s*safe(?:seq)?\b|\{%\s*autoescape\s+off"),
}


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_templates_keep_the_security_policy(rule: str) -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {found.group(0)[:80]}"
        for path in templates()
        for found in FORBIDDEN[rule].finditer(path.read_text())
    ]
    assert broken == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("inline style", '<p class="a" style="color:red">'),
        ("inline script", "<script>alert(1)</script>"),
        ("inline handler", '<a href="#" onclick="go()">'),
        ("inline handler", '<a hx-on:click="go()">'),
        ("javascript address", '<a href="javascript:go()">'),
        ("foreign host", '<script src="https://cdn.example.net/x.js">'),
        ("unescaped text", "{{ text|safe }}"),
    ],
)
def test_the_rules_for_templates_find_what_they_are_for(rule: str, text: str) -> None:
    assert FORBIDDEN[rule].search(text)


def test_python_marks_no_text_as_safe() -> None:
    """`format_html` escapes; `mark_safe` does not, so it takes literals, or says why (ruff's S308)."""
    marked = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"mark_safe", "SafeString", "SafeText"}
        and not isinstance(node.args[0], ast.Constant)
        and "S308 - " not in path.read_text().splitlines()[node.lineno - 1]
    ]
    assert marked == []


def test_third_party_files_are_what_their_makers_published() -> None:
    directory = ROOT / "static" / "vendor"
    entries = json.loads((directory / "vendor.json").read_text())
    known = {"vendor.json"}
    for entry in entries:
        assert entry["name"]
        assert entry["version"]
        assert entry["licence"]
        body = (directory / entry["file"]).read_bytes()
        assert hashlib.sha256(body).hexdigest() == entry["sha256"], entry["file"]
        assert (directory / entry["licence_file"]).is_file()
        known |= {entry["file"], entry["licence_file"]}
    assert {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()} == known


def names_handed_to_celery() -> Iterator[tuple[str, object]]:
    """Where `enqueue` and its kin are called, and the task's name there (None: not written out)."""
    for path, tree in trees():
        if path == ROOT / "hub" / "queue.py" or "tests" in path.relative_to(ROOT).parts:
            continue
        for node in ast.walk(tree):
            name = getattr(node, "func", None)
            if isinstance(node, ast.Call) and isinstance(name, ast.Name) and name.id.startswith("enqueue"):
                first = node.args[0] if node.args else None
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield where, first.value if isinstance(first, ast.Constant) else None


def test_every_task_that_is_named_exists() -> None:
    app.loader.import_default_modules()
    scheduled = ((f"beat: {key}", entry["task"]) for key, entry in app.conf.beat_schedule.items())
    handed = list(itertools.chain(names_handed_to_celery(), scheduled))
    assert len(handed) > len(app.conf.beat_schedule)
    assert [(where, name) for where, name in handed if name not in app.tasks] == []
