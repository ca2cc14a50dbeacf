"""The scale of a source's ratings, as the ratings themselves show it.

A piece carries its scale (`Piece.scale`) to its slice (`ops.slice.scale_low`, `scale_high`), where
`staging.ratings_typed` finds it to map each rating to the scale of core (`ops.as_stars`).
"""

import re
from collections.abc import Sequence

from movierec.data.columns import RATING_SCALE
from movierec.sources.table_contracts import RATINGS
from movierec.sources.text.encoding import decode
from movierec.sources.text.records import Dialect

Scale = tuple[float, float]  # lowest and highest rating

_NUMBER = re.compile(r"\s*-?\d+(?:\.\d*)?\s*")


def likely_scale(names: Sequence[str], lines: Sequence[bytes], dialect: Dialect) -> Scale:
    """Return the scale of the ratings in these lines: up to 5, unless more than half of them lie above."""
    at = RATINGS.resolve(names).index("rating")
    rows = [decode(line, is_western=True)[0].split(dialect.delimiter) for line in lines]
    values = [float(row[at]) for row in rows if len(row) > at and _NUMBER.fullmatch(row[at])]
    for above, scale in ((10.0, (0.0, 100.0)), (5.0, (1.0, 10.0))):
        if sum(value > above for value in values) * 2 > len(values):
            return scale
    return RATING_SCALE
