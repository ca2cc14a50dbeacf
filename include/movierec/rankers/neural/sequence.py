"""The sequence model in numpy: self-attention over a user's last ratings.

SASRec (Kang and McAuley, "Self-attentive sequential recommendation", ICDM 2018) with the normalisation before each
sub-layer, what the user said of a movie added to the movie, and output weights of their own. Only the last position of
a sequence is scored, so the last block works for that one alone.
"""

import numpy as np

from movierec.rankers.neural.histories import PADDING, Arrays, Floats, Histories, Ints

FAR = np.float32(-1e9)  # what padding adds to an attention weight
EPSILON = np.float32(1e-5)
POSITION = "place"  # the name of the position embedding in saved models


def latest_ratings(histories: Histories, length: int) -> tuple[Ints, Ints]:
    """Return the movies and levels of the last ratings (users × length each), `PADDING` before the first one."""
    sizes = np.diff(histories.starts)
    positions = histories.positions - np.repeat(sizes, sizes) + length
    kept = positions >= 0
    movies, levels = np.zeros((2, len(sizes), length), np.int64)
    movies[histories.users[kept], positions[kept]] = histories.movies[kept]
    levels[histories.users[kept], positions[kept]] = histories.levels[kept]
    return movies, levels


def scores(weights: Arrays, histories: Histories) -> Floats:
    """Score all movies of the model for whole histories (users × movies)."""
    movies, levels = latest_ratings(histories, len(weights[POSITION]))
    # who liked more than anybody that was learned from is read as having liked as much
    h = weights["movie"][movies] + weights["level"][np.minimum(levels, len(weights["level"]) - 1)] + weights[POSITION]
    blocks = sum(name.endswith(".query") for name in weights)
    for block in range(blocks):
        own = {name.partition(".")[2]: value for name, value in weights.items() if name.startswith(f"block{block}.")}
        h = _block(own, h, levels == PADDING, is_last=block == blocks - 1)
    h = _normalise(h[:, -1], weights["norm.scale"], weights["norm.shift"])
    h[levels[:, -1] == PADDING] = 0  # nothing is known of the user: what is popular
    return np.asarray(h @ weights["output.kernel"] + weights["output.bias"], np.float32)


def _block(own: Arrays, h: Floats, is_padding: np.ndarray, is_last: bool) -> Floats:
    """Add attention and the feed-forward layer; the last block returns the last position alone."""
    a = _normalise(h, own["attention.scale"], own["attention.shift"])
    h = h[:, -1:] if is_last else h
    key, value = a @ own["key"], a @ own["value"]
    query = a[:, -h.shape[1] :] @ own["query"]
    h = h + _attention(query, key, value, is_padding, int(own["heads"])) @ own["mix"]
    f = _normalise(h, own["forward.scale"], own["forward.shift"])
    f = np.maximum(f @ own["forward.kernel"] + own["forward.bias"], 0)
    return np.asarray(h + f @ own["back.kernel"] + own["back.bias"], np.float32)


def _attention(query: Floats, key: Floats, value: Floats, is_padding: np.ndarray, heads: int) -> Floats:
    """Let each position look at itself and those before it (users × positions × width)."""
    split = [x.reshape(len(x), x.shape[1], heads, -1).transpose(0, 2, 1, 3) for x in (query, key, value)]
    query, key, value = split
    logits = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(query.shape[-1]))
    queries, keys = logits.shape[2:]
    is_later = np.arange(keys) > np.arange(keys - queries, keys)[:, None]
    logits = logits + FAR * (is_later | is_padding[:, None, None, :])
    logits = np.exp(logits - logits.max(axis=-1, keepdims=True))
    mixed = logits / logits.sum(axis=-1, keepdims=True) @ value
    return np.asarray(mixed.transpose(0, 2, 1, 3).reshape(len(mixed), queries, -1), np.float32)


def _normalise(x: Floats, scale: Floats, shift: Floats) -> Floats:
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
    return np.asarray(centred / spread * scale + shift, np.float32)
