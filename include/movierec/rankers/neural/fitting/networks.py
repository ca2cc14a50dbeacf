"""The networks in Keras; `arrays` gives their weights by the names that numpy scores by."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from movierec.rankers.neural.autoencoder import HALF_LIVES
from movierec.rankers.neural.histories import PADDING, Floats, Weights
from movierec.rankers.neural.sequence import EPSILON, FAR, POSITION


class Output(layers.Layer):
    """Scores of all movies; movies begin as popular as they are."""

    def __init__(self, popularity: Floats) -> None:
        """Store the logarithm of each movie's share of the ratings."""
        super().__init__()
        self.popularity = popularity

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the weights."""
        n = len(self.popularity)
        start = keras.initializers.RandomNormal(stddev=0.02)
        self.kernel = self.add_weight(shape=(shape[-1], n), initializer=start)
        self.bias = self.add_weight(shape=(n,), initializer="zeros")
        self.bias.assign(self.popularity)

    def call(self, x: Any) -> Any:
        """Return rows × movies. `matmul`: the gradient of `einsum` takes many times as long here."""
        return tf.matmul(x, self.kernel) + self.bias

    def arrays(self) -> Weights:
        """Return the weights by name."""
        return {"output.kernel": self.kernel.numpy(), "output.bias": self.bias.numpy()}


class Autoencoder(keras.Model):
    """What `autoencoder.scores` computes."""

    def __init__(self, popularity: Floats, width: int) -> None:
        """Make the layers for so many hidden units."""
        super().__init__()
        self.inputs_wide = len(HALF_LIVES) * len(popularity)
        self.kernel = self.add_weight(shape=(self.inputs_wide, width), initializer="glorot_uniform")
        self.bias = self.add_weight(shape=(width,), initializer="zeros")
        self.out = Output(popularity)

    def call(self, cells: Any, values: Any, by_column: Any, rows: Any, training: bool = False) -> Any:
        """Return rows × movies; cells that are 0 are not multiplied, which halves the time of a step."""
        shape, kernel = tf.stack([rows, self.inputs_wide]), tf.convert_to_tensor(self.kernel)
        hidden = tf.tanh(_sparse_product(cells, values, by_column, shape, kernel) + self.bias)
        return self.out(hidden)

    def arrays(self) -> Weights:
        """Return the weights by name."""
        return {"hidden.kernel": self.kernel.numpy(), "hidden.bias": self.bias.numpy(), **self.out.arrays()}


def _sparse_product(cells: Any, values: Any, by_column: Any, shape: Any, kernel: Any) -> Any:
    """Multiply a sparse matrix, given by its cells row by row and their order by columns, by a dense one.

    Both this and its gradient, the product with the transpose, go row by row through compressed rows:
    `tf.sparse.sparse_dense_matmul` gives the same numbers, in five times the time, a third of that of a step.
    """

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def product(kernel: Any) -> Any:
        def gradient(upstream: Any) -> Any:
            cells_of_transpose = tf.reverse(tf.gather(cells, by_column), axis=[1])
            return _times(cells_of_transpose, tf.gather(values, by_column), tf.reverse(shape, axis=[0]), upstream)

        return _times(cells, values, shape, kernel), gradient

    return product(kernel)


def _times(cells: Any, values: Any, shape: Any, dense: Any) -> Any:
    x = tf.raw_ops.SparseTensorToCSRSparseMatrix(indices=cells, values=values, dense_shape=shape)
    return tf.raw_ops.SparseMatrixMatMul(a=x, b=dense)


class Block(layers.Layer):
    """Attention to what came before and a feed-forward layer, each behind a normalisation."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        """Make the layers."""
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_forward = (layers.LayerNormalization(epsilon=float(EPSILON)) for _ in "12")
        self.query, self.key, self.value, self.mix = (layers.Dense(width, use_bias=False) for _ in range(4))
        self.forward, self.back = layers.Dense(2 * width, activation="relu"), layers.Dense(width)
        self.drop = layers.Dropout(dropout)

    def call(self, h: Any, hidden: Any, training: bool = False) -> Any:
        """Add to each position (users × positions × width); `hidden` is `FAR` where one may not look."""
        a = self.before_attention(h)
        query, key, value = (self._split(layer(a)) for layer in (self.query, self.key, self.value))
        scale = 1 / np.sqrt(query.shape[-1]).astype(np.float32)
        attention = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) * scale + hidden)
        mixed = tf.transpose(tf.matmul(attention, value), (0, 2, 1, 3))
        h = h + self.drop(self.mix(tf.reshape(mixed, tf.shape(h))), training=training)
        return h + self.drop(self.back(self.forward(self.before_forward(h))), training=training)

    def _split(self, x: Any) -> Any:
        heads = tf.reshape(x, (-1, x.shape[1], self.heads, x.shape[2] // self.heads))
        return tf.transpose(heads, (0, 2, 1, 3))

    def arrays(self, prefix: str) -> Weights:
        """Return the weights by name."""
        weights_by_name = {
            "attention.scale": self.before_attention.gamma,
            "attention.shift": self.before_attention.beta,
            "query": self.query.kernel,
            "key": self.key.kernel,
            "value": self.value.kernel,
            "mix": self.mix.kernel,
            "forward.scale": self.before_forward.gamma,
            "forward.shift": self.before_forward.beta,
            "forward.kernel": self.forward.kernel,
            "forward.bias": self.forward.bias,
            "back.kernel": self.back.kernel,
            "back.bias": self.back.bias,
        }
        arrays = {f"{prefix}.{name}": weight.numpy() for name, weight in weights_by_name.items()}
        return {**arrays, f"{prefix}.heads": np.array(self.heads)}


class Sequence(keras.Model):
    """What `sequence.scores` computes, at any positions of the sequences."""

    def __init__(
        self, popularity: Floats, levels: int, length: int, width: int, blocks: int, heads: int, dropout: float
    ) -> None:
        """Make the layers."""
        super().__init__()
        # All three begin with the same numbers, row by row: .129 on an inner window of MovieLens 100K (the rating
        # before the last, two seeds) where numbers of their own gave .122.
        start = keras.initializers.RandomNormal(stddev=0.02)
        self.movie = layers.Embedding(len(popularity), width, embeddings_initializer=start)
        self.level = layers.Embedding(levels, width, embeddings_initializer=start)
        self.position = self.add_weight(shape=(length, width), initializer=start)
        self.blocks = [Block(width, heads, dropout) for _ in range(blocks)]
        self.norm = layers.LayerNormalization(epsilon=float(EPSILON))
        self.drop = layers.Dropout(dropout)
        self.out = Output(popularity)
        self.out.build((0, width))  # training reads its weights without calling it
        self.width = width
        self.later = np.triu(np.full((length, length), FAR, np.float32), 1)

    def call(self, movies: Any, levels: Any, rows: Any, training: bool = False) -> Any:
        """Return the scores at these positions (rows × movies of the model)."""
        return self.out(self.hidden(movies, levels, rows, training))

    def hidden(self, movies: Any, levels: Any, rows: Any, training: bool = False) -> Any:
        """Return what is multiplied by the output weights (rows × width) at `rows`, flat indices of `movies`."""
        h = self.drop(self.movie(movies) + self.level(levels) + self.position, training=training)
        padding = tf.cast(levels == PADDING, tf.float32)[:, None, None, :] * FAR
        hidden = tf.maximum(self.later + padding, FAR)
        for block in self.blocks:
            h = block(h, hidden, training=training)
        is_known = tf.gather(tf.reshape(levels, (-1,)), rows) != PADDING
        return self.norm(tf.gather(tf.reshape(h, (-1, self.width)), rows)) * tf.cast(is_known, tf.float32)[:, None]

    def arrays(self) -> Weights:
        """Return the weights by name."""
        weights_by_name = {
            "movie": self.movie.embeddings,
            "level": self.level.embeddings,
            POSITION: self.position,
            "norm.scale": self.norm.gamma,
            "norm.shift": self.norm.beta,
        }
        blocks = [block.arrays(f"block{number}") for number, block in enumerate(self.blocks)]
        merged = {name: value for arrays in blocks for name, value in arrays.items()}
        return {**{name: weight.numpy() for name, weight in weights_by_name.items()}, **merged, **self.out.arrays()}
