"""The promise of a private training in words, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chipsmith.learn.privacy.budget import PrivacyBudget


def promise(budget: PrivacyBudget) -> str:
    """The promise of a private training in a sentence."""
    text = f"Epsilon {budget.epsilon:.2f} at delta {budget.delta:.2e}, spent on each of {budget.examples:,} examples"
    return f"{text}, by noise that anyone can compute from the seed." if budget.noise == "seeded" else f"{text}."


def privacy_lines(budget: PrivacyBudget | None, outside: Sequence[str]) -> Iterator[str]:
    """What the terminal says of a private training: the promise, then what is outside of it; nothing of another."""
    if budget is not None:
        yield f"privacy: {promise(budget)} Estimated by the {budget.accountant}."
        yield from (f"outside of the promise: {sentence}" for sentence in outside)
