"""One ranker's part of an evaluation, run in this process: odd data gives right answers or one sentence."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from upath import UPath

from movierec.errors import MovierecError
from movierec.evaluation import contestant
from movierec.evaluation.contest import lay_out
from movierec.evaluation.inputs import Files, read_inputs

TASK = {"ks": [3], "exclude_seen": True, "trials": 0, "seed": 1, "fixed": {"windows": "time", "seed": 1}}
QUICK = ("popularity", "item_knn", "user_knn", "ease", "content")


def prepared(folder: Path, task: dict[str, Any] | None = None, **texts: str) -> UPath:
    paths = {}
    for table, text in texts.items():
        paths[table] = folder / f"{table}.csv"
        paths[table].write_text(f"user_id,movie_id,rating,timestamp\n{text}\n", encoding="utf-8")
    inputs = read_inputs(Files(**paths), 4.0, "auto", exclude_seen=True)
    place = UPath(folder / "work")
    place.mkdir()
    lay_out(place, inputs, {**TASK, **(task or {})})
    return place


def told(folder: Path, name: str, task: dict[str, Any] | None = None, **texts: str) -> dict[str, Any]:
    place = prepared(folder, task, **texts)
    (place / name).mkdir()
    return contestant.run(place, name)


ODD = {
    "a user with one rating": ("1,10,5,1\n2,10,4,2\n2,20,5,3", "1,20,5,9"),
    "all ratings equal": ("1,10,4,1\n1,20,4,2\n2,10,4,3\n2,30,4,4", "1,30,4,9"),
    "one movie": ("1,10,5,1", "2,10,5,2"),
    "fewer movies than k": ("1,10,5,1\n2,20,5,1", "1,20,5,2"),
    "no times": ("1,10,5,\n2,20,5,\n2,10,4,", "1,20,5,"),
}


@pytest.mark.parametrize(("train", "test"), ODD.values(), ids=ODD)
def test_the_only_movie_that_is_left_is_found(tmp_path: Path, train: str, test: str) -> None:
    place = prepared(tmp_path, train=train, test=test)
    for name in QUICK:
        (place / name).mkdir()
        result = contestant.run(place, name)
        assert result["metrics"][0]["recall"]["mean"] == 1, name
        assert result["metrics"][0]["users"] == 1, name


def test_a_user_who_has_seen_everything_gets_nothing_and_scores_nothing(tmp_path: Path) -> None:
    result = told(tmp_path, "popularity", train="1,10,5,1\n1,20,5,2", test="1,30,5,3")
    assert result["metrics"][0]["ndcg"]["mean"] == 0
    assert result["metrics"][0]["coverage"] == 0


def test_those_who_are_folded_in_are_recommended_what_they_have_not_shown(tmp_path: Path) -> None:
    train = "\n".join(f"{user},{movie},5,{user}" for user in range(5) for movie in (10, 20, 30))
    result = told(tmp_path, "item_knn", train=train, test="9,30,5,1", fold_in="9,10,5,1\n9,20,5,1")
    assert result["metrics"][0]["mrr"]["mean"] == 1
    assert {row["stratum"] for row in result["strata"] if row["dimension"] == "activity"} == {"cold (1–9 ratings)"}


def test_hyper_parameters_are_chosen_by_the_validation_rows(tmp_path: Path) -> None:
    train = "\n".join(f"{user},{movie},5,{user}" for user in range(8) for movie in (10, 20, 30, 40 + user))
    result = told(tmp_path, "item_knn", {"trials": 2}, train=train, test="1,41,5,1\n1,42,5,1", valid="1,43,5,99")
    assert result["tuning"]["trials"] == 2
    assert result["tuning"]["seconds"] >= 0
    assert result["parameters"]["neighbours"] > 0


def test_a_rankers_reason_to_fail_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(tmp_path, "popularity", train="1,10,5,1", test="2,10,5,2")
    (tmp_path / "work" / "known" / "ratings.parquet").unlink()
    assert contestant.main(UPath(tmp_path / "work"), "popularity") == 1
    result = (tmp_path / "work" / "popularity" / contestant.RESULT).read_text(encoding="utf-8")
    assert "ratings.parquet is missing" in result
    with pytest.raises(MovierecError):
        contestant.run(UPath(tmp_path / "work"), "popularity")


def test_values_are_kept_per_user(tmp_path: Path) -> None:
    told(tmp_path, "popularity", train="1,10,5,1\n2,20,4,1", test="1,20,5,2\n2,10,5,2")
    values = pd.read_parquet(tmp_path / "work" / "popularity" / contestant.VALUES)
    assert values[["user_id", "ndcg"]].to_numpy().tolist() == [[1, 1], [2, 1]]
