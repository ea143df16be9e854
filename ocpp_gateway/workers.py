"""Questions to the database from the event loop, many at a time, each kind on a thread of its own."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

Q = TypeVar("Q")
A = TypeVar("A")


# Statements of `chargepoints.sql` fail with psycopg's own errors, those of the ORM with Django's.
AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


_CONFLICTS = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


def is_conflict(error: BaseException) -> bool:
    """Two transactions stood in each other's way and this one was chosen to end: the database is not away."""
    return isinstance(error, _CONFLICTS) or isinstance(error.__cause__, _CONFLICTS)


class DatabaseAwayError(Exception):
    """PostgreSQL did not answer; try again later."""


def guarded(function: Callable[[Sequence[Q]], A]) -> Callable[[Sequence[Q]], A]:
    """`function` with its thread's connection dropped after an error, so that the next call starts afresh.

    A connection that broke while nobody looked, by a restart of the database, costs no answer: it is made anew.
    """

    def call(questions: Sequence[Q]) -> A:
        try:
            try:
                return function(questions)
            except AWAY:
                connection.close()
                return function(questions)
        except (DatabaseError, InterfaceError, psycopg.Error) as error:
            connection.close()
            raise DatabaseAwayError(str(error)) from error

    return call


class Asker(Generic[Q, A]):
    """Collects what is asked while a question is on its way, and asks it all at once.

    A storm of a thousand handshakes costs a handful of queries this way.
    """

    def __init__(self, name: str, function: Callable[[Sequence[Q]], Sequence[A]], *, most: int = 500) -> None:
        self._function = guarded(function)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._task: asyncio.Task[None] | None = None
        self._most = most

    async def ask(self, question: Q) -> A:
        """The answer to one question. Raises DatabaseAwayError."""
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                questions = [question for question, _ in batch]
                answers = await loop.run_in_executor(self._thread, self._function, questions)
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), answer in zip(batch, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)
        self._task = None
