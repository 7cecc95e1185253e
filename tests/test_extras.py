"""What a missing package says: the task, the package, and a command that mends it in every shell."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.extras import require_package


def test_a_package_that_is_there_is_no_matter():
    require_package("numpy", extra=None, task="count")


@pytest.mark.parametrize(
    ("extra", "distribution", "message"),
    [
        ("onnx", None, "cannot read net.onnx: no_such is not installed; mend: pip install 'chipsmith[onnx]'"),
        ("onnx", "no-such", "cannot read net.onnx: no-such is not installed; mend: pip install 'chipsmith[onnx]'"),
        (None, None, "cannot read net.onnx: no_such is not installed; mend: pip install no_such"),
    ],
)
def test_a_missing_package_is_named_with_its_mend(extra, distribution, message):
    with pytest.raises(BadInput) as refusal:
        require_package("no_such", extra=extra, task="read net.onnx", distribution=distribution)
    assert str(refusal.value) == message
