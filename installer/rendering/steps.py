"""The acceptance test of a charge point on the public page: its steps in their order, and what can be pressed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from installer.acceptance.plan import place_of
from installer.choices import StepState
from installer.models import AcceptanceStep

_MARKS = {
    StepState.PASSED: "done",
    StepState.SKIPPED: "done",
    StepState.FAILED: "bad",
    StepState.RUNNING: "now",
    StepState.TODO: "later",
}
_GLYPHS = {StepState.PASSED: "check", StepState.SKIPPED: "ban", StepState.FAILED: "triangle-alert"}


@dataclass(frozen=True, slots=True)
class StepView:
    """One step; `glyph` is empty where its number stands instead."""

    step: AcceptanceStep
    number: int
    title: str
    words: str
    mark: str
    glyph: str
    at: datetime | None
    can_again: bool


@dataclass(frozen=True, slots=True)
class TestPanel:
    """The test of one charge point. `start`: what the button says; empty while it runs."""

    steps: Sequence[StepView]
    passed: int
    is_running: bool
    start: str


def test_panel(steps: Iterable[AcceptanceStep]) -> TestPanel:
    """What the page shows of these steps."""
    ordered = sorted(steps, key=lambda step: place_of(step.kind, step.connector_number))
    running = any(step.is_under_way for step in ordered)
    states = {step.state for step in ordered}
    begun = states - {StepState.TODO}
    undone = states & {StepState.TODO, StepState.FAILED}
    start = "Test everything again" if not undone else "Go on with the test" if begun else "Start the test"
    return TestPanel(
        steps=[_view(number, step) for number, step in enumerate(ordered, 1)],
        passed=sum(step.state == StepState.PASSED for step in ordered),
        is_running=running,
        start="" if running else start,
    )


def _view(number: int, step: AcceptanceStep) -> StepView:
    state = StepState(step.state)
    title = step.get_kind_display()
    if step.connector_number:
        title += f", connector {step.connector_number}"
    words = f"Left out: {step.skip_reason}" if state is StepState.SKIPPED else step.evidence
    return StepView(
        step=step,
        number=number,
        title=title,
        words=words,
        mark=_MARKS[state],
        glyph=_GLYPHS.get(state, ""),
        at=step.ended_at if state in {StepState.PASSED, StepState.FAILED} else None,
        can_again=state in {StepState.FAILED, StepState.SKIPPED},
    )
