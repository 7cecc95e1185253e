"""An advice in sentences: where an inference spends what it takes, what would help, and the command that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from chipsmith.costs import DEFAULT_VOLUME
from chipsmith.profile.critical_path import Bound
from chipsmith.profile.kernels import REST
from chipsmith.profile.layer_costs import ArrayUse, LayerCost
from chipsmith.reports.headline import percent, significant
from chipsmith.studies.advice.record import (
    LEAST_GAIN,
    AdviceRecord,
    ChannelChange,
    FieldChange,
    InferenceFigures,
    Remedy,
    RemedyKind,
)
from chipsmith.units import count_things

BOUND_WORDS: Mapping[Bound, str] = {
    Bound.ARRAY: "the array",
    Bound.WEIGHT_LOADS: "weights that go into the array",
    Bound.MULTIPLIERS: "the multiplier lanes",
    Bound.LANES: "the vector lanes",
    Bound.TABLE_LANES: "the table lanes",
    Bound.BEATS: "vector beats with empty lanes",
    Bound.STEPS: "set-up of short steps",
    Bound.EXTERNAL: "the external memory",
    Bound.STORES: "stores",
    Bound.START: "start-up, the first instructions",
    Bound.PAGES: "further instructions",
    Bound.ISSUE: "the sequencer",
}
"""What cycles go on, as a sentence says it."""

_TITLES: Mapping[str, tuple[str, str]] = {
    "clock_mhz": ("a faster clock", "a slower clock"),
    "external.bytes_per_cycle": ("a wider external bus", "a narrower external bus"),
    "tensor.columns": ("more columns", "fewer columns"),
    "tensor.rows": ("more rows", "fewer rows"),
    "tensor.tile_pixels": ("larger accumulator tiles", "smaller accumulator tiles"),
    "vector.lanes": ("more vector lanes", "fewer vector lanes"),
    "vector.multiplier_lanes": ("more multiplier lanes", "fewer multiplier lanes"),
    "vector.table_lanes": ("more table lanes", "fewer table lanes"),
    "memory.groups": ("more on-chip memory", "less on-chip memory"),
    "memory.group_bytes": ("more on-chip memory", "less on-chip memory"),
    "instructions.page_instructions": ("longer instruction pages", "shorter instruction pages"),
    "technology.voltage_v": ("a higher supply", "a lower supply"),
}
"""What a field's change is called, upwards and downwards."""
_FIRST_WORDS = frozenset(title.partition(" ")[0] for titles in _TITLES.values() for title in titles)
_SHOWN = 3
"""Parts of a whole, and layers, that a sentence names."""
_LARGE = 0.1
"""A layer is named where it has this share of the time or of the energy."""
_MAIN = 0.3
"""A layer with this share stands for the whole in a sentence."""
_FULL = 0.9
"""An array that is filled more than so needs no word."""
_SEEN = 0.0005
"""A smaller change is none that a figure with three digits shows."""
_APART = 0.02
"""A warm inference is told of where its gain differs from the cold one's by more."""
UNTRAINED = "what it answers then is not known: train it again"


def name_subject(advice: AdviceRecord) -> str:
    """What was looked at: 'digits on edge-256', with the channels that were set before."""
    changed = f", with {', '.join(advice.subject.channels)} channels" if advice.subject.channels else ""
    return f"{advice.network} on {advice.chip}{changed}"


def closing_sentences(advice: AdviceRecord) -> tuple[str, ...]:
    """The sentences that say most: on the time, on the energy, and on what helps, of the chip and of the network."""
    slow = max((layer.cycles for layer in _kernels(advice)), default=0) >= _MAIN * advice.figures.cold_cycles
    dear = max((layer.total_pj for layer in _kernels(advice)), default=0) >= _MAIN * sum(advice.energy_pj().values())
    time = next(_slow_layers(advice)) if slow else _time(advice)
    energy = next(_dear_layers(advice)) if dear else _energy(advice)
    return tuple(filter(None, (time, energy, *_first_helps(advice))))


def diagnosis_sentences(advice: AdviceRecord) -> tuple[str, ...]:
    """Where time, energy and bytes go, and what bounds the layers that have most of them."""
    return (
        _time(advice),
        *_slow_layers(advice),
        _energy(advice),
        *_dear_layers(advice),
        *_poor_fills(advice),
        *_spills(advice),
        *_wipe(advice),
    )


def warm_sentence(advice: AdviceRecord) -> str:
    """What an inference gains that finds its weights on the chip; empty where that is not LEAST_GAIN."""
    before = advice.figures
    share = 1 - LEAST_GAIN
    if before.warm_us >= share * before.cold_us and before.warm_uj >= share * before.cold_uj:
        return ""
    kept = sum(layer.external_bytes - layer.warm_bytes for layer in advice.layers)
    return (
        f"Stay warm: {_bytes(kept)} that the chip keeps are not read again where it stays on between inferences: "
        f"{_change(before.cold_us, before.warm_us, 'µs')}, {_change(before.cold_uj, before.warm_uj, 'µJ')}."
    )


NO_NETWORK = "What would help is not simulated: that needs the network itself, and only its program is here."


def nothing_helps(advice: AdviceRecord) -> str:
    """That none of the changes is worth its name."""
    return (
        f"None of {advice.simulated} simulated changes lowers time or energy by more than "
        f"{percent(LEAST_GAIN, 0)}: network and chip go well together."
    )


# --- where it goes ----------------------------------------------------------------------------------------------------


def _time(advice: AdviceRecord) -> str:
    figures = advice.figures
    cold = _shares({BOUND_WORDS[bound]: cycles for bound, cycles in advice.path_cycles().items()})
    text = f"Time: {significant(figures.cold_us)} µs cold ({figures.cold_cycles:,} cycles, simulated), of which {cold}"
    if _same(figures.warm_us, figures.cold_us):
        return f"{text}; warm the same."
    warm = _shares({BOUND_WORDS[bound]: cycles for bound, cycles in advice.path_cycles(warm=True).items()})
    return f"{text}; {significant(figures.warm_us)} µs warm, of which {warm}."


def _energy(advice: AdviceRecord) -> str:
    figures = advice.figures
    cold = _shares(advice.energy_pj())
    text = f"Energy: {significant(figures.cold_uj)} µJ cold (estimated), of which {cold}"
    if _same(figures.warm_uj, figures.cold_uj):
        return f"{text}; warm the same."
    return f"{text}; {significant(figures.warm_uj)} µJ warm, of which {_shares(advice.energy_pj(warm=True))}."


def _slow_layers(advice: AdviceRecord) -> Iterator[str]:
    whole = advice.figures.cold_cycles
    for layer in sorted(_kernels(advice), key=lambda layer: -layer.cycles)[:_SHOWN]:
        if layer.cycles < _LARGE * whole:
            return
        bound = max(layer.path_cycles, key=lambda each: layer.path_cycles[each])
        yield (
            f"{layer.label} takes {_share(layer.cycles, whole)} of the cold time: "
            f"{_part(layer.path_cycles[bound], layer.cycles)} cycles on the critical path go on {BOUND_WORDS[bound]}"
            f"{_bound_note(advice, layer, bound)}."
        )


def _part(cycles: int, whole: int) -> str:
    return f"all its {whole:,}" if cycles == whole else f"{cycles:,} of its {whole:,}"


def _bound_note(advice: AdviceRecord, layer: LayerCost, bound: Bound) -> str:
    sizes = advice.sizes
    if bound is Bound.EXTERNAL:
        return f", which moves its {_bytes(layer.external_bytes)} at {sizes.bytes_per_cycle} bytes a cycle"
    if bound is Bound.WEIGHT_LOADS:
        return ": each weight is used for so few pixels that the next ones do not arrive in time"
    if bound is Bound.ARRAY and layer.array is not None:
        return f", which does {percent(layer.array.macs, 0)} of the multiply-accumulates of a full one"
    return ""


def _dear_layers(advice: AdviceRecord) -> Iterator[str]:
    whole = sum(advice.energy_pj().values())
    for layer in sorted(_kernels(advice), key=lambda layer: -layer.total_pj)[:_SHOWN]:
        if layer.total_pj < _LARGE * whole:
            return
        main = max(layer.energy_pj, key=lambda component: layer.energy_pj[component])
        part = _share(layer.energy_pj[main], layer.total_pj)
        yield (
            f"{layer.label} takes {_share(layer.total_pj, whole)} of the energy, {part} of it in the {main}"
            f"{_bytes_note(layer)}."
        )


def _bytes_note(layer: LayerCost) -> str:
    if not layer.external_bytes:
        return ""
    kept = layer.external_bytes - layer.warm_bytes
    joules = f"{significant(layer.total_pj / 1e6)} → {significant(layer.warm_pj / 1e6)} µJ"
    text = f": its {_bytes(layer.external_bytes)} are moved once an inference"
    if layer.warm_bytes <= (1 - _FULL) * layer.external_bytes:
        return f"{text}; warm, they stay on the chip: {joules}"
    if kept:
        return f"{text}; warm, {_bytes(kept)} of them stay on the chip: {joules}"
    return f"{text}, warm too: none of its weights stay on the chip"


def _poor_fills(advice: AdviceRecord) -> Iterator[str]:
    """Layers that fill the array badly and hold it for long; those that are alike together."""
    whole = sum(layer.busy_cycles for layer in _kernels(advice))
    alike: dict[str, list[LayerCost]] = {}
    for layer in _kernels(advice):
        if layer.array is not None and (layer.array.columns < _FULL or layer.array.rows < _FULL):
            alike.setdefault(_fill(advice, layer.array), []).append(layer)
    ranked = sorted(alike.items(), key=lambda item: -sum(layer.busy_cycles for layer in item[1]))
    for fill, layers in ranked[:_SHOWN]:
        busy_cycles = sum(layer.busy_cycles for layer in layers)
        if busy_cycles >= LEAST_GAIN * whole or len(ranked) == 1:
            names = ", ".join(layer.label for layer in layers[:_SHOWN])
            more = f" and {len(layers) - _SHOWN} more" if len(layers) > _SHOWN else ""
            yield f"{names}{more}: {fill}."


def _fill(advice: AdviceRecord, use: ArrayUse) -> str:
    sizes, parts = advice.sizes, []
    if use.depthwise:
        parts.append(
            f"depthwise, each column sums over {use.reduced} taps of its own channel: {use.reduced} of {sizes.rows} "
            "rows work"
        )
    elif use.rows < _FULL:
        run = count_things(use.reduced, "value")
        parts.append(f"runs of {run} fill {percent(use.rows, 0)} of the {sizes.rows} rows")
    if use.columns < _FULL:
        channels = count_things(use.channels, "output channel")
        fill = "fills" if use.channels == 1 else "fill"
        parts.append(f"{channels} {fill} {percent(use.columns, 0)} of the {sizes.columns} columns")
    return "; ".join(parts)


def _spills(advice: AdviceRecord) -> Iterator[str]:
    if advice.spilled_bytes:
        yield (
            f"{_bytes(advice.spilled_bytes)} of activations go out to external memory and come back in an inference: "
            f"the {_bytes(advice.sizes.memory_bytes)} on the chip do not hold them."
        )


def _wipe(advice: AdviceRecord) -> Iterator[str]:
    if advice.wipe_cycles:
        yield f"The wipe behind each inference, {advice.wipe_cycles:,} cycles, is in none of these figures."


# --- what helps -------------------------------------------------------------------------------------------------------


def _first_helps(advice: AdviceRecord) -> Iterator[str]:
    """What helps most, of the chip and of the network: the one costs silicon, the other a training and answers."""
    if not advice.simulated:
        yield warm_sentence(advice)
        return
    chip, network = advice.together or next(iter(advice.remedies), None), next(iter(advice.networks), None)
    if chip is None and network is None:
        yield nothing_helps(advice)
    tried = f"Best of {advice.simulated} simulated changes"
    if chip is not None:
        figures = ", ".join((*_figure_parts(advice.figures, chip.after), *_price_parts(advice.figures, chip.after)))
        yield f"{tried}, of the chip: {', '.join(map(_field_text, chip.fields))}: {figures}."
    if network is not None:
        lead = "Of" if chip is not None else f"{tried}, of"
        figures = ", ".join(_figure_parts(advice.figures, network.after))
        yield f"{lead} the network, then trained again: {title(network)}: {figures}."


def remedy_sentence(advice: AdviceRecord, remedy: Remedy) -> str:
    """A remedy and its figures before and after, with what it costs."""
    parts = [*_gain_parts(advice.figures, remedy.after), *_price_parts(advice.figures, remedy.after)]
    return f"{capitalise(title(remedy))}: {', '.join(parts)}{''.join(f'; {note}' for note in notes(advice, remedy))}."


def capitalise(text: str) -> str:
    """A text whose first letter is a capital, where it begins with a word of ours and not with a layer's name."""
    ours = text.partition(" ")[0] in _FIRST_WORDS
    return text[:1].upper() + text[1:] if ours else text


def title(remedy: Remedy) -> str:
    """What a remedy changes: 'a wider external bus (external.bytes_per_cycle 8 → 16)'."""
    if remedy.kind is RemedyKind.CATALOGUE:
        return f"chip {remedy.chip}"
    words = [_layer_words(change) for change in remedy.channels]
    wanted = [change for change in remedy.fields if not (remedy.slowed and change.path == "clock_mhz")]
    names = dict.fromkeys(_field_words(change) for change in wanted)
    if names:
        fields = ", ".join(map(_field_text, wanted))
        words.append(f"{_enumerate(list(names))} ({fields})")
    return ", ".join(words)


def _enumerate(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _layer_words(change: ChannelChange) -> str:
    tied = f", with {_enumerate(change.tied)} whose channels are the same," if change.tied else ""
    if change.after > change.before:
        return f"room for {change.after:,} channels instead of {change.before:,} in {change.label}{tied.rstrip(',')}"
    return f"{change.label}{tied} with {change.after:,} channels instead of {change.before:,}"


def _field_text(change: FieldChange) -> str:
    return f"{change.path} {change.before} → {change.after}"


def _field_words(change: FieldChange) -> str:
    up, down = _TITLES.get(change.path, (change.path, change.path))
    return up if float(change.after) > float(change.before) else down


def figure_texts(before: InferenceFigures, after: InferenceFigures) -> dict[str, str]:
    """All figures, before and after, by what they are, such as '31.3 → 24.6 µs (−21 %)' by 'time, cold'."""
    return {
        "time, cold": _change(before.cold_us, after.cold_us, "µs"),
        "time, warm": _change(before.warm_us, after.warm_us, "µs"),
        "energy, cold": _change(before.cold_uj, after.cold_uj, "µJ"),
        "energy, warm": _change(before.warm_uj, after.warm_uj, "µJ"),
        "core area": _change(before.area_mm2, after.area_mm2, "mm²"),
        "price": _change(before.chip_usd, after.chip_usd, "USD"),
        "clock": f"{after.clock_mhz} of {after.max_clock_mhz:.0f} MHz",
    }


def _gain_parts(before: InferenceFigures, after: InferenceFigures) -> Iterator[str]:
    cold = {"µs": (before.cold_us, after.cold_us), "µJ": (before.cold_uj, after.cold_uj)}
    warm = {"µs": (before.warm_us, after.warm_us), "µJ": (before.warm_uj, after.warm_uj)}
    for unit, (old, new) in cold.items():
        yield _change(old, new, unit)
        was, then = warm[unit]
        if abs(then / was - new / old) > _APART:
            yield f"warm {_arrow(was, then, unit)}"


def _figure_parts(before: InferenceFigures, after: InferenceFigures) -> Iterator[str]:
    yield _change(before.cold_us, after.cold_us, "µs")
    yield _change(before.cold_uj, after.cold_uj, "µJ")


def _price_parts(before: InferenceFigures, after: InferenceFigures) -> Iterator[str]:
    area, usd = after.area_mm2 / before.area_mm2 - 1, after.chip_usd / before.chip_usd - 1
    if max(abs(area), abs(usd)) < _SEEN:
        yield "area and price the same"
        return
    yield f"area {_grown(area)}"
    yield f"price {_grown(usd)}"


def _grown(share: float) -> str:
    return "the same" if abs(share) < _SEEN else _signed(share)


def notes(advice: AdviceRecord, remedy: Remedy) -> Iterator[str]:
    """What a remedy asks for beside its price."""
    before, after = advice.figures, remedy.after
    if remedy.slowed:
        yield f"such a chip is no faster than {after.clock_mhz} MHz, not {before.clock_mhz}, which is counted in"
    bus = {change.path: int(change.after) for change in remedy.fields if change.path == "external.bytes_per_cycle"}
    wide = bus.get("external.bytes_per_cycle", advice.sizes.bytes_per_cycle)
    old, new = (advice.sizes.bytes_per_cycle * before.clock_mhz / 1e3, wide * after.clock_mhz / 1e3)
    if remedy.kind is not RemedyKind.CATALOGUE and new > old:
        yield f"the external memory then gives {significant(new)} GB/s, not {significant(old)}"
    if any(change.path == "technology.voltage_v" for change in remedy.fields):
        yield "whether the memories of the process work at it is not in the estimate"
    if remedy.channels:
        yield UNTRAINED if training_command(advice, remedy) else f"{UNTRAINED} with so many in its source"


def training_command(advice: AdviceRecord, remedy: Remedy) -> str:
    """What trains the changed network, by the recipe of its run; empty where none is known."""
    subject = advice.subject
    if not (remedy.retrain and subject.recipe and subject.chip):
        return ""
    words = [*_options("--chip", [subject.chip]), *_options("--set", remedy.retrain)]
    return shlex.join(["chipsmith", "run", subject.recipe, *words])


def command(advice: AdviceRecord, remedy: Remedy, *, model: str = "", chip: str = "") -> str:
    """What repeats a remedy on the command line; `model` and `chip` stand for the record's own words, if given.

    Empty where no command can name the network or the chip.
    """
    subject = advice.subject
    named, on = model or subject.model, remedy.chip or chip or subject.chip
    if not named or not on:
        return ""
    kept = () if remedy.chip else subject.settings
    settings = _merged(kept, (change.setting for change in remedy.fields))
    channels = _merged(subject.channels, (change.setting for change in remedy.channels))
    words = [*_options("--channels", channels), "--chip", on, *_options("--set", settings), *subject.options]
    if advice.volume != DEFAULT_VOLUME:
        words += ["--volume", str(advice.volume)]
    return shlex.join(["chipsmith", "explain" if channels else "estimate", named, *words])


def _merged(first: Iterable[str], second: Iterable[str]) -> list[str]:
    """Settings of which those of `second` replace those of `first` of the same name."""
    values = {name: value for name, _, value in (setting.rpartition("=") for setting in (*first, *second))}
    return [f"{name}={value}" for name, value in values.items()]


def _options(flag: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (flag, value)]


# --- words for figures ------------------------------------------------------------------------------------------------


def _kernels(advice: AdviceRecord) -> Sequence[LayerCost]:
    return [layer for layer in advice.layers if layer.name != REST]


def _shares(parts: Mapping[str, float]) -> str:
    """The largest parts of a whole in percent: 'the array 60 %, stores 20 %'."""
    whole = sum(parts.values())
    large = [(name, part) for name, part in parts.items() if part >= LEAST_GAIN * whole][:_SHOWN]
    return ", ".join(f"{name} {_share(part, whole)}" for name, part in large)


def _share(part: float, whole: float) -> str:
    return percent(part / whole if whole else 0.0, 0)


def _same(value: float, other: float) -> bool:
    return abs(value - other) < 0.005 * other


def _arrow(before: float, after: float, unit: str) -> str:
    return f"{significant(before)} → {significant(after)} {unit} ({_signed(after / before - 1)})"


def _change(before: float, after: float, unit: str) -> str:
    """As _arrow, and the value alone where its digits stay."""
    old, new = significant(before), significant(after)
    return f"still {new} {unit}" if old == new else _arrow(before, after, unit)


def _signed(share: float) -> str:
    """A change in percent with its sign: '−21 %', '+0.3 %'."""
    amount = abs(100 * share)
    text = f"{amount:.0f}" if amount >= 10 else f"{amount:.1f}"
    return "0 %" if float(text) == 0 else f"{'+' if share > 0 else '−'}{text} %"


def _bytes(count: int) -> str:
    if count < 1024:
        return f"{count:,} bytes"
    kib = count / 1024
    return f"{significant(kib)} KiB" if kib < 1024 else f"{significant(kib / 1024)} MiB"
