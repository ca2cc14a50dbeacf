"""The compiled loop of a weighted sum of standardised features."""

import numpy as np

from movierec.kernels.parallel import compiled

ROWS_AT_ONCE = 1024  # whose sums fit the first-level cache


@compiled
def add_standardised(start, stop, matrix, mean, scale, weights, bound, sums):  # type: ignore[no-untyped-def]
    """Add Σ weight · clip((x - mean) / scale, -bound, bound) over the features to the sum of every row.

    Rows are blocks of `ROWS_AT_ONCE`. What is unknown (NaN) adds nothing, as if it were the mean; a feature whose
    weight is 0 is not read.
    """
    for first in range(start * ROWS_AT_ONCE, min(stop * ROWS_AT_ONCE, len(matrix)), ROWS_AT_ONCE):
        last = min(first + ROWS_AT_ONCE, len(matrix))
        for feature in range(len(weights)):
            weight, middle, factor = weights[feature], mean[feature], 1 / scale[feature]
            if weight == 0:
                continue
            for row in range(first, last):
                deviation = (matrix[row, feature] - middle) * factor
                deviation = min(max(deviation, -bound), bound)
                sums[row] += weight * deviation if deviation == deviation else np.float32(0)  # noqa: PLR0124 (NaN)
