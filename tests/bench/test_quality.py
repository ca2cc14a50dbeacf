import pandas as pd
import pytest
from upath import UPath

from movierec.bench.ingestion import __main__ as ingest
from movierec.bench.ingestion import report
from movierec.bench.page import write_section
from movierec.bench.quality import __main__ as quality
from movierec.bench.quality import data
from movierec.bench.quality import report as quality_report
from movierec.bench.quality.protocols import PROTOCOLS
from movierec.data.splits import part_sizes
from movierec.errors import SourceError
from movierec.rankers import registry
from tests import movielens, tastes

NAMES = ("popularity", "item_knn", "ease")


@pytest.fixture(scope="module")
def dataset():
    return tastes.dataset()


@pytest.fixture
def taken(monkeypatch, dataset):
    """Let every protocol work on the generated dataset."""
    for name in data.DATASETS:
        monkeypatch.setitem(data.DATASETS, name, lambda home: dataset)


def pairs(frame):
    return set(zip(frame["user_id"], frame["movie_id"], strict=True))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_under_every_protocol_nothing_that_is_asked_about_is_known(dataset, name):
    split = PROTOCOLS[name].split(dataset, 1)
    served = split.known if split.fold_in is None else split.fold_in
    assert not pairs(split.test) & pairs(served.ratings)
    assert not pairs(split.test) & pairs(split.known.ratings)
    if split.valid is not None:
        assert pairs(split.exclude) == pairs(split.valid)
        assert not pairs(split.valid) & (pairs(split.known.ratings) | pairs(split.test))


def test_recboles_default_learns_from_four_fifths_and_likes_everything(dataset):
    split = PROTOCOLS["recbole"].split(dataset, 1)
    assert split.known.relevant_from is None
    assert [len(part) / len(dataset.ratings) for part in (split.known.ratings, split.valid, split.test)] == [
        0.8,
        0.1,
        0.1,
    ]


def test_under_strong_generalisation_nobody_who_is_asked_was_learned_from(dataset):
    split = PROTOCOLS["strong"].split(dataset, 1)
    assert not set(split.test["user_id"]) & set(split.known.ratings["user_id"])
    assert set(split.test["user_id"]) == set(split.fold_in.ratings["user_id"])


@pytest.mark.parametrize("name", ["leave-one-out", "ml-1m-leave-one-out", "ml-1m-leave-one-out-shuffled"])
def test_leave_one_out_asks_everybody_for_their_last_rating(dataset, name):
    split = PROTOCOLS[name].split(dataset, 1)
    assert split.known.relevant_from is None
    assert split.test["user_id"].is_unique
    assert set(split.test["user_id"]) == set(dataset.ratings["user_id"])
    last = dataset.ratings.groupby("user_id")["rated_at"].max()
    assert (split.test.set_index("user_id")["rated_at"] == last).all()
    assert split.known.ratings["rated_at"].max() > split.test["rated_at"].min()  # others' later ratings are known


@pytest.mark.parametrize("name", ["leave-one-out-global", "ml-1m-leave-one-out-global"])
def test_its_global_variant_learns_from_nobodys_future(dataset, name):
    split = PROTOCOLS[name].split(dataset, 1)
    assert split.test["user_id"].is_unique
    assert split.known.ratings["rated_at"].max() < split.test["rated_at"].min()
    assert set(split.fold_in.ratings["user_id"]) <= set(split.test["user_id"])


def test_movielens_1m_is_split_by_each_users_time_and_by_everybodys(dataset):
    each, everybody = (PROTOCOLS[name].split(dataset, 1) for name in ("ml-1m-per-user", "ml-1m-global"))
    assert each.known.relevant_from == everybody.known.relevant_from == 4
    last_known = each.known.ratings.groupby("user_id")["rated_at"].max()
    first_asked = each.test.groupby("user_id")["rated_at"].min()
    assert (last_known.reindex(first_asked.index) <= first_asked).all()
    assert everybody.known.ratings["rated_at"].max() < everybody.test["rated_at"].min()
    assert len(everybody.test) <= 0.2 * len(dataset.ratings)


@pytest.mark.parametrize("name", ["recbole", "ml-1m-random"])
def test_a_random_split_keeps_validation_rows_from_models_and_lists(dataset, name):
    split = PROTOCOLS[name].split(dataset, 1)
    assert split.known.relevant_from is None
    shares = [len(part) / len(dataset.ratings) for part in (split.known.ratings, split.valid, split.test)]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
    parts = pd.concat([split.known.ratings, split.valid, split.test])
    assert not parts.duplicated(["user_id", "movie_id"]).any()
    assert split.exclude.to_numpy().tolist() == split.valid[["user_id", "movie_id"]].to_numpy().tolist()


def test_recboles_table_of_movielens_1m_is_of_the_ten_core_of_positive_ratings(dataset):
    split = PROTOCOLS["ml-1m-recbole"].split(dataset, 1)
    parts = pd.concat([split.known.ratings, split.valid, split.test])
    assert split.known.relevant_from is None
    assert parts["rating"].min() == 3
    assert min(parts[column].value_counts().min() for column in ("user_id", "movie_id")) >= 10
    assert not parts.duplicated(["user_id", "movie_id"]).any()
    sizes = parts.groupby("user_id").size().to_numpy()
    assert [len(part) for part in (split.valid, split.test)] == [
        part_sizes(sizes, (8, 1, 1))[:, n].sum() for n in (1, 2)
    ]


def test_protocols_that_take_hours_are_measured_only_if_they_are_named():
    by_default = quality._parser().parse_args([]).only
    assert [name for name in PROTOCOLS if name not in by_default] == [
        "ml-1m-random",
        "ml-1m-recbole",
        "ml-1m-per-user",
        "ml-1m-global",
        "ml-1m-leave-one-out",
        "ml-1m-leave-one-out-global",
        "ml-1m-leave-one-out-shuffled",
    ]
    assert quality._parser().parse_args(["--only", "ml-1m-global"]).only == ["ml-1m-global"]


def test_the_table_has_the_mean_over_seeds_and_what_was_published_beside_it(dataset, tmp_path):
    protocol = PROTOCOLS["recbole"]
    measurements = quality.run(protocol, dataset, (1, 2), NAMES, 0, UPath(tmp_path))
    each = [measurements[seed]["ease"].values["ndcg"].mean() for seed in (1, 2)]
    lines = quality_report.lines(protocol, measurements, dataset, 0)
    (row,) = [line for line in lines if line.startswith("| ease ")]
    cells = row.strip("| ").split(" | ")
    assert cells[1:4] == [f"{sum(each) / 2:.4f}", f"{each[0]:.4f}", f"{each[1]:.4f}"]
    assert cells[5:] == ["0.3302", "0.2772"]
    assert "| MultiVAE (published) | – | – | – | – | 0.3034 | 0.2664 |" in lines


def test_the_hybrids_lead_is_told_with_interval_and_adjusted_chance(dataset, tmp_path):
    protocol = PROTOCOLS["per-user"]
    measurements = quality.run(protocol, dataset, (1,), NAMES, 0, UPath(tmp_path))
    # Whoever stands where the hybrid does is compared: popularity here, which is quick.
    by_ranker = {"ease": measurements[1]["ease"], "hybrid": measurements[1]["popularity"]}
    lines = quality_report.lines(protocol, {1: by_ranker}, dataset, 0)
    (sentence,) = [line for line in lines if line.startswith("The hybrid over EASE: ")]
    lead = by_ranker["hybrid"].values["ndcg"].mean() - by_ranker["ease"].values["ndcg"].mean()
    assert f"{lead / by_ranker['ease'].values['ndcg'].mean():+.1%}" in sentence
    assert any(f"{lead:+.4f} (" in line for line in lines if line.startswith("| ease "))


def test_a_bench_that_was_stopped_goes_on_where_it_was(dataset, tmp_path, monkeypatch):
    protocol, folder = PROTOCOLS["per-user"], UPath(tmp_path)
    first = quality.run(protocol, dataset, (1,), NAMES[:2], 0, folder)
    measured = []
    measure = quality.measure
    monkeypatch.setattr(quality, "measure", lambda *args: measured.append(args[2]) or measure(*args))
    second = quality.run(protocol, dataset, (1,), NAMES, 0, folder)
    assert measured == ["ease"]
    for name in NAMES[:2]:
        pd.testing.assert_frame_equal(first[1][name].values, second[1][name].values)


def test_plain_rankers_are_tuned_with_as_many_trials_as_were_asked_for(dataset, tmp_path):
    measurements = quality.run(PROTOCOLS["recbole"], dataset, (1,), ["item_knn"], 2, UPath(tmp_path))
    assert measurements[1]["item_knn"].facts["trials"] == 2
    assert "2 trials each" in "\n".join(quality_report.lines(PROTOCOLS["recbole"], measurements, dataset, 2))


def test_a_learned_ranker_cuts_its_windows_as_the_protocol_splits(dataset, tmp_path, monkeypatch):
    made = []
    create = registry.RANKERS["popularity"]

    class Windowed(create):
        name = "hybrid"

        def __init__(self, *, windows: str = "time") -> None:
            super().__init__()
            made.append(windows)

    monkeypatch.setitem(registry.RANKERS, "hybrid", Windowed)
    for name in ("recbole", "per-user"):
        quality.run(PROTOCOLS[name], dataset, (1,), ["hybrid"], 0, UPath(tmp_path))
    assert made == ["random", "time"]


def test_each_table_is_written_between_its_markers_and_the_rest_of_the_page_stays(taken, tmp_path, monkeypatch, capsys):
    page = tmp_path / "benchmarks.md"
    write_section(page, report.HEADING, ["seconds of a night"])
    monkeypatch.setattr(quality, "PAGE", page)
    monkeypatch.setattr(quality, "ROOT", tmp_path)
    arguments = ["--rankers", "popularity", "--seeds", "1", "--write"]
    for only in ("strong", "recbole", "strong"):
        assert quality.main([*arguments, "--only", only]) == 0
    text = page.read_text(encoding="utf-8")
    assert "seconds of a night" in text
    assert [text.count(f"### {PROTOCOLS[name].title}\n") for name in ("recbole", "strong", "global")] == [1, 1, 0]
    assert text.index(PROTOCOLS["recbole"].title) < text.index(PROTOCOLS["strong"].title)
    write_section(page, report.HEADING, ["other seconds"])
    assert f"### {PROTOCOLS['strong'].title}" in page.read_text(encoding="utf-8")
    assert "| popularity |" in capsys.readouterr().out


def test_a_dataset_that_is_missing_is_told_and_the_other_protocols_go_on(taken, monkeypatch, capsys):
    def missing(home):
        raise SourceError("ml-latest-small is missing")

    monkeypatch.setitem(data.DATASETS, "ml-latest-small", missing)
    assert quality.main(["--rankers", "popularity", "--only", "latest-small,per-user"]) == 1
    printed = capsys.readouterr()
    assert "latest-small is skipped: ml-latest-small is missing" in printed.err
    assert PROTOCOLS["per-user"].title in printed.out


def test_a_folder_comes_through_the_warehouse_once(tmp_path, monkeypatch):
    folder = movielens.generate(tmp_path / "data", users=20, movies=30, each=10)
    first = data.through_warehouse(folder, {}, tmp_path / "place")
    assert len(first.ratings) == 200
    monkeypatch.setattr(data, "server", None)
    again = data.through_warehouse(folder, {}, tmp_path / "place")
    pd.testing.assert_frame_equal(first.ratings, again.ratings)


def test_ratings_of_one_second_come_through_the_warehouse_in_the_order_of_their_file(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "SHARED", tmp_path)
    folder = movielens.generate(tmp_path / "ml-1m", users=20, movies=30, each=10)
    (file,) = folder.glob("*.inter")
    header, *rows = file.read_text().splitlines()
    file.write_text("\n".join([header, *(row.rpartition("\t")[0] + "\t978300019" for row in rows)]))
    known = data.ml_1m_in_source_order(tmp_path / "home").ratings.sort_values(["user_id", "rated_at"])
    pairs = zip(known["user_id"], known["movie_id"], strict=True)
    assert [f"{user}\t{movie}" for user, movie in pairs] == [row.rsplit("\t", 2)[0] for row in rows]
    assert set(known["rated_at"].dt.floor("s").astype("int64")) == {978_300_019_000_000}


def test_a_dataset_from_beside_the_project_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "SHARED", tmp_path)
    with pytest.raises(SourceError, match="ml-1m is missing; this dataset is read from there"):
        data.ml_1m(tmp_path / "home")


def test_an_unknown_protocol_is_refused_with_what_is_allowed(capsys):
    with pytest.raises(SystemExit):
        quality.main(["--only", "guess"])
    assert "allowed are recbole, per-user, global, latest-small, strong" in capsys.readouterr().err


def test_the_benches_share_one_page():
    assert quality.PAGE == ingest.PAGE
