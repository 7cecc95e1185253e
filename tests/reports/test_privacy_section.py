"""What the page and the terminal say of a private training."""

from __future__ import annotations

import dataclasses
import io

from sample_runs import BUDGET, full_record

from chipsmith.reports.html import render_page
from chipsmith.reports.privacy import privacy_lines, promise
from chipsmith.reports.record import EpochRecord, record_from_plain, record_to_plain
from chipsmith.reports.terminal import print_report


def private_record():
    record = full_record()
    epochs = (EpochRecord(number=1, train_loss=None, validation_loss=0.3, train_score=None, validation_score=0.9),)
    training = dataclasses.replace(record.training, epochs=epochs)
    return dataclasses.replace(record, training=training)


def test_the_record_goes_to_json_and_back():
    record = private_record()
    assert record_from_plain(record_to_plain(record), name="it") == record


def test_the_page_has_promise_mechanism_and_what_is_outside():
    page = render_page(private_record())
    assert 'id="privacy"' in page
    for words in ("Epsilon 7.99 at delta 2.86e-04", "opacus 1.6.0", "8.16", "500 validation examples &lt;b&gt;"):
        assert words in page
    assert "Of the training examples nothing is told" in page


def test_a_page_of_another_training_says_nothing_of_privacy():
    record = full_record()
    plain = dataclasses.replace(record, training=dataclasses.replace(record.training, privacy=None))
    assert 'id="privacy"' not in render_page(plain)


def test_the_terminal_says_the_same():
    written = io.StringIO()
    print_report(private_record(), file=written)
    said = " ".join(written.getvalue().split())
    assert "privacy: Epsilon 7.99 at delta 2.86e-04, spent on each of 3,500 examples." in said
    assert "outside of the promise: 500 validation examples <b>" in said


def test_a_published_seed_is_said_with_the_promise():
    seeded = dataclasses.replace(BUDGET, noise="seeded")
    assert promise(seeded).endswith("by noise that anyone can compute from the seed.")
    assert list(privacy_lines(None, ())) == []
