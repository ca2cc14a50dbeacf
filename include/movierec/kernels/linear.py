"""The compiled loops of models on standardised features: a weighted sum, and a hidden layer."""

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


@compiled
def add_hidden_layer(start, stop, matrix, columns, mean, scale, kernel, bias, output, bound, sums):  # type: ignore[no-untyped-def]
    """Add Σ output · max(0, bias + Σ kernel · clip((x - mean) / scale, -bound, bound)) to the sum of every row.

    Rows are blocks of `ROWS_AT_ONCE`; features are these columns. What is unknown (NaN) adds nothing, as if it were the
    mean. A row's sum does not depend on the rows beside it, as it may where BLAS multiplies.
    """
    hidden = np.empty(len(bias), np.float32)
    for row in range(start * ROWS_AT_ONCE, min(stop * ROWS_AT_ONCE, len(matrix))):
        hidden[:] = bias
        for feature in range(len(mean)):
            deviation = (matrix[row, columns[feature]] - mean[feature]) / scale[feature]
            deviation = min(max(deviation, -bound), bound)
            if deviation == deviation:  # noqa: PLR0124 (NaN)
                for unit in range(len(hidden)):
                    hidden[unit] += deviation * kernel[feature, unit]
        for unit in range(len(hidden)):
            sums[row] += max(hidden[unit], np.float32(0)) * output[unit]
