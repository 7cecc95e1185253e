"""The run folder of a compression: one folder for each finished network, and what was chosen at the top."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from chipsmith.cache import content_key
from chipsmith.deployment.deployment import Deployment
from chipsmith.errors import BadInput
from chipsmith.files import write_whole
from chipsmith.flow.run_folder import PAGE, RESULT, TRAINED, make_folder
from chipsmith.learn.compression.channels import resized
from chipsmith.learn.compression.structure import with_choices
from chipsmith.learn.compression.tuning import Base, Made
from chipsmith.program.file import serialize_program
from chipsmith.program.program import Program
from chipsmith.reports.compression import compression_to_plain, render_compression
from chipsmith.studies.budget import Budget
from chipsmith.studies.record import Candidate, Compression
from chipsmith.tosa.file import serialize_tosa

if TYPE_CHECKING:
    import torch

_IDENTITY = "compression.json"
_CANDIDATE = "candidate.json"
_WEIGHTS = "weights.safetensors"
_MEND = "name another folder with --out, or remove it"


class CompressFolder:
    """The files of one compression in `path`. Raises BadInput where the folder is another compression's."""

    def __init__(self, path: Path, *, identity: str) -> None:
        self.path = path
        make_folder(path)
        file = path / _IDENTITY
        held = content_key([identity.encode()])
        if not file.exists():
            write_whole(file, (json.dumps({"identity": held}) + "\n").encode())
        elif _json(file).get("identity") != held:
            raise BadInput(
                f"{path} holds the compression of another recipe, for another chip or with other epochs; {_MEND}"
            )

    @property
    def trained(self) -> Path:
        """The file of the network that the compression begins with."""
        return self.path / TRAINED

    def journal(self, budget: Budget) -> Path:
        """The file of a structure search with these bounds."""
        bounds = repr((budget.max_latency_us, budget.max_energy_uj))
        return self.path / f"search-{content_key([bounds.encode()])[:8]}.journal"

    def read_candidate(self, name: str) -> Candidate | None:
        """The finished candidate of this name; None where there is none. Raises BadInput for a damaged file."""
        file = self._place(name) / _CANDIDATE
        if not file.exists():
            return None
        try:
            return Candidate.model_validate_json(file.read_bytes())
        except (ValidationError, OSError) as error:
            raise BadInput(f"{file} is damaged: remove {file.parent} to make that network again") from error

    def write_candidate(self, one: Candidate, made: Made, program: Program, base: Base) -> None:
        """Write a network's files; its description is the last, and says that it is finished."""
        from safetensors.torch import save

        place = self._place(one.name)
        make_folder(place)
        weights = {name: tensor.detach().clone() for name, tensor in made.module.state_dict().items()}
        write_whole(place / _WEIGHTS, save(weights))
        write_whole(place / f"{base.recipe.name}.tosa", serialize_tosa(made.lowered.graph))
        deployed = Deployment.of(base.dataset, made.lowered).model_dump_json()
        whole = replace(program, manifest=replace(program.manifest, deployment=deployed))
        write_whole(place / f"{base.recipe.name}.program", serialize_program(whole))
        write_whole(place / _CANDIDATE, (one.model_dump_json(indent=1) + "\n").encode())

    def read_module(self, one: Candidate, base: Base) -> torch.nn.Module:
        """The float module of a finished candidate of fewer channels or of another structure."""
        from safetensors.torch import load

        weights = load((self._place(one.name) / _WEIGHTS).read_bytes())
        if one.structure:
            network = with_choices(base.recipe.network_for(base.dataset), one.structure)
            module = network.build(input_shape=base.dataset.input_shape, outputs=base.dataset.outputs)
        else:
            module = resized(base.module, base.example, one.widths)
        module.load_state_dict(weights)
        return module.eval()

    def write_result(self, result: Compression) -> None:
        """Write result.json and the page, and the files of the chosen network beside them."""
        chosen = result.chosen or result.nearest
        for file in self._place(chosen.name).iterdir():
            if file.name != _CANDIDATE:
                write_whole(self.path / file.name, file.read_bytes())
        write_whole(self.path / RESULT, (json.dumps(compression_to_plain(result), indent=1) + "\n").encode())
        write_whole(self.path / PAGE, render_compression(result).encode())

    def _place(self, name: str) -> Path:
        return self.path / "candidates" / name


def _json(file: Path) -> dict[str, str]:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} is damaged; {_MEND}") from error
    return content if isinstance(content, dict) else {}
