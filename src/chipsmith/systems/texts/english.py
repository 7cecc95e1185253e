"""The words of the page in English."""

from __future__ import annotations

from chipsmith.profile.profile import Evidence
from chipsmith.systems.row import Generation
from chipsmith.systems.texts.english_generations import CHIPS, LEARNING, SYSTEMS
from chipsmith.systems.texts.page_texts import (
    ColumnTexts,
    FilterTexts,
    HeadingTexts,
    NoteTexts,
    PageTexts,
    PictureTexts,
    StudyTexts,
)

HEADINGS = HeadingTexts(
    learning="Three generations of learning",
    chips="Three generations of chips",
    systems="Ten systems, and what they show",
    pictures="Pictures",
    table="Every figure",
    recipes="Recipes of this generation",
    quantum="Below the line: quantum circuits",
    boundaries="What is inside the figures, in full",
    legend="How figures are labelled",
)

COLUMNS = ColumnTexts(
    network="network",
    system="system",
    generation="generation",
    how="obtained",
    latency="latency, µs",
    p99="p99, µs",
    energy="energy, µJ",
    instructions="instructions",
    boundary="inside the figure",
    source="source",
    fastest="fastest",
    least_energy="least energy",
    accuracy="accuracy",
)

FILTERS = FilterTexts(
    network="Network",
    generation="Generation",
    how="Obtained",
    search="Search",
    any_value="all",
    group_by="Group by",
    clear="Clear filters",
    shown="{shown} of {total} rows",
)

PICTURES = PictureTexts(
    latency_energy="Latency against energy of one inference",
    latency_axis="latency of one inference, µs",
    energy_axis="energy of one inference, µJ",
    equal_product="{product} µs·µJ",
    latency_energy_caption="Both axes are logarithmic. Systems on one dashed line have the same product of latency and "
    "energy; down and to the left is better. Only rows with both figures are drawn.",
    roofline="Rooflines of this processor and of the chip",
    intensity_axis="operations per byte of memory traffic",
    performance_axis="operations per second",
    roofline_caption="Under the slope the memory sets the speed, under the flat roof the arithmetic does. A network "
    "whose weights stay in this computer's caches stands above its slope.",
    cores="From one core to all",
    cores_axis="threads",
    speedup_axis="times as fast as one thread",
    ideal="perfect scaling",
    cores_caption="Small networks end before the cores have shared the work: more threads soon bring nothing.",
)

NOTES = NoteTexts(
    left_out="Left out, and why",
    other_tasks="{count} published rows are of other tasks and are left out.",
    instructions="Instructions counted on an emulated core. An emulator has no clock of the real core, so no time is "
    "derived from them.",
    quantum="Below this line nothing is on the axis of latency: quantum processors are simulated here, and the time "
    "that a device would take is an estimate of its own.",
    no_gpu="Few figures of GPUs are published for these networks. Rows of a GPU come in from a file: "
    "`chipsmith generations --record FILE` on the computer that has it, `--with FILE` here.",
    computer="This computer: {computer}.",
    systems_counted="{rows} rows of {systems} systems, {published} of them published by others.",
    rooflines="{machine}, {precision}: {obtained}.",
    nothing_here="No row of this generation is on the page.",
)

EVIDENCE = {
    Evidence.MEASURED: "measured",
    Evidence.SIMULATED: "simulated",
    Evidence.ESTIMATED: "estimated",
    Evidence.PUBLISHED: "published",
}

EVIDENCE_MEANINGS = {
    Evidence.MEASURED: "timed or counted on the computer that made the row",
    Evidence.SIMULATED: "by a simulator that is exact to the cycle or to the bit",
    Evidence.ESTIMATED: "counts times published constants",
    Evidence.PUBLISHED: "by others, of a system that is not here",
}

GENERATIONS = {
    Generation.ONE_CORE: "one core",
    Generation.MANY_CORES: "many cores",
    Generation.GPU: "GPU",
    Generation.DEDICATED: "dedicated chip",
    Generation.QUANTUM: "quantum processor",
}

STUDY = StudyTexts(
    tasks={"digits": "ten digits", "three_or_eight": "3 or 8", "italy_power": "ItalyPowerDemand"},
    models={
        "classifier": "circuit that learns",
        "classifier_without_entanglement": "circuit that learns, without entanglement",
        "kernel": "quantum kernel",
        "kernel_without_entanglement": "quantum kernel without entanglement",
        "rbf": "classical RBF machine",
        "network_of_equal_parameters": "network with as many parameters as the circuit",
        "network_of_32": "network of 32 hidden",
    },
    modes={
        "exact": "exact",
        "shots": "by shots",
        "exact_part": "exact, on the part that is tried with noise",
        "noise_part": "by shots, with the noise of a device",
    },
)

NETWORKS = {
    "image": "image (ResNet8)",
    "keyword": "keyword (DS-CNN)",
    "person": "person (MobileNetV1)",
    "anomaly": "anomaly (autoencoder)",
    "digits": "digits (convolutional)",
}

ENGLISH_TEXTS = PageTexts(
    title="The generations side by side",
    introduction=(
        "The same networks on one core, on many, on a GPU, on dedicated chips and on quantum processors.",
        "Every figure says how it was obtained, from what, and what is inside it.",
    ),
    sentence_gap=" ",
    colon=": ",
    comma=", ",
    headings=HEADINGS,
    columns=COLUMNS,
    filters=FILTERS,
    pictures=PICTURES,
    notes=NOTES,
    study=STUDY,
    evidence=EVIDENCE,
    evidence_meanings=EVIDENCE_MEANINGS,
    generations=GENERATIONS,
    learning=LEARNING,
    chips=CHIPS,
    systems=SYSTEMS,
    networks=NETWORKS,
    phrases={},
)
