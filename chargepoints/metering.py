"""What a charge's meter really says: one pure function of registers and samples, which bills nothing impossible.

Energy is integer Wh, power W, times are aware datetimes. The rules are those of CSMS.md 4.3 (7, 8) and D11: the
difference of the registers where it can be true, else a proposal and a reason to look.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from chargepoints.choices import Hold

# A connector whose maximum nobody told; a dispenser of today gives no more.
MOST_W = 400_000
# Meters and clocks are not exact.
_TOLERANCE = 1.1
_SLACK_WH, _SLACK = 100, timedelta(seconds=60)
_LONGEST = timedelta(days=30)
_BEGIN, _END = "Transaction.Begin", "Transaction.End"


@dataclass(frozen=True, slots=True)
class Point:
    """The register (and power) at one moment; phases are summed already, None where nothing was told."""

    at: datetime
    register_wh: int | None = None
    power_w: int | None = None
    context: str = ""


@dataclass(frozen=True, slots=True)
class Metered:
    """A charge as far as its meter is concerned. `before` and `after` are the neighbours on the same connector:
    when the earlier one ended and at which register, when the later one began and at which."""

    started_at: datetime
    ended_at: datetime
    meter_start_wh: int | None
    meter_stop_wh: int | None
    points: Sequence[Point] = ()
    max_power_w: int | None = None
    before: tuple[datetime, int | None] | None = None
    after: tuple[datetime, int | None] | None = None
    was_charging: bool = True
    has_start: bool = True
    has_stop: bool = True

    def possible(self, begin: datetime, end: datetime) -> int:
        """The most Wh that the connector can have delivered between two moments."""
        hours = max((end - begin + _SLACK) / timedelta(hours=1), 0)
        return int((self.max_power_w or MOST_W) * hours * _TOLERANCE) + _SLACK_WH


@dataclass(frozen=True, slots=True)
class Held:
    """One reason to hold the bill, with both readings in words."""

    rule: Hold
    text: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """The energy of a charge. With `holds`, it must not be billed unseen; `proposed_wh` is what would be right.

    `curve` is cumulated Wh from (start, 0) to (end, energy_wh), rising; `idle_from` when the last energy flowed.
    `strategy`: register, samples (a register was missing), or none.
    """

    energy_wh: int
    curve: Sequence[tuple[datetime, int]]
    idle_from: datetime | None
    strategy: str
    holds: Sequence[Held] = ()
    proposed_wh: int | None = None
    proposed_why: str = ""


@dataclass(frozen=True, slots=True)
class _Series:
    """The registers in order, begin and end among them, and whether the points count from the charge's own zero."""

    begin: int | None
    end: int | None
    points: Sequence[tuple[datetime, int]]
    own_zero: bool


def judge(metered: Metered) -> Judged:
    """The energy, how it came over time, and every reason not to bill it."""
    series = _series(metered)
    begin, end = series.begin, series.end
    sound = begin is not None and end is not None and 0 <= begin <= end
    energy = end - begin if sound and begin is not None and end is not None else _last(series)
    # What cannot be true is shown, and never becomes the energy of the charge.
    possible = energy <= metered.possible(metered.started_at, metered.ended_at)
    holds = [*_whole(metered), *_registers(metered, series), *_neighbours(metered, series)]
    if not possible:
        holds.append(_too_much(metered, series, energy))
    if energy == 0 and metered.was_charging and not holds:
        holds.append(Held(Hold.ZERO_ENERGY, "The charger said that it was charging, and metered nothing.", _wh(begin)))
    energy = energy if possible else 0
    curve = _curve(metered, series, energy)
    judged = Judged(energy, curve, _idle_from(curve), "register" if sound else "samples" if energy else "none", holds)
    if not holds:
        return judged
    proposed, why = _proposal(metered, series, energy, {held.rule for held in holds})
    return replace(judged, proposed_wh=proposed, proposed_why=why)


def _series(metered: Metered) -> _Series:
    told: dict[datetime, tuple[int, str]] = {}
    for point in sorted(metered.points, key=lambda point: point.at):
        if point.register_wh is None or point.register_wh < 0:
            continue
        # Begin and End speak for themselves; of two others at one moment the first does (Growatt, CSMS.md 4.3, 8).
        if point.at not in told or point.context in {_BEGIN, _END}:
            told[point.at] = (point.register_wh, point.context)
    begin, end = metered.meter_start_wh, metered.meter_stop_wh
    marked = {context: register for register, context in told.values()}
    begin = marked.get(_BEGIN) if begin is None else begin
    end = marked.get(_END) if end is None else end
    inside = [
        (at, register)
        for at, (register, _) in told.items()
        if metered.started_at - _SLACK <= at <= metered.ended_at + _SLACK
    ]
    rising = all(low <= high for (_, low), (_, high) in pairwise(inside))
    own_zero = bool(inside) and begin is not None and begin > 0 and rising and inside[-1][1] < begin
    return _Series(begin, end, inside, own_zero)


def _last(series: _Series) -> int:
    """The energy last metered, where begin and end do not give it."""
    if not series.points:
        return 0
    last = series.points[-1][1]
    if series.own_zero:
        return last
    first = series.begin if series.begin is not None else series.points[0][1]
    return max(last - first, 0)


def _whole(metered: Metered) -> list[Held]:
    found = []
    if not metered.has_start:
        found.append(Held(Hold.UNKNOWN_START, "It was stopped, but its start never arrived."))
    if not metered.has_stop:
        found.append(Held(Hold.LOST_STOP, "Its stop never arrived; the energy is the last one metered."))
    if metered.ended_at < metered.started_at or metered.ended_at - metered.started_at > _LONGEST:
        text = "It ends before it begins." if metered.ended_at < metered.started_at else "It lasts more than 30 days."
        found.append(
            Held(Hold.BAD_CLOCK, text, f"{metered.started_at:%Y-%m-%d %H:%M}", f"{metered.ended_at:%Y-%m-%d %H:%M}")
        )
    return found


def _registers(metered: Metered, series: _Series) -> list[Held]:
    begin, end = series.begin, series.end
    if begin is None or end is None:
        which = "begin" if begin is None else "end"
        if not metered.has_stop or not metered.has_start:
            return []
        return [Held(Hold.MISSING_REGISTER, f"The register at the {which} is missing.", _wh(begin), _wh(end))]
    if end < begin or begin < 0:
        return [Held(Hold.NEGATIVE, f"The register fell from {_wh(begin)} to {_wh(end)}.", _wh(begin), _wh(end))]
    if series.own_zero:
        return []
    path = [begin, *(register for _, register in series.points), end]
    return [
        Held(Hold.NEGATIVE, f"The register fell from {_wh(high)} to {_wh(low)} during the charge.", _wh(high), _wh(low))
        for high, low in pairwise(path)
        if low < high
    ][:1]


def _neighbours(metered: Metered, series: _Series) -> list[Held]:
    found = []
    if metered.before is not None:
        ended, register = metered.before
        if ended > metered.started_at + _SLACK:
            text = "The charge before it on the connector ended after this one had begun."
            found.append(
                Held(Hold.OVERLAP, text, f"{ended:%Y-%m-%d %H:%M:%S}", f"{metered.started_at:%Y-%m-%d %H:%M:%S}")
            )
        elif register is not None and series.begin is not None and series.begin < register <= (series.end or 0):
            text = "It begins at a register below that at which the charge before it ended."
            found.append(Held(Hold.OVERLAP, text, _wh(register), _wh(series.begin)))
    if metered.after is not None and metered.after[0] < metered.ended_at - _SLACK:
        text = "The next charge of the connector began before this one had ended."
        began = metered.after[0]
        found.append(Held(Hold.OVERLAP, text, f"{metered.ended_at:%Y-%m-%d %H:%M:%S}", f"{began:%Y-%m-%d %H:%M:%S}"))
    return found


def _too_much(metered: Metered, series: _Series, energy: int) -> Held:
    most = metered.possible(metered.started_at, metered.ended_at)
    if not series.begin:
        text = f"It begins at 0 and ends at {_wh(series.end)}: that is the meter's total, not this charge."
        return Held(Hold.ODOMETER, text, _wh(series.begin), _wh(series.end))
    text = f"{_wh(energy)} in this time is more than the connector can deliver ({_wh(most)} at most)."
    return Held(Hold.TOO_FAST, text, _wh(series.begin), _wh(series.end))


def _proposal(metered: Metered, series: _Series, energy: int, rules: set[Hold]) -> tuple[int | None, str]:
    """What would be right, from the best evidence there is, and which that is."""
    most = metered.possible(metered.started_at, metered.ended_at)
    if energy and rules <= {Hold.OVERLAP, Hold.BAD_CLOCK}:
        overlap = (metered.before[1] if metered.before else None) or 0
        if series.begin is not None and series.end is not None and series.begin < overlap <= series.end:
            return series.end - overlap, "From the register at which the charge before it ended."
        return energy, "From its registers."
    candidates: list[tuple[int, str]] = []
    if not metered.has_stop and series.points:
        candidates.append((_last(series), "the last reading that arrived"))
    if series.own_zero:
        candidates.append((series.points[-1][1], "the charge's own count in its meter values"))
    if series.end is not None and series.begin is not None and 0 < series.end < series.begin:
        candidates.append((series.end, "the end alone: the charger counted this charge from zero"))
    candidates.append((_metered(metered, series), "the sum of what was metered"))
    if metered.before is not None and metered.before[1] is not None and series.end is not None:
        candidates.append((series.end - metered.before[1], "since the end of the charge before"))
    candidates.append((_from_power(metered), "the reported power over time"))
    for wh, why in candidates:
        if 0 < wh <= most:
            return wh, f"From {why}."
    return (energy, "From its registers.") if energy else (0, "Nothing shows that energy flowed.")


def _metered(metered: Metered, series: _Series) -> int:
    """What the register rose by from reading to reading, as far as each rise can be."""
    path = list(series.points)
    if series.begin is not None and not series.own_zero:
        path.insert(0, (metered.started_at, series.begin))
    if series.end is not None and not series.own_zero:
        path.append((metered.ended_at, series.end))
    rises = (
        (high - low, metered.possible(before, after)) for (before, low), (after, high) in pairwise(path) if high > low
    )
    return sum(rise for rise, most in rises if rise <= most)


def _from_power(metered: Metered) -> int:
    powers = [(point.at, point.power_w) for point in metered.points if point.power_w is not None]
    powers = sorted((at, watts) for at, watts in powers if metered.started_at <= at <= metered.ended_at)
    return int(
        sum(
            (low + high) / 2 * ((after - before) / timedelta(hours=1))
            for (before, low), (after, high) in pairwise(powers)
        )
    )


def _curve(metered: Metered, series: _Series, energy: int) -> list[tuple[datetime, int]]:
    start, end = metered.started_at, max(metered.ended_at, metered.started_at)
    base = 0 if series.own_zero else series.begin if series.begin is not None else _first(series)
    curve, reached = [(start, 0)], 0
    for at, register in series.points:
        reached = min(max(reached, register - base), energy)
        if curve[-1][0] < at < end:
            curve.append((at, reached))
    if end > start:
        curve.append((end, energy))
    return curve if end > start or not energy else [(start, energy)]


def _first(series: _Series) -> int:
    return series.points[0][1] if series.points else 0


def _idle_from(curve: Sequence[tuple[datetime, int]]) -> datetime | None:
    """The first reading at which all energy was there; what comes after it is idle, and nothing between is guessed."""
    end, energy = curve[-1]
    full = next((at for at, wh in curve[1:] if wh >= energy - max(10, energy // 1000)), end)
    return full if energy and full < end - _SLACK else None


def _wh(register: int | None) -> str:
    return "none" if register is None else f"{register} Wh"
