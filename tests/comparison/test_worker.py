"""One ranker's part of an evaluation, run in this process: odd data gives right answers or one sentence."""

from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from movierec.comparison import worker
from movierec.comparison.inputs import Files, read_inputs
from movierec.comparison.work_folder import Task, WorkFolder
from movierec.data.dataset import Dataset
from movierec.errors import ModelError, MovierecError
from movierec.features.content import MovieFeatures
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.reranking.candidates import CandidateGenerator
from movierec.rankers.slit import SLIT

TASK = {"ks": [3], "exclude_seen": True, "trials": 0, "seed": 1, "fixed": {"windows": "time", "seed": 1}}
QUICK = ("popularity", "item_knn", "user_knn", "ease", "content")


def prepared(folder: Path, task: dict[str, Any] | None = None, **texts: str) -> WorkFolder:
    paths = {}
    for table, text in texts.items():
        paths[table] = folder / f"{table}.csv"
        paths[table].write_text(f"user_id,movie_id,rating,timestamp\n{text}\n", encoding="utf-8")
    inputs = read_inputs(Files(**paths), 4.0, "auto", exclude_seen=True)
    work = WorkFolder(UPath(folder / "work"))
    work.path.mkdir()
    work.write_inputs(inputs, Task(**{**TASK, **(task or {})}))
    return work


def result_of(folder: Path, name: str, task: dict[str, Any] | None = None, **texts: str) -> dict[str, Any]:
    return worker.run(prepared(folder, task, **texts).read_inputs(), name).result


ODD = {
    "a user with one rating": ("1,10,5,1\n2,10,4,2\n2,20,5,3", "1,20,5,9"),
    "all ratings equal": ("1,10,4,1\n1,20,4,2\n2,10,4,3\n2,30,4,4", "1,30,4,9"),
    "one movie": ("1,10,5,1", "2,10,5,2"),
    "fewer movies than k": ("1,10,5,1\n2,20,5,1", "1,20,5,2"),
    "no times": ("1,10,5,\n2,20,5,\n2,10,4,", "1,20,5,"),
}


@pytest.mark.parametrize(("train", "test"), ODD.values(), ids=ODD)
def test_the_only_movie_that_is_left_is_found(tmp_path: Path, train: str, test: str) -> None:
    inputs = prepared(tmp_path, train=train, test=test).read_inputs()
    for name in QUICK:
        result = worker.run(inputs, name).result
        assert result["metrics"][0]["recall"]["mean"] == 1, name
        assert result["metrics"][0]["users"] == 1, name


def test_a_user_who_has_seen_everything_gets_nothing_and_scores_nothing(tmp_path: Path) -> None:
    result = result_of(tmp_path, "popularity", train="1,10,5,1\n1,20,5,2", test="1,30,5,3")
    assert result["metrics"][0]["ndcg"]["mean"] == 0
    assert result["metrics"][0]["coverage"] == 0


def test_those_who_are_folded_in_are_recommended_what_they_have_not_shown(tmp_path: Path) -> None:
    train = "\n".join(f"{user},{movie},5,{user}" for user in range(5) for movie in (10, 20, 30))
    result = result_of(tmp_path, "item_knn", train=train, test="9,30,5,1", fold_in="9,10,5,1\n9,20,5,1")
    assert result["metrics"][0]["mrr"]["mean"] == 1
    assert {row["stratum"] for row in result["strata"] if row["dimension"] == "activity"} == {"cold (1–9 ratings)"}


def test_hyper_parameters_are_chosen_by_the_validation_rows(tmp_path: Path) -> None:
    train = "\n".join(f"{user},{movie},5,{user}" for user in range(8) for movie in (10, 20, 30, 40 + user))
    result = result_of(tmp_path, "item_knn", {"trials": 2}, train=train, test="1,41,5,1\n1,42,5,1", valid="1,43,5,99")
    assert result["tuning"]["trials"] == 2
    assert result["tuning"]["seconds"] >= 0
    assert result["parameters"]["neighbours"] > 0


def test_a_rankers_reason_to_fail_is_kept(tmp_path: Path) -> None:
    work = prepared(tmp_path, train="1,10,5,1", test="2,10,5,2")
    (work.path / "known" / "ratings.parquet").unlink()
    assert worker.main(work.path, ["popularity"]) == 1
    assert "ratings.parquet is missing" in (work.read_result("popularity") or {})["error"]
    with pytest.raises(MovierecError):
        work.read_inputs()


def test_values_are_kept_per_user(tmp_path: Path) -> None:
    work = prepared(tmp_path, train="1,10,5,1\n2,20,4,1", test="1,20,5,2\n2,10,5,2")
    assert worker.main(work.path, ["popularity"]) == 0
    values = work.read_values("popularity")
    assert values[["user_id", "ndcg"]].to_numpy().tolist() == [[1, 1], [2, 1]]


def test_settings_are_evaluated_by_what_the_validation_users_have_shown(tmp_path: Path) -> None:
    # Most rate 10 and 11, which a newcomer would get first; whoever has shown 20 gets 21.
    rows = [(user, movie + (10 if user < 3 else 0)) for user in range(8) for movie in (10, 11)]
    texts = {"train": "\n".join(f"{user},{movie},5,1" for user, movie in rows), "test": "92,21,5,9"}
    work = prepared(
        tmp_path, {"trials": 1}, **texts, valid="90,21,5,3\n90,20,5,3\n1,10,5,3", fold_in="90,20,5,1\n92,20,5,1"
    )
    inputs = work.read_inputs()
    assert inputs.tuning_users is not None
    assert sorted(inputs.tuning_users.ratings["user_id"].unique()) == [1, 90, 92]
    tuning = worker.run(inputs, "item_knn").result["tuning"]
    assert tuning["ndcg"] == pytest.approx((1 + 1) / 2)
    assert tuning["peak_memory_bytes"] > 0


def test_movies_are_cold_by_what_was_learned_not_by_what_is_folded_in(tmp_path: Path) -> None:
    train = "\n".join(f"{user},{movie},5,{user}" for user in range(12) for movie in (10, 20))
    result = result_of(tmp_path, "popularity", train=train, test="90,10,5,9", fold_in="90,20,5,1")
    assert {row["stratum"] for row in result["strata"] if row["dimension"] == "movies"} == {"warm (over 10 ratings)"}


def test_item_neighbours_have_a_rating_error_and_popularity_has_none(tmp_path: Path) -> None:
    texts = {"train": "1,10,5,1\n1,20,3,1\n2,10,4,2\n2,20,2,3", "test": "1,30,5,9\n9,10,4,9"}
    assert result_of(tmp_path, "item_knn", **texts)["rating_error"]["ratings"] == 2
    (tmp_path / "again").mkdir()
    assert result_of(tmp_path / "again", "popularity", **texts)["rating_error"] is None


def test_what_a_learned_ranker_went_on_without_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: SLIT, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        raise ModelError("it cannot be solved")

    monkeypatch.setattr(SLIT, "_fit", refuse)
    rows = [f"{user},{10 * (1 + (user + step) % 6)},5,{step}" for user in range(12) for step in range(4)]
    texts = {"train": "\n".join(rows), "test": "0,60,5,9\n1,10,5,9"}
    assert result_of(tmp_path, "random_forest", **texts)["left_out"] == {"slit": "it cannot be solved"}
    (tmp_path / "again").mkdir()
    assert result_of(tmp_path / "again", "popularity", **texts)["left_out"] == {}


def test_the_learned_rankers_make_what_they_learn_from_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    fit = CandidateGenerator.fit
    monkeypatch.setattr(CandidateGenerator, "fit", lambda *words: made.append(1) or fit(*words))
    names = ["gradient_boosting", "random_forest"]
    rows = [f"{user},{10 * (1 + (user + step) % 6)},5,{step}" for user in range(12) for step in range(4)]
    inputs = prepared(tmp_path, train="\n".join(rows), test="0,60,5,9\n1,10,5,9").read_inputs()
    shared = worker.prepare_shared(inputs, names[0])
    alone = len(made)
    assert alone > 0
    for name in names:
        result = worker.run(inputs, name, shared).result
        assert result["shared_seconds"] == round(shared.seconds, 3)
        assert result["peak_memory_bytes"] >= shared.peak_bytes
    assert len(made) == alone
