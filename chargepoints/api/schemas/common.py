"""Parts of all shapes: optional text, words of a list, cursors, pages."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from django.http import HttpRequest
from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic.annotated_handlers import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from chargepoints.api.problems import FieldProblem, Unprocessable
from chargepoints.selectors.api_pages import Mark

LARGEST_ID = 2**62
LARGEST_PAGE = 200


class OneOf:
    """One of these words; the schema names them all."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = [word for word in words if word]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Exactly these strings."""
        return core_schema.literal_schema(self.words)


def _null_if_empty(value: object) -> object:
    return value or None


# The database keeps "" where nothing was told; a program is told null.
Text = Annotated[str | None, BeforeValidator(_null_if_empty)]


def _without_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("A text cannot contain the character NUL")
    return value


Search = Annotated[str, BeforeValidator(_without_nul), Field(max_length=100)]


After = Annotated[int, Field(ge=0, le=LARGEST_ID, description="The id after which the page begins; see `next`.")]
AfterMark = Annotated[
    str,
    Field(
        max_length=40,
        pattern=r"^\d{1,17}-\d{1,18}$",
        description="Where the page before ended; see `next`.",
        examples=["1763633523114000-9001"],
    ),
]
Limit = Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="How many at most.", examples=[50])]


def mark_of(text: str | None) -> Mark | None:
    """The mark that a valid `AfterMark` stands for."""
    return Mark.read(text) if text else None


class Asked(BaseModel):
    """Parameters of a query."""

    @model_validator(mode="before")
    @classmethod
    def known(cls, data: Any, info: ValidationInfo) -> Any:
        """Raises Unprocessable for names that the operation does not know."""
        request = (info.context or {}).get("request")
        if isinstance(request, HttpRequest):
            _known_only(request, sorted(cls.model_fields))
        return data


def asked_nothing(request: HttpRequest) -> None:
    """Raises Unprocessable if there are parameters."""
    _known_only(request, [])


def _known_only(request: HttpRequest, names: Sequence[str]) -> None:
    """A parameter that does not exist is a mistake and not ignored: with a typo in its name, a filter finds all."""
    wrong = sorted(set(request.GET) - set(names))
    if wrong:
        told = f"There is no such parameter. Known: {', '.join(names) or 'none'}."
        raise Unprocessable([FieldProblem(location="query", field=name, message=told) for name in wrong])


class AskedPage(Asked):
    """A page by time."""

    after: AfterMark | None = None
    limit: Limit = 50


class Named(BaseModel):
    """A thing by its id and name."""

    id: int = Field(description="Its id.", examples=[7])
    name: str = Field(description="Its name.", examples=["Operations desk"])


NEXT = "The address of the next page; null on the last one."


def next_page(request: HttpRequest, **cursor: object) -> str:
    """The address of this list with another cursor."""
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in cursor.items():
        query[name] = str(value)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
