"""The whole command, rankers in their own processes."""

import csv
import json
import os
import stat
from pathlib import Path

import pandas as pd
import pytest

from movierec import cli
from movierec.commands import evaluate
from movierec.evaluation.evaluate import METRICS
from movierec.evaluation.protocols import WINDOWS_OF
from movierec.rankers import registry

from .files import two_tastes, write


def run(folder: Path, *words: str, names: str, **frames: pd.DataFrame | str) -> tuple[int, dict]:
    train, test = two_tastes()
    files = write(folder, **{"train": train, "test": test, **frames})
    out = folder / "results.json"
    status = cli.main(["evaluate", *files, "--rankers", names, "--out", str(out), *words])
    return status, json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}


@pytest.fixture(scope="module")
def results_of_a_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """One run whose users have text for names."""
    folder = tmp_path_factory.mktemp("ordinary")
    train, test = (part.assign(user_id="u" + part["user_id"].astype(str)) for part in two_tastes())
    words = ("--k", "3,5", "--per-user", str(folder / "values.csv"))
    status, results = run(folder, *words, names="popularity,item_knn", train=train, test=test)
    assert status == 0
    return folder, results


def test_every_metric_stands_at_every_k_with_its_interval(results_of_a_run: tuple[Path, dict]) -> None:
    _, results = results_of_a_run
    assert list(results["rankers"]) == ["item_knn", "popularity"]  # the better one first: tastes can be learned
    for result in results["rankers"].values():
        assert [row["k"] for row in result["metrics"]] == [3, 5]
        for row in result["metrics"]:
            assert all(row[name]["low"] <= row[name]["mean"] <= row[name]["high"] for name in METRICS[:-1])
            assert 0 < row["coverage"] <= 1
            assert row["users"] == results["sizes"]["test_users"] == 30
        assert result["peak_memory_bytes"] > 10_000_000
        assert min(result["fit_seconds"], result["score_seconds"]) >= 0


def test_the_per_user_file_averages_to_the_results(results_of_a_run: tuple[Path, dict]) -> None:
    folder, results = results_of_a_run
    values = pd.read_csv(folder / "values.csv").groupby(["ranker", "k"])["ndcg"].mean()
    for name, result in results["rankers"].items():
        for row in result["metrics"]:
            assert values[name, row["k"]] == pytest.approx(row["ndcg"]["mean"])


def test_the_results_say_how_they_came_about(results_of_a_run: tuple[Path, dict]) -> None:
    folder, results = results_of_a_run
    assert results["arguments"]["k"] == "3,5"
    assert results["arguments"]["seed"] == 1
    assert results["arguments"]["exclude"] == "train"
    assert {"python", "numpy", "scikit-learn"} <= set(results["versions"])
    assert results["sizes"]["train_rows"] == 30 * 6
    assert results["rankers"]["item_knn"]["parameters"]["neighbours"] > 0
    assert {row["stratum"] for row in results["rankers"]["item_knn"]["strata"]} >= {"cold (1–9 ratings)"}
    assert results["comparison"]["best"] == "item_knn"
    assert [row["other"] for row in results["comparison"]["others"]] == ["popularity"]
    assert stat.S_IMODE((folder / "results.json").stat().st_mode) & 0o600 == 0o600


# In the processes of rankers: one of them needs a library that does not load.
WITHOUT_A_LIBRARY = """
import os, sys
def fit(*_):
    raise SystemExit("no library")
def lose_library():
    sys.modules["movierec.rankers.ease"].EASE.fit = fit
os.register_at_fork(after_in_child=lose_library)
"""


def test_a_ranker_that_fails_is_named_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(WITHOUT_A_LIBRARY)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(broken), os.environ.get("PYTHONPATH", "")]))
    status, results = run(tmp_path, names="ease,popularity")
    shown = capsys.readouterr()
    assert status == 1
    assert list(results["rankers"]) == ["popularity"]
    assert "no library" in results["failed"]["ease"]
    assert "failed: ease: " in shown.out
    assert "30 users evaluated, full ranking of 24 movies" in shown.out
    assert "NDCG@10" in shown.out
    assert "note: inner windows: time" in shown.err


def test_text_ids_come_back_as_they_were(results_of_a_run: tuple[Path, dict]) -> None:
    folder, results = results_of_a_run
    assert "user_id holds text such as 'u1': every user_id is taken as a name and numbered" in results["notes"]
    with (folder / "values.csv").open(encoding="utf-8") as file:
        assert {row["user_id"] for row in csv.DictReader(file)} == {f"u{user}" for user in range(1, 31)}


KILL_FIRST_FORKED = """
import os, pathlib, signal
done = pathlib.Path({!r})
def kill():
    if not done.exists():
        done.touch()
        os.kill(os.getpid(), signal.SIGKILL)
os.register_at_fork(after_in_child=kill)
"""


def test_learned_rankers_after_one_that_ends_their_process_get_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(KILL_FIRST_FORKED.format(str(tmp_path / "done")))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(broken), os.environ.get("PYTHONPATH", "")]))
    status, results = run(tmp_path, names="random_forest,gradient_boosting")
    assert status == 1
    assert list(results["rankers"]) == ["gradient_boosting"]
    assert "was ended by signal 9; the system ends a process so when memory" in results["failed"]["random_forest"]


def divided(folder: Path, protocol: str, *words: str, names: str, times: bool = True) -> tuple[int, dict]:
    """Run without a test file."""
    rows = pd.concat(two_tastes())
    files = write(folder, train=rows if times else rows.drop(columns="timestamp"))
    out = folder / "results.json"
    words = ("--protocol", protocol, "--relevant-from", "none", *words)
    status = cli.main(["evaluate", *files, "--rankers", names, "--out", str(out), *words])
    return status, json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}


# of 30 users with 9 ratings each: rows to learn from and to be asked about
SIZES_UNDER = {
    "per_user_temporal": (240, 30),
    "global_temporal": (216, 54),
    "random": (210, 30),
    "strong_generalisation": (216, 6),
    "leave_one_out": (240, 30),
    "leave_one_out_global": (264, 6),
}


@pytest.mark.parametrize(("protocol", "sizes"), SIZES_UNDER.items(), ids=SIZES_UNDER)
def test_one_file_is_divided_by_every_protocol(tmp_path: Path, protocol: str, sizes: tuple[int, int]) -> None:
    status, results = divided(tmp_path, protocol, names="popularity")
    assert status == 0
    assert (results["sizes"]["train_rows"], results["sizes"]["test_rows"]) == sizes
    assert any(note.startswith(f"protocol {protocol}, seed 1: ") for note in results["notes"])
    assert results["arguments"]["protocol"] == protocol
    assert results["windows"] == WINDOWS_OF[protocol]
    assert results["rankers"]["popularity"]["metrics"][0]["users"] > 0


def test_a_protocol_tunes_on_what_it_holds_out_of_the_known_side(tmp_path: Path) -> None:
    status, results = divided(tmp_path, "leave_one_out", "--tune", "3", names="item_knn")
    assert status == 0
    assert (results["sizes"]["train_rows"], results["sizes"]["valid_rows"]) == (240, 30)
    assert results["rankers"]["item_knn"]["tuning"]["trials"] == 3
    # What rankers were tuned by is part of what they learn from in the end, and of no list for that reason.
    assert results["rankers"]["item_knn"]["metrics"][0]["users"] == 30


def test_a_protocol_that_needs_times_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert divided(tmp_path, "leave_one_out_global", names="popularity", times=False) == (1, {})
    assert "has no timestamps, by which --protocol leave_one_out_global divides it" in capsys.readouterr().err


def test_a_test_file_and_a_protocol_exclude_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--protocol", "random", names="popularity") == (1, {})
    assert "--protocol random divides --train by itself; --test cannot stand beside it" in capsys.readouterr().err
    (path,) = tmp_path.glob("train.csv")
    assert cli.main(["evaluate", "--train", str(path), "--out", str(tmp_path / "results.json")]) == 1
    assert "needed is --test S.csv, or --protocol" in capsys.readouterr().err


BAD_OPTIONS = {
    ("--k", "0"): "--k is '0'; allowed are whole numbers from 1",
    ("--k", "10,x"): "--k is '10,x'",
    ("--rankers", "oracle"): "there is no ranker 'oracle'; allowed are all, popularity",
    ("--rankers", ","): "there is no ranker",
    ("--relevant-from", "much"): "--relevant-from is 'much'; allowed is a rating, or none",
    ("--relevant-from", "nan"): "--relevant-from is 'nan'",
    ("--relevant-from", "9"): "no relevant row among 90 test rows: relevant is from 9.0 on, and ratings go from 3 to 5",
    ("--exclude", "T"): "--exclude is 'T'; allowed are train and none",
    ("--tune", "5"): "--tune needs validation rows",
    ("--out", "/nowhere/results.json"): "/nowhere/results.json cannot be written",
    ("--out", "/"): "/ cannot be written",
    ("--train", "/nowhere/T.csv"): "/nowhere/T.csv cannot be read: No such file or directory",
}


@pytest.mark.parametrize(
    ("words", "sentence"), BAD_OPTIONS.items(), ids=lambda value: value[:20] if isinstance(value, str) else value[0]
)
def test_a_wrong_option_is_one_sentence(
    tmp_path: Path, words: tuple[str, str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, results = run(tmp_path, *words, names="popularity")
    complaint = capsys.readouterr().err
    assert (status, results) == (1, {})
    assert complaint.startswith("movierec: ")
    assert sentence in complaint
    assert complaint.count("\n") == 1


def test_what_costs_do_not_include_and_what_exclude_none_means_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, results = run(tmp_path, "--exclude", "none", names="random_forest,gradient_boosting")
    shown = capsys.readouterr()
    assert status == 0
    assert results["features_seconds"] >= 0
    assert sorted(results["shared"]["rankers"]) == ["gradient_boosting", "random_forest"]
    assert results["shared"]["seconds"] == results["rankers"]["random_forest"]["shared_seconds"] > 0
    assert "fit_s is without the movies' features, built once for all rankers" in shown.out
    assert "share a process and what they learn from, made once" in shown.out
    assert "--exclude none: random_forest, gradient_boosting learn to order what a user has not seen" in shown.err


def test_the_leaderboard_says_what_was_tuned_and_leaves_empty_what_has_no_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, test = two_tastes()
    status, results = run(tmp_path, "--tune", "2", names="item_knn,popularity", valid=test[::2], test=test[1::2])
    shown = capsys.readouterr().out.splitlines()
    assert status == 0
    names = results["rankers"]["item_knn"]["tuning"]["hyper_parameters"]
    assert names == sorted(registry.RANKERS["item_knn"]().space)
    (row,) = (line for line in shown if line.startswith("item_knn ") and "MiB" not in line and " – " in line)
    assert ", ".join(names) in row
    # Nothing is known about these movies, so nobody can tell how alike they are.
    assert results["rankers"]["item_knn"]["metrics"][0]["diversity"]["mean"] is None


def test_item_neighbours_are_measured_by_ratings_too(results_of_a_run: tuple[Path, dict]) -> None:
    _, results = results_of_a_run
    error = results["rankers"]["item_knn"]["rating_error"]
    assert 0 < error["mae"] <= error["rmse"] < 2
    assert results["rankers"]["popularity"]["rating_error"] is None


def test_results_never_overwrite_what_they_come_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _ = run(tmp_path, "--per-user", str(tmp_path / "train.csv"), names="popularity")
    assert status == 1
    assert "train.csv is one of the files to read" in capsys.readouterr().err


def test_every_ranker_takes_part_unless_named() -> None:
    assert evaluate._names("all") == list(registry.RANKERS)
    assert evaluate._names("ease, ease,popularity") == ["ease", "popularity"]
