"""What a table of a source must look like, and what happens when it does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from movierec.errors import SourceError


@dataclass(frozen=True)
class Contract:
    """Columns that a table must have. A new column is kept beside them; a missing one stops the source.

    Attributes:
        table: name in the layers raw and staging.
        columns: required columns under the source's names, in the order of `raw.<table>`.
        key: columns that tell one row from another and give a database table its order.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    def check(self, where: str, seen: Sequence[str]) -> None:
        """Compare the columns that came with the ones that must.

        Raises:
            SourceError: required columns are missing, or a name stands twice.
        """
        missing = [column for column in self.columns if column not in seen]
        if missing:
            raise SourceError(
                f"{where}: column {', '.join(missing)} is missing; "
                f"seen: {', '.join(seen) or 'nothing'}; required: {', '.join(self.columns)}"
            )
        if len(set(seen)) < len(seen):
            raise SourceError(f"{where}: a column name stands twice; seen: {', '.join(seen)}")


RATINGS = Contract("ratings", ("user_id", "item_id", "rating", "timestamp"), ("user_id", "item_id"))
MOVIES = Contract("movies", ("item_id", "movie_title", "release_year", "class"), ("item_id",))
MOVIE_LINK = Contract("movie_link", ("item_id", "entity_id"), ("item_id",))
GRAPH = Contract("graph", ("head_id", "relation_id", "tail_id"), ("head_id", "relation_id", "tail_id"))
USER_PROFILE = Contract("user_profile", ("user_id", "age", "gender", "occupation", "zip_code"), ("user_id",))
FEEDBACK_EVENT = Contract(
    "feedback_event", ("event_id", "user_id", "movie_id", "kind", "value", "created_at"), ("event_id",)
)
