import numpy as np
import pytest

from movierec.errors import ModelError
from movierec.evaluation.protocols import GLOBAL_TEMPORAL, PER_USER_TEMPORAL, PROTOCOLS
from movierec.promotion import champion as promotion
from movierec.promotion import questions
from movierec.promotion.approvals import needs_person
from movierec.rankers import registry
from movierec.rankers.building_blocks import fits
from movierec.training import evaluate, fit, snapshot
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder
from tests import movielens
from tests.flawed_rankers import PLANTED, ReadsTest
from tests.night import ingest


@pytest.fixture
def initial_state(request, night_states):
    """Begin with a generated night, with EASE as its champion where a test asks for one."""
    before = night_states.get("rated", take_in)
    return night_states.get("reigned", crown_ease, before) if "reigning" in request.fixturenames else before


def take_in(conn, app, settings):
    ingest(conn, app, movielens.generate(settings.home / "data", users=100, each=30))


def crown_ease(conn, app, settings):
    with pytest.MonkeyPatch.context() as patched:
        training_id, decision = trainer(conn, settings, patched)("first", "ease")
    assert (decision["verdict"], decision["champion"]) == ("promote", None)
    assert promotion.choose_champion(conn, training_id) == "ease"


@pytest.fixture
def train(conn, settings, monkeypatch):
    """Return what trains on the generated night."""
    return trainer(conn, settings, monkeypatch)


@pytest.fixture
def reigning(conn, train):
    """Return the training that made EASE the champion."""
    return conn.execute("select training_id from ml.champion").fetchone()[0]


def trainer(conn, settings, monkeypatch):
    """Return what fits and evaluates some rankers, and those they are compared with, on the newest night."""
    for planted in PLANTED:
        monkeypatch.setitem(registry.RANKERS, planted.name, planted)
    batch_id = snapshot.batch_to_learn_from(conn)

    def train(run, *names, best=None, protocols=(PER_USER_TEMPORAL,), decides=PER_USER_TEMPORAL, bad_future=None):
        folder = TrainingFolder.of(settings, snapshot.open_training(conn, run, batch_id, seed=1))
        snapshot.take_snapshot(conn, folder)
        fit.build_features(folder, seed=1)
        data = TrainingData(folder)
        monkeypatch.setattr(ReadsTest, "TEST", data.test.sample(frac=0.5, random_state=1))
        for name in promotion.rankers_to_fit(conn, folder.training_id, names):
            evaluate.evaluate_ranker(conn, data, fit.fit_ranker(data, name), protocols)
        if best:
            conn.execute("update ml.user_metric set ndcg_at_k = ndcg_at_k + 1 where ranker = %s", [best])
        if bad_future:
            conn.execute(
                "update ml.user_metric set ndcg_at_k = ndcg_at_k - 1 where ranker = %s and protocol = %s",
                [bad_future, GLOBAL_TEMPORAL],
            )
        return folder.training_id, promotion.compare(conn, folder, protocol=decides)

    return train


def champion(conn, training_id, answer=None):
    promotion.choose_champion(conn, training_id, answer)
    return conn.execute(
        "select champion.ranker, champion.reason, decided_by from ml.champion join ml.decision using (training_id)"
        " where training_id = %s",
        [training_id],
    ).fetchone()


def test_the_first_champion_is_the_best_and_the_reason_says_by_how_much(conn, reigning):
    winner, reason, decided_by = champion(conn, reigning)
    assert (winner, decided_by) == ("ease", "rules")
    assert reason.startswith("ease has the best NDCG@10, ")
    assert "the 95 % interval of the paired difference is" in reason


def test_the_champion_and_popularity_meet_every_challenger_and_the_best_champion_stays(conn, train, reigning):
    training_id, decision = train("second", "item_knn")
    evaluated = conn.execute("select ranker from ml.evaluation where training_id = %s order by 1", [training_id])
    assert evaluated.fetchall() == [("ease",), ("item_knn",), ("popularity",)]
    assert decision["champion"] == "ease"


def test_a_better_challenger_becomes_champion_and_every_guardrail_is_kept(conn, train):
    first, _ = train("first", "popularity")
    assert champion(conn, first)[0] == "popularity"
    second, decision = train("second", "ease")
    assert (decision["verdict"], decision["challenger"], decision["champion"]) == ("promote", "ease", "popularity")
    low, p, kept = conn.execute(
        "select lead_low, p, guardrails from ml.decision where training_id = %s", [second]
    ).fetchone()
    assert low > 0
    assert p < 0.05
    names = ["scores", "whole lists", "popularity", "own lists", "coverage", "segments", "leak"]
    assert [guardrail["name"] for guardrail in kept] == names
    assert {guardrail["status"] for guardrail in kept} == {"holds"}
    assert champion(conn, second)[0] == "ease"


def test_a_challenger_that_is_below_popularity_for_the_days_to_come_is_refused(conn, train):
    first, _ = train("first", "popularity")
    assert champion(conn, first)[0] == "popularity"
    second, decision = train("second", "ease", protocols=PROTOCOLS, bad_future="ease")
    assert (decision["verdict"], decision["challenger"]) == ("keep", "ease")
    assert "under global_temporal it is below the champion popularity by -1.0" in decision["reason"]
    assert champion(conn, second)[0] == "popularity"
    third, decision = train("third", "ease", protocols=PROTOCOLS)
    assert decision["verdict"] == "promote"
    ((kept,),) = conn.execute("select guardrails from ml.decision where training_id = %s", [third]).fetchall()
    (guardrail,) = (each for each in kept if each["name"] == "other protocol")
    assert guardrail["status"] == "holds"
    assert "under global_temporal it differs from the champion popularity by" in guardrail["words"]


def test_the_other_split_decides_where_that_is_asked_for(conn, train):
    training_id, decision = train("first", "ease", protocols=PROTOCOLS, decides=GLOBAL_TEMPORAL)
    assert decision["challenger"] in ("ease", "popularity")
    assert decision["reason"].endswith("; compared under global_temporal")
    viewers = conn.execute("select count(distinct user_id) from ml.user_metric where protocol = 'global_temporal'")
    assert f" over {viewers.fetchone()[0]} viewers" in decision["reason"]
    assert conn.execute("select protocol from ml.decision").fetchall() == [("global_temporal",)]
    assert champion(conn, training_id)[0] == decision["challenger"]


def test_who_was_not_evaluated_under_the_split_that_decides_is_refused(conn, train):
    _, decision = train("first", "ease", decides=GLOBAL_TEMPORAL)
    assert "ease was refused: it could not be evaluated under global_temporal" in decision["reason"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("constant", "refused, because the first 10 movies have one score for 100 of 100 viewers"),
        ("no_number", "no_number was refused: ranker 'no_number' gave"),
        ("disguise", "100% of its lists are popularity's"),
        ("reads_test", "on a window before it"),
    ],
)
def test_a_challenger_that_must_not_win_is_refused_and_the_champion_stays(conn, train, reigning, name, words):
    training_id, decision = train("second", name, best=name)
    assert decision["verdict"] == "keep"
    assert words in decision["reason"]
    assert champion(conn, training_id)[0] == "ease"


def test_a_champion_that_fails_stays_until_a_person_says_otherwise(conn, train, reigning, monkeypatch):
    def fail(self, dataset, features, fits):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(registry.RANKERS["ease"], "_fit", fail)
    monkeypatch.setattr(fits, "fitting_code", lambda: "the one that fails")  # or the earlier fit would be taken
    training_id, decision = train("second", "item_knn")
    assert (decision["verdict"], decision["champion"]) == ("ask", "ease")
    assert "the champion ease cannot go on: LinAlgError: Singular matrix" in decision["reason"]
    assert needs_person(decision, "when unsure")
    assert champion(conn, training_id)[0] == "ease"
    assert champion(conn, training_id, {"is_approved": True, "by": "ana"})[0] == decision["challenger"]


@pytest.mark.parametrize(
    ("name", "can_learn", "words"),
    [
        ("disguise", True, "100% of its lists are popularity's"),
        ("item_knn", False, "it could not be compared with popularity: out of order"),
    ],
)
def test_where_popularity_was_not_evaluated_a_challenger_is_compared_with_it_all_the_same(
    conn, train, reigning, monkeypatch, name, can_learn, words
):
    def refuse(self, dataset, features, fits):
        raise ModelError("out of order")

    fit_ranker = fit.fit_ranker
    refused = {"ranker": "popularity", "fit_seconds": 0.0, "refused": "no luck"}
    monkeypatch.setattr(
        fit, "fit_ranker", lambda data, name: refused if name == "popularity" else fit_ranker(data, name)
    )
    if not can_learn:
        monkeypatch.setattr(registry.RANKERS["popularity"], "_fit", refuse)
    _, decision = train("second", name, best=name)
    assert (decision["verdict"], decision["challenger"]) == ("keep", name)
    assert words in decision["reason"]


def test_the_publication_takes_the_fit_of_the_leader_that_was_made_while_it_was_compared(conn, train, settings, caplog):
    training_id, decision = train("first", "ease", best="ease")
    folder = TrainingFolder.of(settings, training_id)
    assert promotion.refit_leader(conn, folder) == decision["challenger"] == "ease"
    promotion.choose_champion(conn, training_id)
    with caplog.at_level("INFO"):
        ranker = TrainingData(folder).refit("ease")
    assert "fit ease: taken" in caplog.text
    assert len(ranker.training_history_.users) == len(TrainingData(folder).dataset.ratings)


def test_a_leader_that_cannot_be_fitted_on_everything_is_named_and_ends_nothing(
    conn, train, settings, monkeypatch, caplog
):
    training_id, _ = train("first", "ease")

    def fail(*_):
        raise MemoryError("too large")

    monkeypatch.setattr(registry.RANKERS["ease"], "_fit", fail)
    assert promotion.refit_leader(conn, TrainingFolder.of(settings, training_id)) is None
    assert "refit ease: MemoryError: too large" in caplog.text


def test_a_second_comparison_leaves_the_same_row(conn, train, reigning, settings):
    row = "select verdict, reason, guardrails, ranker from ml.decision"
    before = conn.execute(row).fetchall()
    promotion.compare(conn, TrainingFolder.of(settings, reigning))
    promotion.choose_champion(conn, reigning)
    assert conn.execute(row).fetchall() == before


@pytest.mark.parametrize(
    ("answer", "winner", "decided_by", "words"),
    [
        (None, "ease", "rules", "; nobody was asked, so ease stays"),
        ({"is_approved": True, "by": "ana"}, "hybrid", "ana", "; ana approved hybrid"),
        ({"is_approved": False, "by": "ana"}, "ease", "ana", "; ana rejected hybrid"),
        ({"is_approved": False, "by": None}, "ease", "timeout", "; nobody answered in time, so ease stays"),
    ],
)
def test_a_person_has_the_last_word_and_is_named(conn, train, reigning, answer, winner, decided_by, words):
    conn.execute("update ml.decision set verdict = 'ask', reason = 'unsure', champion = 'ease', challenger = 'hybrid'")
    assert champion(conn, reigning, answer) == (winner, f"unsure{words}", decided_by)
    assert conn.execute("select ranker from ml.decision").fetchone() == (winner,)


def test_without_a_comparison_there_is_no_champion(conn, train, reigning):
    with pytest.raises(ModelError, match="training 99 has no verdict yet; run compare first"):
        promotion.choose_champion(conn, 99)


def test_champions_are_of_one_dataset(conn, app, tmp_path, reigning):
    other = ingest(conn, app, movielens.generate(tmp_path / "other"), "other")
    training_id = snapshot.open_training(conn, "other", other, seed=1)
    assert promotion.reigning_champion(conn, training_id) is None


def test_an_answer_to_a_question_that_has_changed_is_refused_and_the_champion_stays(conn, train, reigning):
    conn.execute("update ml.decision set verdict = 'ask', reason = 'unsure', champion = 'ease', challenger = 'hybrid'")
    first, second = "Shall slim become champion?", "Shall hybrid become champion?"
    questions.ask(conn, reigning, first)
    questions.ask(conn, reigning, second)  # the run is repeated: Airflow shows the first
    answer = {"is_approved": True, "by": "ana", "question": second}
    words = "unsure; the answer of ana was to what this run asked before it was repeated, so ease stays"
    assert champion(conn, reigning, answer) == ("ease", f"{words}: start a new training to be asked again", "rules")
    assert champion(conn, reigning, {**answer, "question": first})[0] == "hybrid"
