"""The columns of a table that a data set was read from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class TableColumns(BaseModel):
    """The columns of the training data's table: of texts, where the examples are texts, and of what is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str | None = None
    targets: tuple[str, ...] = ()


NO_COLUMNS = TableColumns()
