"""A module whose steps depend on the values in its tensors: what that line does, and what to write instead."""

from __future__ import annotations

import re

_FAULTS = re.compile(
    r"data-dependent|unbacked|GuardOnDataDependent|\.numpy\(\) is not supported|Could not extract specialized integer"
)
"""What torch.export says where it would have to know a value."""

_SAME = "a chip does the same steps for every input"
_ADVICE = (
    (
        r"^(if|elif)\b|\bif\b.*\belse\b",
        f"it decides by the values in a tensor, and {_SAME}; compute both, choose with torch.where(condition, a, b), "
        "or decide outside of the network",
    ),
    (
        r"^while\b",
        f"it repeats as often as the values in a tensor say, and {_SAME}; repeat a fixed number of times, and keep "
        "what is done with torch.where",
    ),
    (r"^assert\b", "it looks at the values in a tensor; take the assert out, or check the inputs before the network"),
    (
        r"^for\b",
        f"it goes over the values in a tensor, and {_SAME}; repeat a fixed number of times (range of a shape), or "
        "compute on the whole tensor at once",
    ),
    (r"\.numpy\(\)", "it leaves PyTorch for numpy; do the same with functions of torch"),
    (
        r"nonzero|masked_select|\.unique|argwhere",
        "how many elements it gives depends on the values in a tensor; keep all, and weigh them by the mask: "
        "x * (x > 0), or torch.where(mask, x, 0)",
    ),
    (
        r"\blen\(|\.numel\(|\.size\(",
        "it uses a size that depends on the values in a tensor; count with mask.sum(), and go on with the tensor",
    ),
    (
        r"\.item\(|\.tolist\(|\bint\(|\bfloat\(|\bbool\(",
        "it takes Python's number out of a tensor; go on with the tensor itself (x.max() instead of x.max().item())",
    ),
)
"""What stands in a line, and what is said of it."""
_OTHERWISE = (
    f"it depends on the values in a tensor, and {_SAME}; keep to tensors: torch.where instead of if, masks instead of "
    "choosing elements"
)


def depends_on_values(reason: str) -> bool:
    """Whether PyTorch's reason is that it would have to know a value."""
    return _FAULTS.search(reason) is not None


def advise(line: str) -> str:
    """What the user's line does with values, and what to write instead, in a sentence."""
    code = line.strip()
    return next((advice for pattern, advice in _ADVICE if re.search(pattern, code)), _OTHERWISE)
