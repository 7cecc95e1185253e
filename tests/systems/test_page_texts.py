"""The page's words are whole in both languages, and say nothing that the table does not show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from string import Formatter

import pytest

from chipsmith.learn.recipe import shipped_recipes
from chipsmith.profile.profile import Evidence
from chipsmith.reports.markup import coded_paragraph
from chipsmith.systems import boundaries
from chipsmith.systems.published_rows import load_published, read_table, table_names
from chipsmith.systems.quantum_rows import quantum_rows, read_quantum
from chipsmith.systems.row import Generation, SystemRow
from chipsmith.systems.texts import ChipGeneration, Language, LearningGeneration, NamedSystem, PageTexts, texts_in
from chipsmith.systems.texts.page_texts import Chapter
from chipsmith.systems.texts.quoted_systems import QUOTED_SYSTEMS, SystemKey
from chipsmith.systems.texts.quotes import Quote, fields_in, fill_sentences, quote_figures, quotes_in, show_figure
from chipsmith.systems.texts.spine import CHIP_GROUPS, RECIPES

ENGLISH, CHINESE = (texts_in(language) for language in Language)
ROWS = load_published().rows
TABLE = {(row.network, SystemKey.of(row)): row for row in ROWS}
OURS = {key for key in QUOTED_SYSTEMS.values() if key.organisation in ("Chipsmith", "this computer", "quantum study")}
CHINESE_CHARACTER = re.compile(r"[\u4e00-\u9fff]")
YEARS_AND_WORDS = {"1958", "1986", "2012", "2017", "8", "4"}
"""Numbers that are no figure of a system: years, the eight bits of an integer, and the Raspberry Pi 4."""


def leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text inside of a value, with where it stands."""
    if isinstance(value, str):
        yield path, value
    elif is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        for key, item in dict(value).items():
            yield from leaves(item, f"{path}[{key}]")


def worded(texts: PageTexts) -> dict[str, str]:
    """The texts of a page but its phrases, which translate sentences of rows."""
    return {path: text for path, text in leaves(texts) if not path.startswith(".phrases")}


def format_fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def with_our_rows() -> list[SystemRow]:
    """The published rows, and made-up ones of the chip and of this computer."""
    ours = [
        SystemRow(
            network=network,
            system=key.system,
            organisation=key.organisation,
            generation=Generation.ONE_CORE,
            how=Evidence.MEASURED,
            boundary="",
            source="",
            latency_us=100.0,
            accuracy=0.9,
        )
        for key in OURS
        for network in ("image", "digits")
    ]
    return [*ROWS, *ours]


def row_of(name: str, network: str) -> SystemRow:
    return TABLE[network, QUOTED_SYSTEMS[name]]


def test_both_languages_have_all_words_with_the_same_fields():
    english, chinese = worded(ENGLISH), worded(CHINESE)
    assert english.keys() == chinese.keys()
    assert [place for place, text in (english | chinese).items() if not text] == [".sentence_gap"]
    for place, text in english.items():
        assert format_fields(text) == format_fields(chinese[place]), place


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE], ids=list(Language))
def test_every_label_chapter_and_system_is_there(texts):
    assert texts.evidence.keys() == texts.evidence_meanings.keys() == set(Evidence)
    assert texts.generations.keys() == set(Generation)
    assert list(texts.learning) == list(LearningGeneration)
    assert list(texts.chips) == list(ChipGeneration)
    assert list(texts.systems) == list(NamedSystem)
    assert len(texts.systems) == 10


def test_every_group_of_rows_stands_under_a_generation_of_chips():
    assert [group for groups in CHIP_GROUPS.values() for group in groups] == list(Generation)


def test_every_recipe_stands_under_a_generation_of_learning():
    named = [name for names in RECIPES.values() for name in names]
    assert len(named) == len(set(named))
    assert set(named) == {name for name in shipped_recipes() if "quantum" not in name}


@pytest.mark.parametrize("name", [name for name, key in QUOTED_SYSTEMS.items() if key not in OURS])
def test_a_quoted_system_is_in_the_table(name):
    assert any(SystemKey.of(row) == QUOTED_SYSTEMS[name] for row in ROWS)


def test_every_quoted_system_is_quoted():
    quoted = {quote.system for sentence in ENGLISH.sentences for quote in quotes_in(sentence)}
    assert quoted == set(QUOTED_SYSTEMS.values())


def published_quotes() -> list[Quote]:
    quotes = [quote for sentence in ENGLISH.sentences for quote in quotes_in(sentence)]
    return [quote for quote in dict.fromkeys(quotes) if quote.system not in OURS]


def test_every_quoted_figure_is_the_one_of_its_line_in_the_files():
    lines = [line for name in table_names() for line in read_table(name)]
    for quote in published_quotes():
        key = (quote.network, quote.system.organisation, quote.system.system, quote.system.edition)
        (line,) = [
            line
            for line in lines
            if key == tuple(line[name] for name in ("network", "organisation", "system", "edition"))
        ]
        expected = {
            "ms": float(line["latency_us"]) / 1000,
            "us": float(line["latency_us"]),
            "uj": float(line["energy_uj"] or "nan"),
        }[quote.quantity]
        assert quote.read(TABLE) == pytest.approx(expected), quote


def test_a_sentence_shows_its_figures_and_is_left_out_without_them():
    sentences = ("{gap9_slow_image_us} µs.", "{l4r5_reference_image_ms_by_l4r5_st_v12_image_ms} times.", "Words.")
    figures = quote_figures(ENGLISH, ROWS)
    assert fill_sentences(sentences, gap=" ", figures=figures) == "949 µs. 4.3 times. Words."
    assert fill_sentences(sentences, gap=" ", figures={}) == "Words."


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.1473, 3, "0.147"),
        (40.8447, 3, "40.8"),
        (389.2565, 3, "389"),
        (20236.298, 3, "20,200"),
        (9.996, 3, "10.0"),
        (4.2649, 2, "4.3"),
        (0.0958, 3, "0.0958"),
        (385.47, 2, "390"),
    ],
)
def test_figures_are_shown_with_their_significant_digits(value, digits, text):
    assert show_figure(value, digits=digits) == text


@pytest.mark.parametrize("chapter", [*ENGLISH.learning.values(), *ENGLISH.chips.values()], ids=lambda item: item.title)
def test_a_paragraph_is_read_in_a_minute(chapter):
    figures = quote_figures(ENGLISH, with_our_rows())
    text = fill_sentences(chapter.sentences, gap=ENGLISH.sentence_gap, figures=figures)
    assert len(fields_in(text)) == 0
    assert 90 <= len(text.split()) <= 160


def chapters_with_rows() -> list[tuple[Chapter, set[str]]]:
    """Each chapter in both languages with all words that the rows it quotes have of their systems."""
    pairs = []
    for texts in (ENGLISH, CHINESE):
        for chapter in texts.chapters:
            quotes = [quote for sentence in chapter.sentences for quote in quotes_in(sentence)]
            rows = [row for row in ROWS if SystemKey.of(row) in {quote.system for quote in quotes}]
            words = " ".join(f"{row.system} {row.edition} {row.hardware} {row.software}" for row in rows)
            pairs.append((chapter, set(re.findall(r"\d+(?:\.\d+)?", words))))
    return pairs


@pytest.mark.parametrize(("chapter", "known"), chapters_with_rows(), ids=lambda item: getattr(item, "title", ""))
def test_a_number_without_a_row_is_a_name_or_stands_in_the_description_of_a_quoted_system(chapter, known):
    for sentence in chapter.sentences:
        plain = re.sub(r"\{[^}]*\}|`[^`]*`|[A-Za-z][\w./-]*", " ", sentence)
        numbers = set(re.findall(r"\d+(?:\.\d+)?", plain))
        assert numbers <= known | YEARS_AND_WORDS, sentence


def test_chinese_is_written_as_chinese():
    for place, text in worded(CHINESE).items():
        plain = re.sub(r"\{[^}]*\}|`[^`]*`", "", text)
        assert not re.search(r"[\u4e00-\u9fff][,;:!?]|[,;:!?][\u4e00-\u9fff]", plain), place
        assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]", plain), place
        assert CHINESE_CHARACTER.search(text) or not re.search(r"[a-z]{3,}", plain), place


def test_what_rows_say_of_themselves_is_known_in_chinese():
    own = {text for name, text in vars(boundaries).items() if name.endswith("_BOUNDARY")}
    said = own | {text for row in ROWS for text in (row.boundary, row.grouped_by)}
    assert said - CHINESE.phrases.keys() == set()
    assert all(CHINESE_CHARACTER.search(text) for text in CHINESE.phrases.values())
    here = next(row for row in with_our_rows() if row.system == "C, int8, 1 thread")
    assert CHINESE.name_system(here) == "本机：C, int8, 1 thread"
    assert ENGLISH.name_system(ROWS[0]) == f"{ROWS[0].organisation}: {ROWS[0].system}"
    assert CHINESE.phrase("not stated") == "未说明"
    assert ENGLISH.phrase("not stated") == "not stated"


def test_what_the_text_says_beside_its_figures_is_so():
    fast, slow = row_of("h7a3_v12", "image"), row_of("u385", "image")
    products = [row.latency_us * row.energy_uj for row in (fast, slow)]
    assert max(products) / min(products) < 1.25  # "close to a line of equal product"
    assert (
        row_of("h7a3_v14", "person").latency_us > row_of("h7a3_v12", "person").latency_us
    )  # "nothing more was gained"
    assert round(row_of("l4r5_krai", "anomaly").latency_us, -1) == round(
        row_of("l4r5_st_v10", "anomaly").latency_us, -1
    )
    assert all(
        row.energy_uj is None for name in ("k1_slow", "k1_fast", "ra8d1", "zc706", "h7p5_npu") for row in rows_of(name)
    )


def test_less_than_half_of_the_single_cores_and_none_of_many_states_energy():
    stated = {
        generation: [row.energy_uj is not None for row in ROWS if row.generation is generation]
        for generation in (Generation.ONE_CORE, Generation.MANY_CORES)
    }
    assert sum(stated[Generation.ONE_CORE]) < len(stated[Generation.ONE_CORE]) / 2
    assert not any(stated[Generation.MANY_CORES])


def rows_of(name: str) -> list[SystemRow]:
    return [row for row in ROWS if SystemKey.of(row) == QUOTED_SYSTEMS[name]]


def test_syntiant_repeats_its_figures_for_three_rounds():
    repeated = {
        (row.system, row.network, row.latency_us, row.energy_uj)
        for row in ROWS
        if row.organisation == "Syntiant" and row.edition in {f"MLPerf Tiny v1.{minor}" for minor in range(4)}
    }
    assert len(repeated) == 6  # two systems, three networks: each figure once


def test_the_gpus_of_the_text_are_all_there_are():
    gpus = {SystemKey.of(row) for row in ROWS if row.generation is Generation.GPU}
    assert gpus == {QUOTED_SYSTEMS["jetson"], QUOTED_SYSTEMS["mp257"]}
    assert all(row.energy_uj is None for row in ROWS if row.generation is Generation.GPU)


def test_what_stands_between_backticks_is_code_on_the_page():
    assert coded_paragraph("Run `a <b>` & read.") == "<p>Run <code>a &lt;b&gt;</code> &amp; read.</p>"


def test_no_advantage_is_seen_in_the_figures_of_the_quantum_study():
    """Where the package has them: what the text says of them holds on each task, within the intervals."""
    rows = {(row.network, row.system): row for row in read_quantum().rows}
    for task in {network for network, _ in rows}:
        exact = [row for (network, system), row in rows.items() if network == task and system.endswith(", exact")]
        quantum = [row for row in exact if row.generation is Generation.QUANTUM]
        classical = [row for row in exact if row.generation is not Generation.QUANTUM]
        assert max(row.accuracy_interval[0] for row in quantum) <= max(row.accuracy_interval[1] for row in classical)
        entangled, product = (rows[task, f"kernel{form}, exact"] for form in ("", "_without_entanglement"))
        assert entangled.accuracy_interval[0] <= product.accuracy_interval[1]


@pytest.mark.parametrize(
    ("texts", "name"),
    [(ENGLISH, "quantum kernel without entanglement, by shots"), (CHINESE, "量子核方法（无纠缠），有限次测量")],
    ids=list(Language),
)
def test_models_of_the_quantum_study_are_named(texts, name):
    figure = {"task": "digits", "model": "kernel_without_entanglement", "mode": "shots", "accuracy": 0.9}
    study = {"modes": {"shots": "1000 shots", "odd": "an odd mode"}, "device": {"name": "a device"}}
    (row,) = quantum_rows(study | {"rows": [figure | {"interval": [0.8, 1.0]}]})
    assert texts.name_model(row) == name
    odd = figure | {"task": "moons", "model": "tree", "mode": "odd", "interval": [0.8, 1.0]}
    (unknown,) = quantum_rows(study | {"rows": [odd]})
    assert (texts.name_task(unknown), texts.name_model(unknown)) == ("moons", f"tree{texts.comma}odd")
