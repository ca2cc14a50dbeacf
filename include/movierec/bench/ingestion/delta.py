"""What one more night brings: ratings that are new, ratings that changed, and ratings that came too late to count."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from movierec.bench.ingestion.ratings import (
    BAD_ONE_IN,
    HEADER,
    LAST,
    MEDIAN_RATINGS,
    Block,
    blocks,
    movie_ids,
    write_block,
)
from movierec.data.arrays import Ints

NAME = "ratings-delta.csv"
_PAIR = 1 << 20  # a viewer and a movie as one number: above every movie id


@dataclass(frozen=True)
class Shares:
    """How many rows of a night are of which kind.

    Attributes:
        new: of a viewer and movie without a rating so far.
        changed: a later rating than the one there is, with other stars.
        late: an earlier rating than the one there is, which changes nothing.
    """

    new: int
    changed: int
    late: int

    @classmethod
    def of(cls, rows: int) -> "Shares":
        """Divide so many rows: 60 % are new, 30 % changed and 10 % late."""
        return cls(rows - rows * 3 // 10 - rows // 10, rows * 3 // 10, rows // 10)


def write(folder: Path, base_rows: int, rows: int, seed: int = 1) -> Shares:
    """Write `ratings-delta.csv` beside the `ratings.csv` of so many rows and return how its rows are made up."""
    shares = Shares.of(rows)
    generator = np.random.default_rng([seed, 2])
    known, unrated = _pick(base_rows, shares, seed, generator)
    changed, late = known[: shares.changed], known[shares.changed :]
    tonight = LAST + generator.integers(0, 86_400, rows)
    other = np.where(changed.half_stars < 10, changed.half_stars + 1, 9)  # noqa: PLR2004 - five stars
    stars = generator.choice(known.half_stars, shares.new)
    with (folder / NAME).open("wb") as file:
        file.write(HEADER)
        write_block(file, Block(unrated // _PAIR, unrated % _PAIR, stars, tonight[: shares.new]))
        write_block(file, Block(changed.user_id, changed.movie_id, other, tonight[-len(changed) :]))
        write_block(file, Block(late.user_id, late.movie_id, late.half_stars, late.rated_at - 86_400))
    return shares


def _pick(base_rows: int, shares: Shares, seed: int, generator: np.random.Generator) -> tuple[Block, Ints]:
    """Return ratings that exist, none of them a bad row, in random order, and pairs of viewer and movie that do not."""
    ids = movie_ids(seed)
    positions = np.arange(base_rows)
    positions = positions[positions % BAD_ONE_IN != BAD_ONE_IN - 1]
    picked = np.sort(generator.choice(positions, shares.changed + shares.late, replace=False))
    existing: list[Block] = []
    unrated: list[Ints] = []
    start = user_id = 0
    for block in blocks(base_rows, seed):
        existing.append(block[picked[(picked >= start) & (picked < start + len(block))] - start])
        drawn = generator.choice(block.user_id, len(block) * shares.new // base_rows) * _PAIR
        drawn += generator.choice(ids, len(drawn))
        unrated.append(np.setdiff1d(drawn, block.user_id * _PAIR + block.movie_id))
        start += len(block)
        user_id = int(block.user_id[-1])
    # What is missing comes from viewers who have not rated before.
    extra = np.arange(shares.new)
    unrated.append((user_id + 1 + extra // MEDIAN_RATINGS) * _PAIR + ids[extra % MEDIAN_RATINGS])
    return _concatenate(existing)[generator.permutation(len(picked))], np.concatenate(unrated)[: shares.new]


def _concatenate(parts: list[Block]) -> Block:
    columns = ("user_id", "movie_id", "half_stars", "rated_at")
    return Block(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))
