"""For whom the rankers are good: viewers by how much was known of them."""

import pandas as pd

from movierec.plots.results import TrainingResults
from movierec.plots.style import BLUE, FAINT, GREEN, GREY, INK, ORANGE, SMALL, TEXT, figure, label, png, spread_labels
from movierec.text_table import readable

ORDER = ("newcomer", "cold", "low", "medium", "high")  # the first word of `strata.strata`'s names
EXPLANATION = (
    "Mean NDCG@10 of every ranker by the number of ratings that were known of a viewer. Groups of fewer than ten "
    "viewers are not shown. Compare rankers within a group: groups differ in how much there is to find."
)


def draw(results: TrainingResults) -> tuple[str, str, bytes] | None:
    """Show NDCG@10 by activity: the best ranker, the best of the others and popularity in colour, the rest in grey."""
    strata = results.strata("ndcg", "activity")
    groups = sorted(strata["stratum"].unique(), key=lambda name: ORDER.index(name.split(" ")[0]))
    if len(groups) < 2:  # noqa: PLR2004
        return None
    values = strata.pivot_table(index="ranker", columns="stratum", values="value")[groups].dropna()
    ranking = [name for name in results.totals("ndcg")["ranker"] if name in values.index]
    if not ranking:
        return None
    values = values.loc[ranking]
    title = _title(values)
    picture, axes = figure(max(4.6, 0.27 * len(values) + 2.2))
    top = float(values.to_numpy().max())
    colours = _colours(ranking)
    heights = spread_labels(values[groups[-1]].tolist(), top * 1.1 / max(16, len(values) + 2))
    for (name, row), height in zip(values.iterrows(), heights, strict=True):
        colour, is_named = colours.get(str(name), GREY), str(name) in colours
        axes.plot(row.to_list(), "o-", color=colour, linewidth=2.8 if is_named else 1.2, zorder=2 + is_named)
        start = len(groups) - 1
        axes.plot([start + 0.03, start + 0.1], [row.iloc[-1], height], color=colour, linewidth=0.7)
        text = f"{str(name).replace('_', ' ')} {row.iloc[-1]:.3f}"
        axes.text(start + 0.12, height, text, va="center", fontsize=SMALL, color=colour if is_named else INK)
    users = strata.drop_duplicates("stratum").set_index("stratum")["users"]
    axes.set_xticks(range(len(groups)), [_tick(name, int(users[name])) for name in groups])
    axes.set_xlim(-0.2, len(groups) - 1 + 0.22 * len(groups))
    axes.set_ylim(0, max(top, *heights) * 1.06)
    axes.grid(axis="y", color=FAINT)
    label(axes, title, "Viewers by known ratings", "NDCG@10 (0 to 1, more is better)")
    axes.tick_params(axis="y", labelsize=TEXT)
    return title, EXPLANATION, png(picture)


def _title(values: pd.DataFrame) -> str:
    best = values.index[0]
    leaders = {str(group): values[group].idxmax() for group in values}
    others = [f"{name} for {group.split(' (')[0]}" for group, name in leaders.items() if name != best]
    title = f"{best} is ahead overall, {' and '.join(others)} activity" if others else f"{best} is ahead in every group"
    return readable(title)


def _colours(ranking: list[str]) -> dict[str, str]:
    named = dict(zip(ranking[:2], (BLUE, ORANGE), strict=False))
    return {**named, **({"popularity": GREEN} if "popularity" in ranking[2:] else {})}


def _tick(name: str, users: int) -> str:
    return f"{name.replace(' (', chr(10)).rstrip(')')}\n{users:,} viewers"
