"""What every operation can answer besides its own shape; the description and the type checker read it."""

from pydantic import BaseModel

from chargepoints.api.problems import Problem

Answers = dict[int, type[BaseModel]]


def answers(shape: type[BaseModel], *more: int, good: int = 200) -> Answers:
    """`shape` for `good`, and problems for what each operation can meet, and for `more` (403, 404)."""
    return {good: shape} | dict.fromkeys(sorted({401, 422, 429, 500, *more}), Problem)
