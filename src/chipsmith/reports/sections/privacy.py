"""What a private training promises, and what the promise does not cover."""

from __future__ import annotations

from chipsmith.learn.privacy.budget import PrivacyBudget
from chipsmith.reports.headline import significant
from chipsmith.reports.markup import Cell, coded_paragraph, number, paragraph, table
from chipsmith.reports.privacy import promise
from chipsmith.reports.record import LearnedRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: LearnedRecord) -> Drawing | None:
    if record.training is None or record.training.privacy is None:
        return None
    privacy = record.training.privacy
    rows = [(sentence,) for sentence in privacy.outside]
    html = (
        paragraph(promise(privacy.budget))
        + coded_paragraph(
            "Whatever anyone concludes from the weights, they would have concluded from weights trained without that "
            "example almost as surely: odds change by a factor of e to the power of epsilon at most, but for a "
            "probability of delta. `chipsmith audit` attacks the network and says how much an attacker obtains.",
            kind="how",
        )
        + table(("mechanism", "value"), _mechanism(privacy.budget), label="The mechanism")
        + table(("outside of the promise",), rows, label="What the promise does not cover")
    )
    return Drawing(html=html)


def _mechanism(budget: PrivacyBudget) -> list[tuple[str | Cell, ...]]:
    return [
        (
            "epsilon, upper bound, estimated by the " + budget.accountant,
            number(budget.epsilon, f"{budget.epsilon:.3f}"),
        ),
        ("the same by Rényi divergences, looser", number(budget.epsilon_rdp, f"{budget.epsilon_rdp:.3f}")),
        ("steps", number(budget.steps, f"{budget.steps:,}")),
        ("probability of an example to be in a step", number(budget.sample_rate, f"{budget.sample_rate:.4f}")),
        ("largest 2-norm of an example's gradient", number(budget.clip, significant(budget.clip))),
        (
            "noise on the sum of gradients, standard deviation",
            number(budget.noise_multiplier * budget.clip, significant(budget.noise_multiplier * budget.clip)),
        ),
        (f"noise: {budget.noise}", ""),
    ]


SECTION = PageSection(name="privacy", title="Privacy", link="privacy", draw=_draw)
