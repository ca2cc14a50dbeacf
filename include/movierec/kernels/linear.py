"""The compiled loops of models on standardised features: a weighted sum, and a hidden layer."""

import numpy as np

from movierec.kernels.parallel import compiled

ROWS_AT_ONCE = 1024  # whose sums fit the first-level cache
TILE = 4  # features and units of a hidden layer that are multiplied at a time
TILE_ROWS = 128  # for so many rows


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

    Four features and four units are taken at a time, for 128 rows: sixteen products for the eight numbers that they
    need, which takes less than half the time of one product after the other.
    """
    features, units = kernel.shape
    weights = np.zeros((features + -features % TILE, units + -units % TILE), np.float32)
    weights[:features, :units] = kernel
    values = np.zeros((len(weights), TILE_ROWS), np.float32)
    hidden = np.empty((TILE, TILE_ROWS), np.float32)
    h0, h1, h2, h3 = hidden[0], hidden[1], hidden[2], hidden[3]
    total = np.empty(TILE_ROWS, np.float32)
    end = min(stop * ROWS_AT_ONCE, len(matrix))
    for first in range(start * ROWS_AT_ONCE, end, TILE_ROWS):
        rows = min(TILE_ROWS, end - first)
        for feature in range(features):
            column, middle, factor = columns[feature], mean[feature], 1 / scale[feature]
            for row in range(rows):
                deviation = (matrix[first + row, column] - middle) * factor
                deviation = min(max(deviation, -bound), bound)
                values[feature, row] = deviation if deviation == deviation else np.float32(0)  # noqa: PLR0124 (NaN)
        total[:] = 0
        for u in range(0, units, TILE):
            hidden[:] = 0
            for f in range(0, features, TILE):
                x0, x1, x2, x3 = values[f], values[f + 1], values[f + 2], values[f + 3]
                a0, a1, a2, a3 = weights[f, u], weights[f + 1, u], weights[f + 2, u], weights[f + 3, u]
                b0, b1, b2, b3 = weights[f, u + 1], weights[f + 1, u + 1], weights[f + 2, u + 1], weights[f + 3, u + 1]
                c0, c1, c2, c3 = weights[f, u + 2], weights[f + 1, u + 2], weights[f + 2, u + 2], weights[f + 3, u + 2]
                d0, d1, d2, d3 = weights[f, u + 3], weights[f + 1, u + 3], weights[f + 2, u + 3], weights[f + 3, u + 3]
                for row in range(TILE_ROWS):
                    v0, v1, v2, v3 = x0[row], x1[row], x2[row], x3[row]
                    h0[row] += v0 * a0 + v1 * a1 + v2 * a2 + v3 * a3
                    h1[row] += v0 * b0 + v1 * b1 + v2 * b2 + v3 * b3
                    h2[row] += v0 * c0 + v1 * c1 + v2 * c2 + v3 * c3
                    h3[row] += v0 * d0 + v1 * d1 + v2 * d2 + v3 * d3
            for unit in range(u, min(u + TILE, units)):
                for row in range(TILE_ROWS):
                    total[row] += max(hidden[unit - u, row] + bias[unit], np.float32(0)) * output[unit]
        for row in range(rows):
            sums[first + row] += total[row]
