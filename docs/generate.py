"""Writes what the documentation takes from the code: `python docs/generate.py`; with `--check` it only compares.

A page that has such a part has a row in PAGES: its path from this folder, and a function from its present text to the
text that it should have. A part of a page stands between `<!-- generated: NAME -->` and `<!-- end of generated -->`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from drawings.gate_designs import draw_gate_designs
from drawings.imports import draw_imports, import_table
from drawings.job import draw_job
from drawings.kernels import draw_kernels, figures_table
from drawings.machine import draw_machine
from drawings.privacy import draw_privacy, privacy_table
from drawings.scaling import draw_scaling, scaling_table
from drawings.timeline import draw_pipeline, draw_timeline
from gate_tables import gate_tables
from published_tables import published_tables
from quantum_tables import STUDY, study_tables
from reference import noun_sections, verb_sections
from silicon_tables import synthesis_table

from chipsmith.api import VERBS
from chipsmith.api.document import verb_table, word_tables
from chipsmith.chip import load_catalogue
from chipsmith.chip.fields import atom_table, catalogue_table, field_table
from chipsmith.files import write_whole
from chipsmith.hardware.formal.tables import assumption_table, proof_table, property_table
from chipsmith.hardware.register_map import register_map
from chipsmith.kernels.catalogue import kernel_table
from chipsmith.learn import recipe_schema
from chipsmith.learn.data import DataSettings
from chipsmith.learn.fields import kinds_table
from chipsmith.learn.networks import NetworkSettings
from chipsmith.learn.training.augmentation import AugmentationSettings
from chipsmith.learn.training.optimizers import OptimizerSettings
from chipsmith.learn.training.schedules import ScheduleSettings
from chipsmith.tosa.document import document

DOCS = Path(__file__).parent
SOURCE = DOCS.parent / "src" / "chipsmith"

Page = Callable[[str], str]


def replace_parts(text: str, parts: Mapping[str, str]) -> str:
    """A page with each part of that name replaced; raises ValueError for a part that the page has not."""
    for name, part in parts.items():
        begin, end = f"<!-- generated: {name} -->\n", "\n<!-- end of generated -->"
        new = (begin + part + end).replace("\\", r"\\")
        text, count = re.subn(f"{re.escape(begin)}.*?{re.escape(end)}", new, text, flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"the part {name!r} stands {count} times in its page")
    return text


def chips(text: str) -> str:
    """The catalogue and the fields of a chip file."""
    chips = load_catalogue().values()
    return replace_parts(text, {"catalogue": catalogue_table(chips), "fields": field_table()})


def architecture(text: str) -> str:
    """What each package says of itself and imports."""
    return replace_parts(text, {"packages": import_table(SOURCE)})


def api(text: str) -> str:
    """The verbs, and the nouns that they take and give."""
    return replace_parts(text, {"verbs": verb_sections(), "nouns": noun_sections()})


def data(text: str) -> str:
    """The fields of the data sets."""
    return replace_parts(text, {"data": kinds_table(DataSettings)})


def proofs(text: str) -> str:
    """The properties of the RTL with the last result of `python benchmarks/proofs.py --json`."""
    last = json.loads((DOCS / "proofs.json").read_text())
    verdicts = {(row["in"], row["property"]): row["verdict"] for row in last["properties"]}
    reached = {(row["in"], row["property"]): reach_text(row["reached"]) for row in last["properties"]}
    return replace_parts(
        text,
        {
            "proofs": proof_table(last["processor_seconds"]),
            "properties": property_table(verdicts, reached),
            "assumptions": assumption_table(verdicts),
        },
    )


def reach_text(cycle: int | None) -> int | str:
    """The cycle in which an antecedent first comes true; "never" where the property is vacuous."""
    return "never" if cycle is None else cycle


def rtl(text: str) -> str:
    """The registers of the control port, and the last result of `python benchmarks/silicon.py timing`."""
    return replace_parts(text, {"registers": register_map().rstrip(), "synthesis": synthesis_table()})


def kernels(text: str) -> str:
    """The kinds of kernels, and their figures."""
    return replace_parts(text, {"kinds": kernel_table(), "figures": figures_table()})


def machine(text: str) -> str:
    """The atoms of each kind of external memory."""
    return replace_parts(text, {"atoms": atom_table()})


def networks(text: str) -> str:
    """The fields of the families of networks."""
    return replace_parts(text, {"families": kinds_table(NetworkSettings)})


def privacy(text: str) -> str:
    """The figures of the study of private digits."""
    return replace_parts(text, {"study": privacy_table()})


def published(text: str) -> str:
    """What each table of published measurements holds."""
    return replace_parts(text, {"tables": published_tables()})


def quantum(text: str) -> str:
    """The figures of the study over five seeds."""
    return replace_parts(text, {"study": study_tables()})


def training(text: str) -> str:
    """The fields of optimisers, schedules and augmentations."""
    return replace_parts(
        text,
        {
            "optimisers": kinds_table(OptimizerSettings),
            "schedules": kinds_table(ScheduleSettings),
            "augmentations": kinds_table(AugmentationSettings),
        },
    )


def scaling(text: str) -> str:
    """A network over its batch and each resource of a chip."""
    return replace_parts(text, {"scaling": scaling_table()})


def search(text: str) -> str:
    """The designs of a front that were run at the gates."""
    return replace_parts(text, {"gates": gate_tables()})


def commands(text: str) -> str:
    """The verbs, and what their commands take."""
    verbs = tuple(VERBS.values())
    return replace_parts(text, {"verbs": verb_table(verbs), "words": word_tables(verbs)})


def quantum_figures(_: str) -> str:
    """The figures of the quantum study that the package brings."""
    document = json.loads(STUDY.read_text())
    names = ("task", "model", "mode", "accuracy", "interval")
    rows = [{name: row[name] for name in names} for row in document["rows"]]
    return json.dumps({"modes": document["modes"], "device": document["device"], "rows": rows}, indent=2) + "\n"


PAGES: Mapping[str, Page] = {
    "../src/chipsmith/systems/quantum.json": quantum_figures,
    "api.md": api,
    "architecture.md": architecture,
    "chips.md": chips,
    "commands.md": commands,
    "data.md": data,
    "kernels.md": kernels,
    "machine.md": machine,
    "networks.md": networks,
    "operators.md": lambda _: document(),
    "pictures/gate-designs.svg": lambda _: draw_gate_designs(),
    "pictures/imports.svg": lambda _: draw_imports(SOURCE),
    "pictures/job.svg": lambda _: draw_job(),
    "pictures/kernels.svg": lambda _: draw_kernels(),
    "pictures/machine.svg": lambda _: draw_machine(),
    "pictures/privacy.svg": lambda _: draw_privacy(),
    "pictures/scaling.svg": lambda _: draw_scaling(),
    "pictures/tensor-pipeline.svg": lambda _: draw_pipeline(),
    "pictures/timeline.svg": lambda _: draw_timeline(),
    "privacy.md": privacy,
    "proofs.md": proofs,
    "published.md": published,
    "quantum.md": quantum,
    "rtl.md": rtl,
    "recipe.schema.json": lambda _: json.dumps(recipe_schema(), indent=2) + "\n",
    "scaling.md": scaling,
    "search.md": search,
    "training.md": training,
}


def stale_pages(folder: Path = DOCS) -> dict[str, str]:
    """Pages of a folder that differ from what the code says, with the text that they should have."""
    texts = {name: (folder / name).read_text() for name in PAGES if (folder / name).exists()}
    new = {name: page(texts.get(name, "")) for name, page in PAGES.items()}
    return {name: text for name, text in new.items() if text != texts.get(name)}


def main() -> int:
    """Write the stale pages, or with --check name them; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="say which pages are stale, and write nothing")
    check = parser.parse_args().check
    stale = stale_pages()
    for name, text in stale.items():
        if not check:
            write_whole(DOCS / name, text.encode())
        print(f"{name} {'is stale' if check else 'written'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
