"""The most that a recipe may ask for: more is refused as it is read, not after hours or with a full memory."""

from __future__ import annotations

MOST_EXAMPLES = (1 << 31) - 1
"""Of a batch, of a part: positions of examples are 32-bit numbers to more than one library."""

MOST_EPOCHS = 100_000
"""Each leaves a line of the curves, which stay in memory and go into the record and onto the page."""

MOST_RESAMPLES = 100_000
"""The ends of an interval then vary by less than a hundredth of its width; each resample takes the whole part."""

MOST_FOLDS = 100
"""Each is a whole training."""

MOST_THREADS = 1024
"""More than any processor has today; each takes its stack whether it finds work or not."""

MOST_TOKENS = 1 << 16
"""Of a sequence: indices of tokens in a window are 16-bit numbers on chips, and attention grows with the square."""

MOST_STEPS = 1 << 20
"""Of a series, or spectra of a sound."""

MOST_SAMPLES = 60 * 200_000
"""Of a sound: a minute at the highest rate that is read."""

MOST_VOCABULARY = 1 << 20
"""Four times the vocabularies of the largest language models; each token is a row of the table."""

MOST_BANDS = 1 << 10
"""Of a spectrum, and coefficients of it."""

MOST_PIXELS = 1 << 12
"""Of a side of an image, as of images that are read."""

MOST_COMPONENTS = 1 << 16
"""Principal components: no more than there are inputs of the widest networks."""
