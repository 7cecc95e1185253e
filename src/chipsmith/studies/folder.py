"""The folder of a compression: one folder for each finished network, and the files of the chosen one at the top."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from chipsmith.checksums import SUMS, Damaged, check_sums, write_sums
from chipsmith.deployment.deployment import Deployment
from chipsmith.errors import BadInput
from chipsmith.files import make_folder, write_whole
from chipsmith.learn.compression.channels import resize_channels
from chipsmith.learn.compression.structure import apply_choices
from chipsmith.learn.compression.variants import CompressionContext, Variant
from chipsmith.learn.tensor_files import read_safetensors
from chipsmith.program.file import serialize_program
from chipsmith.program.program import Program
from chipsmith.schema import Json
from chipsmith.studies.identity import hold_identity
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.result import Candidate
from chipsmith.tosa.file import serialize_tosa

if TYPE_CHECKING:
    import torch

_IDENTITY = "compression.json"
_CANDIDATE = "candidate.json"
_JOURNAL = "structures.journal"
_WEIGHTS = "weights.safetensors"


class CompressionFolder:
    """The files of one compression in `path`. Raises BadInput where the folder is another compression's.

    `identity` says which compression it is: whatever changes a candidate stands in it, as plain values by name.
    """

    def __init__(self, path: Path, *, identity: Json) -> None:
        self.path = path
        hold_identity(path / _IDENTITY, identity, what="compression")

    def journal(self) -> SearchJournal:
        """The structures that were looked at, within any budget."""
        return SearchJournal(self.path / _JOURNAL)

    def read_candidate(self, name: str) -> Candidate | None:
        """The finished candidate of this name; None where there is none.

        Raises BadInput where any of its files is not what was written.
        """
        folder = self._candidate_folder(name)
        if not (folder / SUMS).exists():
            return None
        try:
            check_sums(folder)
            return Candidate.model_validate_json((folder / _CANDIDATE).read_bytes())
        except (Damaged, ValidationError, OSError) as error:
            reason = str(error) if isinstance(error, Damaged) else f"{folder / _CANDIDATE} is damaged"
            raise BadInput(f"{reason}; remove {folder} to make that network again") from error

    def write_candidate(
        self, candidate: Candidate, variant: Variant, program: Program, context: CompressionContext
    ) -> None:
        """Write a network's files; their checksums are the last, and say that it is finished."""
        from safetensors.torch import save

        folder, name = self._candidate_folder(candidate.name), context.recipe.name
        make_folder(folder)
        (folder / SUMS).unlink(missing_ok=True)  # of another network of that name
        weights = {name: tensor.detach().clone() for name, tensor in variant.module.state_dict().items()}
        write_whole(folder / _WEIGHTS, save(weights))
        network = variant.quantised
        tosa = serialize_tosa(network.graph, operator_names=network.operator_names)
        write_whole(folder / f"{name}.tosa", tosa)
        deployed = Deployment.of_recipe(context.recipe, context.dataset, network).model_dump_json()
        whole = replace(program, manifest=replace(program.manifest, deployment=deployed))
        write_whole(folder / f"{name}.program", serialize_program(whole))
        write_whole(folder / _CANDIDATE, (candidate.model_dump_json(indent=1) + "\n").encode())
        write_sums(folder)

    def read_module(self, candidate: Candidate, context: CompressionContext) -> torch.nn.Module:
        """The float module of a finished candidate of fewer channels or of another structure."""
        folder = self._candidate_folder(candidate.name)
        mend = f"remove {folder} to make that network again"
        _, weights = read_safetensors(folder / _WEIGHTS, what="network of this study", mend=mend)
        if candidate.structure:
            network = apply_choices(context.recipe.network_for(context.dataset), candidate.structure)
            module = network.build(input_shape=context.dataset.input_shape, outputs=context.dataset.outputs)
        else:
            module = resize_channels(context.module, context.example, candidate.widths)
        module.load_state_dict(weights)
        return module.eval()

    def copy_to_top(self, candidate: Candidate) -> None:
        """Copy a finished network's files beside the folder of candidates."""
        for file in self._candidate_folder(candidate.name).iterdir():
            if file.name not in (_CANDIDATE, SUMS):
                write_whole(self.path / file.name, file.read_bytes())

    def _candidate_folder(self, name: str) -> Path:
        return self.path / "candidates" / name
