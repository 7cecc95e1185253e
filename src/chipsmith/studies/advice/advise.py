"""From a network's program on a chip to its advice: what it spends, and what the changes give that were simulated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chipsmith.chip import Chip, catalogue, load_chip
from chipsmith.costs import DEFAULT_VOLUME
from chipsmith.program.program import Program
from chipsmith.studies.advice.channel_names import ChannelNames
from chipsmith.studies.advice.chip_changes import CLOCK, Ladder, change_chip, growing_ladders, shrinking_ladders
from chipsmith.studies.advice.diagnose import diagnose
from chipsmith.studies.advice.network_changes import narrower, wider
from chipsmith.studies.advice.record import (
    LEAST_GAIN,
    AdviceRecord,
    ChannelChange,
    FieldChange,
    InferenceFigures,
    Remedy,
    RemedyKind,
    Subject,
)
from chipsmith.studies.advice.trials import PairTrials
from chipsmith.tosa.graph import Graph

_COMBINED = 3
"""Remedies that are tried together at most."""


def advise(
    graph: Graph,
    program: Program,
    *,
    subject: Subject,
    operator_names: Mapping[str, str],
    volume: int = DEFAULT_VOLUME,
) -> AdviceRecord:
    """The diagnosis of a program, with what helps it: each change of its chip or of its graph is simulated.

    `program` is that of the graph on its chip, without a wipe; `operator_names` are the author's names by those of the
    graph's operators.
    """
    record = diagnose(program, subject=subject, volume=volume)
    study = _Study(
        chip=program.chip,
        names=ChannelNames(graph, operator_names),
        record=record,
        trials=PairTrials(graph, volume=volume),
        before=record.figures,
    )
    remedies, savings = _undominated(_ranked(study.remedies())), _ranked(study.savings())
    return replace(
        record,
        remedies=remedies,
        together=study.together(remedies),
        networks=_ranked(study.narrower()),
        room=tuple(study.wider()),
        savings=savings,
        smaller=study.smaller(savings),
        chips=tuple(study.other_chips()),
        simulated=study.trials.simulated,
    )


_Accepts = Callable[[InferenceFigures, InferenceFigures], bool]


@dataclass(frozen=True, kw_only=True)
class _Study:
    """The changes of one pair of network and chip."""

    chip: Chip
    names: ChannelNames
    record: AdviceRecord
    trials: PairTrials
    before: InferenceFigures

    def remedies(self) -> Iterator[Remedy]:
        """Fields of the chip that help, at most one change of the same fields: the best."""
        by_fields: dict[frozenset[str], list[Remedy]] = {}
        for ladder in growing_ladders(self.chip):
            for best in _best(filter(self._helps, self._climb(ladder))):
                remedy = self._least(best)
                if self._helps(remedy):
                    by_fields.setdefault(frozenset(_changed(remedy)), []).append(remedy)
        for remedies in by_fields.values():
            yield from _best(remedies)

    def together(self, remedies: Sequence[Remedy]) -> Remedy | None:
        """The best of the remedies at once, where this is worth more than each alone; None where it is not."""
        chosen: list[Remedy] = []
        for remedy in remedies:
            if remedy.score > 0 and all(_apart(remedy, other) for other in chosen):
                chosen.append(remedy)
        joined = (self._join(chosen[:count]) for count in range(2, min(_COMBINED, len(chosen)) + 1))
        best = max(filter(None, joined), key=lambda remedy: remedy.score, default=None)
        return best if best is not None and best.score > chosen[0].score else None

    def narrower(self) -> Iterator[Remedy]:
        """Layers that help with fewer channels, each with the best number of them."""
        by_layer: dict[str, list[Remedy]] = {}
        for change in narrower(self.names, self.record.layers, self.chip):
            remedy = self._with_channels(change)
            if remedy is not None and self._helps(remedy):
                by_layer.setdefault(change.layer, []).append(remedy)
        for remedies in by_layer.values():
            yield from _best(remedies)

    def wider(self) -> Iterator[Remedy]:
        """Layers that may be wider at no loss."""
        for change in wider(self.names, self.record.layers, self.chip):
            remedy = self._with_channels(change)
            if remedy is not None and _loses_nothing(self.before, remedy.after):
                yield remedy

    def savings(self) -> Iterator[Remedy]:
        """What of the chip may go at no loss: of each sort the most."""
        for ladder in shrinking_ladders(self.chip):
            steps = [step for step in self._climb(ladder, goes_on=_loses_nothing) if _saves(self.before, step.after)]
            yield from steps[-1:]

    def smaller(self, savings: Sequence[Remedy]) -> Remedy | None:
        """All savings at once, where they lose nothing together either."""
        remedy = self._join(savings) if len(savings) > 1 else None
        return remedy if remedy is not None and _loses_nothing(self.before, remedy.after) else None

    def other_chips(self) -> Iterator[Remedy]:
        """The other chips of the catalogue that run the network, whatever they gain and cost."""
        for chip in map(load_chip, catalogue()):
            after = None if chip.sha256 == self.chip.sha256 else self.trials.figures(chip)
            if after is not None:
                yield self._remedy(RemedyKind.CATALOGUE, after, chip=chip.name)

    def _helps(self, remedy: Remedy) -> bool:
        """Whether time or energy falls by more than LEAST_GAIN, and their product neither cold nor warm rises so."""
        products, fallen = _products(self.before, remedy.after), gains(self.before, remedy.after)
        named = max(share for name, share in fallen.items() if name not in _SILICON)
        return named > LEAST_GAIN and max(products) > LEAST_GAIN and min(products) >= -LEAST_GAIN

    def _climb(self, ladder: Ladder, *, goes_on: _Accepts | None = None) -> Iterator[Remedy]:
        """The steps of a ladder, up to the first that does no more than that before."""
        last = self.before
        for step in ladder.steps:
            remedy = self._with_fields(step, fastest=CLOCK in step)
            if remedy is None:
                continue
            if goes_on is not None and not goes_on(self.before, remedy.after):
                return
            yield remedy
            if goes_on is None and not ladder.patient and max(_products(last, remedy.after)) <= LEAST_GAIN:
                return
            last = remedy.after

    def _least(self, remedy: Remedy) -> Remedy:
        """A remedy of several fields without the first of them, where this gains as much: that is not what helps."""
        fields = {change.path: change.after for change in remedy.fields if change.path != CLOCK}
        if len(fields) < 2:
            return remedy
        less = self._with_fields(dict(list(fields.items())[1:]))
        return less if less is not None and less.gain > remedy.gain - LEAST_GAIN else remedy

    def _with_fields(self, fields: Mapping[str, str], *, fastest: bool = False) -> Remedy | None:
        changed = change_chip(self.chip, fields, fastest=fastest)
        after = None if changed is None else self.trials.figures(changed.chip)
        if changed is None or after is None:
            return None
        return self._remedy(RemedyKind.CHIP, after, fields=self._field_changes(changed.fields), slowed=changed.slowed)

    def _with_channels(self, *changes: ChannelChange) -> Remedy | None:
        after = self.trials.figures(self.chip, changes)
        return None if after is None else self._remedy(RemedyKind.NETWORK, after, channels=changes)

    def _join(self, remedies: Sequence[Remedy]) -> Remedy | None:
        fields = {change.path: change.after for remedy in remedies for change in remedy.fields if change.path != CLOCK}
        fastest = any([change.path for change in remedy.fields] == [CLOCK] for remedy in remedies)
        changed = change_chip(self.chip, fields, fastest=fastest)
        channels = tuple(change for remedy in remedies for change in remedy.channels)
        after = None if changed is None else self.trials.figures(changed.chip, channels)
        if changed is None or after is None:
            return None
        return self._remedy(
            RemedyKind.TOGETHER,
            after,
            fields=self._field_changes(changed.fields),
            channels=channels,
            slowed=changed.slowed,
        )

    def _field_changes(self, fields: Mapping[str, str]) -> tuple[FieldChange, ...]:
        return tuple(
            FieldChange(path=path, before=_read(self.chip, path), after=value) for path, value in fields.items()
        )

    def _remedy(
        self,
        kind: RemedyKind,
        after: InferenceFigures,
        *,
        fields: tuple[FieldChange, ...] = (),
        channels: tuple[ChannelChange, ...] = (),
        chip: str = "",
        slowed: bool = False,
    ) -> Remedy:
        gain = max(_products(self.before, after))
        paid = max(after.area_mm2 / self.before.area_mm2, after.chip_usd / self.before.chip_usd)
        return Remedy(
            kind=kind,
            fields=fields,
            channels=channels,
            chip=chip,
            slowed=slowed,
            after=after,
            gain=gain,
            score=1 - (1 - gain) * paid,
        )


def gains(before: InferenceFigures, after: InferenceFigures) -> dict[str, float]:
    """By which share each figure falls, by its name; negative where it rises."""
    names = ("cold_us", "warm_us", "cold_uj", "warm_uj", "area_mm2", "chip_usd")
    return {name: 1 - getattr(after, name) / getattr(before, name) for name in names}


def _products(before: InferenceFigures, after: InferenceFigures) -> tuple[float, float]:
    """By which share the product of time and energy falls, cold and warm."""
    return (
        1 - after.cold_us * after.cold_uj / (before.cold_us * before.cold_uj),
        1 - after.warm_us * after.warm_uj / (before.warm_us * before.warm_uj),
    )


def _ranked(remedies: Iterable[Remedy]) -> tuple[Remedy, ...]:
    return tuple(sorted(remedies, key=lambda remedy: -remedy.score))


def _undominated(remedies: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
    """Without those beside which another changes some of the same, does as much and costs less."""
    return tuple(
        remedy for remedy in remedies if not any(_dominates(other, remedy) for other in remedies if other is not remedy)
    )


def _dominates(remedy: Remedy, other: Remedy) -> bool:
    if _apart(remedy, other):
        return False
    saved = gains(other.after, remedy.after)
    as_good = all(share >= -_SAME for name, share in saved.items() if name not in _SILICON)
    return as_good and min(saved[name] for name in _SILICON) >= 0 and max(saved[name] for name in _SILICON) > 0


_SAME = 0.005
"""Figures that differ by less than this share are as good."""
_SILICON = ("area_mm2", "chip_usd")


def _loses_nothing(before: InferenceFigures, after: InferenceFigures) -> bool:
    fallen = gains(before, after)
    return all(share >= -LEAST_GAIN for name, share in fallen.items() if name not in _SILICON)


def _saves(before: InferenceFigures, after: InferenceFigures) -> bool:
    return any(gains(before, after)[name] > LEAST_GAIN for name in _SILICON)


def _best(remedies: Iterable[Remedy]) -> tuple[Remedy, ...]:
    best = max(remedies, key=lambda remedy: remedy.score, default=None)
    return () if best is None else (best,)


def _apart(remedy: Remedy, other: Remedy) -> bool:
    """Whether two remedies change no field and no layer both; a clock that others bring with them does not count."""
    return not _changed(remedy) & _changed(other)


def _changed(remedy: Remedy) -> set[str]:
    names = {change.path for change in remedy.fields} | {change.layer for change in remedy.channels}
    return names if names == {CLOCK} else names - {CLOCK}


def _read(chip: Chip, path: str) -> str:
    value: object = chip
    for name in path.split("."):
        value = getattr(value, name)
    return str(value)
