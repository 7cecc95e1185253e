"""An audit whole, on two digits: networks, shadows, attacks in float and on the chip, the folder, the page."""

from __future__ import annotations

import json

import pytest

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.flow import audit as audits
from chipsmith.flow.audit import AUDIT, AUDIT_PAGE, PARTS, parse_epsilons
from chipsmith.flow.run_folder import sole_work
from chipsmith.learn import load_recipe
from chipsmith.learn.privacy.audit_record import AttackFigures, AuditRecord, AuditRow, read_audit
from chipsmith.reports.audit import render_audit, verdict

pytest.importorskip("opacus")

SMALL = (
    *("data.classes=[3,8]", "training.epochs=2", "training.batch_size=350", "training.privacy.noise=seeded"),
    *("network.orientations=2", "network.wavelengths=[6.0]", "validation.executed=20"),
)


def run(folder):
    return chipsmith.audit("digits_private", settings=SMALL, epsilons=("8", "none"), shadows=4, seeds=2, out=folder)


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    return run(tmp_path_factory.mktemp("audit"))


def test_each_budget_has_accuracies_of_all_seeds_and_both_attacks_on_both_targets(audited):
    private, plain = audited.record.rows
    assert (private.epsilon, plain.epsilon, plain.spent) == (8.0, None, None)
    assert 7.9 < private.spent <= 8.0
    assert private.delta == pytest.approx(1 / 700)
    assert audited.record.seeds == (0, 1)
    for row in (private, plain):
        assert {target: len(values) for target, values in row.accuracies.items()} == {"source": 2, "npu": 2}
        assert row.accuracy("source") > 0.85
        names = {target: {figures.attack for figures in attacks} for target, attacks in row.attacks.items()}
        assert names == {target: {"loss threshold", "LiRA"} for target in ("source", "npu")}
        assert (row.attacks["source"][0].members, row.attacks["source"][0].others) == (700, 200)
        assert (row.attacks["npu"][0].members, row.attacks["npu"][0].others) == (20, 20)


def test_the_attacks_see_the_overfitted_network(audited):
    assert audited.record.control_accuracy == 1.0
    assert audited.record.control_bound > 0.2
    assert audited.failure == ""


def test_the_folder_has_the_record_and_the_page(audited):
    assert read_audit(audited.folder / AUDIT) == audited.record
    shown = json.loads((audited.folder / AUDIT).read_text())
    assert shown["sees"] is True
    page = (audited.folder / AUDIT_PAGE).read_text()
    assert "What digits_private tells of its examples" in page
    assert "to whoever knows 0 nothing is hidden" in page


def test_the_same_call_trains_nothing_again(audited, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("trained again")

    monkeypatch.setattr(audits, "train", refuse)
    monkeypatch.setattr(audits, "train_shadow", refuse)
    assert run(audited.folder).record == audited.record


def test_two_audits_do_not_work_in_the_same_folder(tmp_path):
    with sole_work(tmp_path), pytest.raises(BadInput, match="another process works in"):
        run(tmp_path)


def test_a_damaged_part_is_reckoned_again(audited):
    part = sorted((audited.folder / PARTS).iterdir())[0]
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(bytes(data))
    assert run(audited.folder).record == audited.record
    assert part.read_bytes() != bytes(data)


def test_epsilons_are_numbers_or_none():
    recipe = load_recipe("digits_private")
    assert parse_epsilons(("1", "2.5", "none"), recipe) == (1.0, 2.5, None)
    assert parse_epsilons((), recipe) == (8.0,)
    assert parse_epsilons((), load_recipe("digits")) == (None,)
    for word in ("-1", "0", "much", "nan", "inf"):
        with pytest.raises(BadInput, match=f"--epsilon {word}: an epsilon is a number above 0"):
            parse_epsilons((word,), recipe)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"recipe": "diabetes"}, "the task of .* is regression"),
        ({"recipe": "digits_quantum"}, "audit takes networks that run on a chip"),
        ({"shadows": 2}, "4 shadow networks or more"),
        ({"seeds": 0}, "1 seed or more, not 0"),
    ],
)
def test_what_cannot_be_audited_is_refused(arguments, message, tmp_path):
    with pytest.raises(BadInput, match=message):
        chipsmith.audit(**{"recipe": "digits_private", **arguments}, out=tmp_path)


def figures(*, low: float, least_epsilon: float = 0.0) -> AttackFigures:
    return AttackFigures(
        attack="LiRA",
        advantage=low + 0.1,
        interval=(low, low + 0.2),
        true_rate_rare=0.02,
        true_interval_rare=(0.01, 0.03),
        false_rate_rare=0.01,
        false_interval_rare=(0.0, 0.02),
        least_epsilon=least_epsilon,
        members=100,
        others=100,
    )


def record(*, control: float, least_epsilon: float) -> AuditRecord:
    attacks = (figures(low=0.0, least_epsilon=least_epsilon),)
    row = AuditRow(
        epsilon=1.0,
        spent=0.99,
        delta=1e-3,
        accuracies={"source": (0.9,), "npu": (0.9,)},
        attacks={"source": attacks, "npu": attacks},
    )
    return AuditRecord(
        network="n",
        chip="c",
        examples=1000,
        shadows=16,
        seeds=(0,),
        control=(figures(low=control),),
        control_accuracy=1.0,
        rows=(row,),
        outside=(),
        versions={},
    )


def test_a_blind_audit_and_a_broken_promise_are_failures():
    blind, broken = record(control=0.1, least_epsilon=0.0), record(control=0.5, least_epsilon=1.5)
    assert "the audit is blind" in blind.failure
    assert "at epsilon 1 LiRA on source obtains what needs epsilon 1.50" in broken.failure
    assert record(control=0.5, least_epsilon=0.5).failure == ""
    assert verdict(blind).startswith("The audit is blind")
    assert 'class="verdict bad"' in render_audit(broken)


def test_what_is_no_audit_is_refused(tmp_path):
    (tmp_path / "other.json").write_text('{"rows": []}')
    with pytest.raises(BadInput, match="holds no audit"):
        read_audit(tmp_path / "other.json")
    with pytest.raises(BadInput, match="cannot read"):
        read_audit(tmp_path / "none.json")
