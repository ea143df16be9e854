"""Plain statements: arrays and COPY lines say what was meant, and plans are kept where that was asked for."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from chargepoints import sql

TEXTS = ["", "\\N", "NULL", "a\tb", "a\nb\r", "\\.", '"quoted"', "{1,2}", "back\\slash\\", "comma, and 'quote'", "ü 🔌"]
pytestmark = pytest.mark.django_db


def unnested(kind: str, values: list[object]) -> list[object]:
    """What PostgreSQL understands of a list."""
    return [row[0] for row in sql.rows(f"SELECT v FROM unnest(%s::{kind}[]) AS v", values)]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", list(TEXTS)),
        ("text", [*TEXTS, None]),
        ("text", ["plain", "words"]),
        ("bigint", [1, -2, 2**62]),
        ("bigint", [1, None]),
        ("timestamptz", [datetime(2030, 1, 2, 3, 4, 5, 6, UTC)]),
        ("timestamptz", [None, datetime(2030, 1, 2, tzinfo=UTC)]),
        ("int", []),
    ],
)
def test_arrays(kind: str, values: list[object]) -> None:
    assert unnested(kind, values) == values


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))))
def test_any_text_in_an_array(values: list[str]) -> None:
    told = sql.array(values)
    assert told.count("{") >= 1
    assert unnested("text", [*values]) == values


def test_copy() -> None:
    """Whatever a charger writes arrives as it was; NUL is replaced, which PostgreSQL's text refuses."""
    sql.execute("CREATE TEMP TABLE copied (number int, one text, two text) ON COMMIT DROP")
    lines = [f"{number}\t{sql.columns(text, TEXTS[-number])}" for number, text in enumerate(TEXTS)]
    sql.copy("COPY copied FROM STDIN", [*lines, f"{sql.NULL}\t{sql.columns('nul ' + chr(0), 'x')}"])
    found = sql.rows("SELECT number, one, two FROM copied ORDER BY number NULLS LAST")
    assert found == [*((n, text, TEXTS[-n]) for n, text in enumerate(TEXTS)), (None, "nul \ufffd", "x")]


@pytest.fixture
def fresh(transactional_db: None) -> Iterator[None]:
    """A connection of its own for this test."""
    connection.close()
    yield
    connection.close()


def prepared() -> int:
    """How many plans the present connection keeps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement NOT LIKE '%%pg_prepared%%'")
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("fresh")
def test_plans_are_kept_where_asked_for() -> None:
    assert sql.rows("SELECT %s::int + 1", 1) == [(2,)]
    assert prepared() == 0
    for _ in range(2):
        sql.keep_plans()
        with transaction.atomic():
            assert [sql.rows("SELECT %s::int + 1", number) for number in (1, 2)] == [[(2,)], [(3,)]]
    assert prepared() == 1
    assert sql.rows("SHOW enable_seqscan") == [("off",)]
    connection.close()
    assert prepared() == 0
    sql.keep_plans()
    assert sql.rows("SHOW enable_seqscan") == [("off",)]


@pytest.mark.usefixtures("fresh")
def test_not_in_the_middle_of_a_transaction() -> None:
    """Its end could take the settings back."""
    with transaction.atomic():
        sql.keep_plans()
        sql.rows("SELECT %s::int + 1", 1)
    assert prepared() == 0


@pytest.mark.usefixtures("fresh")
def test_a_table_that_changed_is_planned_anew() -> None:
    """A migration beside a running gateway costs one failed statement, not all that follow."""
    sql.execute("CREATE TABLE changing (name varchar(10))")
    try:
        sql.keep_plans()
        assert sql.rows("SELECT name FROM changing WHERE name = %s", "x") == []
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("ALTER TABLE changing ALTER name TYPE varchar(20)")
        other.close()
        with pytest.raises(Exception, match="cached plan"), transaction.atomic():
            sql.rows("SELECT name FROM changing WHERE name = %s", "x")
        assert sql.rows("SELECT name FROM changing WHERE name = %s", "x") == []
    finally:
        sql.execute("DROP TABLE changing")
