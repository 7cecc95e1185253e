"""The verb of data: check-data."""

from typing import TYPE_CHECKING

from chipsmith.api.forms import RecipeArgument, RecipeSettings, Seed
from chipsmith.api.values import as_recipe_name
from chipsmith.api.verb import Verb
from chipsmith.console import data as console

if TYPE_CHECKING:
    from chipsmith.data_report import DataReport


def check_data(
    recipe: RecipeArgument = "digits",
    *,
    settings: RecipeSettings = (),
    seed: Seed = None,
) -> "DataReport":
    """Look at a recipe's data without training: what cannot be read, counts, duplicates, leakage, ranges.

    Every file is decoded (all of them where there are no more than 10,000 or it takes no more than a minute, else a
    sample drawn by the seed), every example compared with every other as the network would get it, within the parts
    and across them. `run`, `train` and `compress` do the same before they train, and refuse what is an error here.
    Arguments as for `train`. Raises BadInput where there is no data set to look at.
    """
    from chipsmith.flow.training import read_data_recipe
    from chipsmith.learn.inspection import inspect_recipe

    return inspect_recipe(read_data_recipe(as_recipe_name(recipe), settings=settings, seed=seed))


DATA_VERBS = (Verb(function=check_data, present=console.present_data, fails="a training would be refused"),)
