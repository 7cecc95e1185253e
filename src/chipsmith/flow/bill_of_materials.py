"""Bills of materials in CycloneDX 1.6: what a run, or this installation of Chipsmith, is made of.

Equal parts give equal bytes: a bill has no date, and its number comes from its parts.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chipsmith
from chipsmith.extras import require_package
from chipsmith.files import write_whole
from chipsmith.flow.bom_components import InstalledLibrary, installed_libraries, library_component, sha256_hash
from chipsmith.schema import Json
from chipsmith.shown import Shown

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

    from chipsmith.learn import Recipe
    from chipsmith.learn.data import Dataset
    from chipsmith.learn.progress import Progress
    from chipsmith.reports.quantum.record import QuantumRunRecord
    from chipsmith.reports.record import RunRecord

BOM = "bom.cdx.json"
"""Its name in a run folder."""
_PACKAGE = "chipsmith"
_ALL_EXTRAS = {_PACKAGE: ("all",)}
_NUMBERS = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/schema/bom-1.6.schema.json")


@dataclass(frozen=True, kw_only=True)
class BillOfMaterials(Shown):
    """A document of CycloneDX, and where it was written, if it was."""

    text: str
    path: Path | None = None

    def _brief(self) -> str:
        return f"{len(self.components)} distributions{f'; in {self.path}' if self.path else ''}"

    @property
    def components(self) -> list[Json]:
        """What is listed, by name; the thing itself is none of them."""
        return list(self.to_json().get("components", ()))

    def to_json(self) -> Json:
        """The document itself, which is the object of `chipsmith bom --json`."""
        document: Json = json.loads(self.text)
        return document


def require_cyclonedx() -> None:
    """Raise BadInput where the library is not installed that writes bills of materials."""
    require_package("cyclonedx", extra="signing", task="write a bill of materials", distribution="cyclonedx-python-lib")


def package_bom() -> BillOfMaterials:
    """Chipsmith and every distribution that it uses here, with versions, licences and who needs whom.

    Raises BadInput where the library is not installed that writes it.
    """
    require_cyclonedx()
    libraries = installed_libraries([_PACKAGE], extras=_ALL_EXTRAS)
    components = {library.name: library_component(library) for library in libraries}
    return _write(components.pop(_PACKAGE, None) or _own_component(), components, libraries)


def run_bom(record: RunRecord | QuantumRunRecord, *, recipe: Recipe, data: Dataset) -> BillOfMaterials:
    """A run: its files by their hashes, recipe, data, chip, and the libraries that its result depends on.

    Raises BadInput where the library is not installed that writes it.
    """
    require_cyclonedx()
    from cyclonedx.model.component import Component, ComponentType

    named = [name for name in record.versions if name != "python"]
    libraries = installed_libraries(named, extras={})
    run = Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        name=record.network,
        bom_ref="run",
        description=f"{recipe.description} (seed {record.seed})" if recipe.description else f"seed {record.seed}",
    )
    parts = [
        *_file_components(record),
        _recipe_component(recipe),
        _data_component(recipe, data),
        *_chip_components(record),
    ]
    components = {str(part.bom_ref): part for part in (*parts, *map(library_component, libraries))}
    return _write(run, components, libraries, needs=list(components.values()))


def leave_run_bom(
    folder: Path, record: RunRecord | QuantumRunRecord, *, recipe: Recipe, data: Dataset, progress: Progress
) -> None:
    """Write the bill of a run into its folder; or tell `progress` what is to be installed for it, and leave none."""
    if find_spec("cyclonedx") is None:
        progress.stage("leave no bill of materials: 'chipsmith[signing]' brings what writes it")
        (folder / BOM).unlink(missing_ok=True)
        return
    progress.stage("write the bill of materials")
    write_whole(folder / BOM, run_bom(record, recipe=recipe, data=data).text.encode())


def _own_component() -> Component:
    """Chipsmith where it runs from a folder."""
    from cyclonedx.model.component import Component, ComponentType

    return Component(type=ComponentType.APPLICATION, name=_PACKAGE, version=chipsmith.__version__, bom_ref=_PACKAGE)


def _file_components(record: RunRecord | QuantumRunRecord) -> list[Component]:
    from cyclonedx.model.component import Component, ComponentType

    return [
        Component(
            type=ComponentType.FIRMWARE if name.endswith(".program") else ComponentType.FILE,
            name=name,
            bom_ref=f"file:{name}",
            hashes=[sha256_hash(digest)],
        )
        for name, digest in record.hashes.items()
    ]


def _recipe_component(recipe: Recipe) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    canonical = json.dumps(recipe.model_dump(mode="json"), sort_keys=True).encode()
    return Component(
        type=ComponentType.DATA,
        name=f"recipe {recipe.name}",
        bom_ref="recipe",
        hashes=[sha256_hash(hashlib.sha256(canonical).hexdigest())],
    )


def _data_component(recipe: Recipe, data: Dataset) -> Component:
    """The examples of each part, by number and hash: of their files where these are decoded as they are asked for.

    Those of a private training by number alone: who has all of them but one would know that by the hash.
    """
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType

    from chipsmith.learn.data.fingerprint import hash_parts

    parts = hash_parts(data)
    if recipe.training.privacy is not None:
        parts["training"] = f"{len(data.train):,} examples"
    return Component(
        type=ComponentType.DATA,
        name=f"data {data.name}",
        bom_ref="data",
        properties=[Property(name=f"{_PACKAGE}:{part}", value=value) for part, value in parts.items()],
    )


def _chip_components(record: RunRecord | QuantumRunRecord) -> list[Component]:
    from cyclonedx.model.component import Component, ComponentType

    from chipsmith.reports.quantum.record import QuantumRunRecord

    if isinstance(record, QuantumRunRecord):
        return []
    digest = hashlib.sha256(record.chip.yaml.encode()).hexdigest()
    return [
        Component(
            type=ComponentType.DEVICE,
            name=f"chip {record.chip.name}",
            bom_ref="chip",
            hashes=[sha256_hash(digest)],
        )
    ]


def _write(
    whole: Component,
    components: dict[str, Component],
    libraries: Sequence[InstalledLibrary],
    *,
    needs: Sequence[Component] = (),
) -> BillOfMaterials:
    """The document of `whole`; it needs what it needs as a library, and `needs`."""
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion

    places = {**components, str(whole.bom_ref): whole}
    bom = Bom(components=components.values(), metadata=BomMetaData(component=whole))
    bom.metadata.timestamp = None
    bom.register_dependency(whole, needs)
    for library in libraries:
        bom.register_dependency(places[library.name], [places[name] for name in library.needs])
    bom.serial_number = uuid.uuid5(_NUMBERS, _numbered(whole, components.values()))
    outputter: Any = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    return BillOfMaterials(text=outputter.output_as_string(indent=2) + "\n")


def _numbered(whole: Component, components: Any) -> str:
    """What the number of a bill comes from: the parts and their hashes."""
    rows = [(part.name, part.version, [value.content for value in part.hashes]) for part in (whole, *components)]
    return json.dumps(sorted(rows, key=str))
