import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from upath import UPath

from movierec.data.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.item_knn import ItemKNN, weigh_raters

START = pd.Timestamp("1998-01-01", tz="UTC")
RATERS = sparse.csr_matrix([[1, 1, 0], [0, 1, 0]], dtype=np.float32)  # two movies, three users


def rated(dataset: Dataset, *pairs: tuple[int, int]) -> Dataset:
    frame = pd.DataFrame(pairs, columns=["user_id", "movie_id"])
    return dataset.with_ratings(frame.assign(rating=5.0, rated_at=START))


def test_a_movie_scores_the_sum_of_its_similarities_to_the_history(dataset: Dataset, features: MovieFeatures) -> None:
    facts = rated(dataset, (1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 3))
    knn = ItemKNN(shrinkage=1, weighting="none").fit(facts, features)
    # movies 1 and 3 share user 2; so do 2 and 3
    assert knn.scores(np.array([0]))[0, 2] == pytest.approx(2 * 1 / (np.sqrt(2 * 2) + 1))


def test_item_weights_are_what_is_summed(dataset: Dataset, features: MovieFeatures) -> None:
    knn = ItemKNN().fit(dataset, features)
    history, targets = np.sort(knn.history_.signal_matrix[3].indices).astype(np.int64), np.arange(30)
    signal = knn.history_.signal_matrix[3].toarray()[0, history]
    summed = signal @ knn.item_weights(history, targets)
    np.testing.assert_allclose(summed, knn.scores_of(knn.history_.signal_matrix[[3]])[0], rtol=1e-5)


def test_tfidf_divides_by_how_much_a_user_rates() -> None:
    idf = np.log(1 + 2 / np.array([1, 2]))
    np.testing.assert_allclose(
        weigh_raters(RATERS, "tfidf").toarray(), [[idf[0], idf[1], 0], [0, idf[1], 0]], rtol=1e-6
    )


def test_bm25_counts_a_rater_of_few_for_more() -> None:
    idf = np.log(1 + 2 / np.array([1, 2]))
    long, short = (1 * 2.2 / (1 + 1.2 * (0.25 + 0.75 * length / 1.5)) for length in (2, 1))
    expected = [[long * idf[0], long * idf[1], 0], [0, short * idf[1], 0]]
    np.testing.assert_allclose(weigh_raters(RATERS, "bm25").toarray(), expected, rtol=1e-6)


def test_an_unknown_weighting_is_named(dataset: Dataset, features: MovieFeatures) -> None:
    with pytest.raises(ModelError, match="no weighting 'idf'; allowed are none, tfidf, bm25"):
        ItemKNN(weighting="idf").fit(dataset, features)


@pytest.mark.parametrize("weighting", ["none", "tfidf", "bm25"])
def test_one_user_with_one_movie_is_enough(weighting: str, dataset: Dataset, features: MovieFeatures) -> None:
    knn = ItemKNN(weighting=weighting).fit(rated(dataset, (1, 1)), features)
    assert knn.recommend([1], 5)["rank"].tolist() == [1, 2, 3, 4, 5]


def test_who_is_folded_in_gets_what_the_same_history_got_before(dataset: Dataset, features: MovieFeatures) -> None:
    knn = ItemKNN().fit(dataset, features)
    renamed = dataset.with_ratings(dataset.ratings.assign(user_id=dataset.ratings["user_id"] + 1000))
    folded = knn.fold_in(renamed).recommend([1004], 5)
    assert folded[["movie_id", "score"]].equals(knn.recommend([4], 5)[["movie_id", "score"]])


@pytest.mark.parametrize("weighting", ["none", "tfidf", "bm25"])
def test_feedback_that_says_nothing_breaks_nothing(weighting: str, dataset: Dataset, features: MovieFeatures) -> None:
    silent = dataset.with_ratings(dataset.ratings.assign(rating=np.nan, weight=np.float32(0)))
    assert len(ItemKNN(weighting=weighting).fit(silent, features).recommend([1], 5)) == 5


def three_ratings(dataset: Dataset) -> Dataset:
    rows = [(1, 1, 5.0), (1, 2, 3.0), (2, 1, 4.0), (2, 2, 2.0), (2, 3, 1.0)]
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating"])
    return dataset.with_ratings(frame.assign(rated_at=START))


def test_a_rating_is_the_baseline_and_the_mean_of_what_neighbours_got_above_theirs(
    dataset: Dataset, features: MovieFeatures
) -> None:
    knn = ItemKNN(shrinkage=0, weighting="none").fit(three_ratings(dataset), features)
    mean = 3.0
    b1, b2, b3 = (2 + 1) / 27, (0 - 1) / 27, -2 / 26  # Σ (r − μ) / (25 + ratings)
    of_user = ((2 - b1) + (0 - b2)) / 12  # Σ (r − μ − b_i) / (10 + ratings)
    above1, above2 = 2 - b1 - of_user, 0 - b2 - of_user
    s1, s2 = knn.item_weights(np.array([0, 1]), np.array([2])).ravel()
    assert s1 > 0
    assert s2 > 0
    expected = mean + of_user + b3 + (s1 * above1 + s2 * above2) / (s1 + s2)
    assert knn.predict_ratings([1], [3])[0] == pytest.approx(expected, rel=1e-5)
    # nobody rated movie 9, user 99 is unknown: only what is known of the other side speaks
    np.testing.assert_allclose(
        knn.predict_ratings([1, 99, 99], [9, 1, 999]), [mean + of_user, mean + b1, mean], rtol=1e-5
    )


def test_predicted_ratings_stay_on_the_scale_and_come_back_with_the_model(
    dataset: Dataset, features: MovieFeatures, tmp_path: object
) -> None:
    knn = ItemKNN().fit(dataset, features)
    users, movies = np.repeat(np.arange(1, 41), 30), np.tile(np.arange(1, 31), 40)
    predicted = knn.predict_ratings(users, movies)
    assert predicted.dtype == np.float32
    assert 3 <= predicted.min() <= predicted.max() <= 5
    knn.save(UPath(str(tmp_path)))
    np.testing.assert_array_equal(ItemKNN.load(UPath(str(tmp_path))).predict_ratings(users, movies), predicted)


def test_folded_in_users_are_predicted_by_their_own_ratings(dataset: Dataset, features: MovieFeatures) -> None:
    knn = ItemKNN().fit(dataset, features)
    renamed = dataset.with_ratings(dataset.ratings.assign(user_id=dataset.ratings["user_id"] + 1000))
    folded = knn.fold_in(renamed).predict_ratings([1004, 1004], [1, 2])
    np.testing.assert_array_equal(folded, knn.predict_ratings([4, 4], [1, 2]))


def test_feedback_without_ratings_predicts_none_and_among_ratings_says_nothing(
    dataset: Dataset, features: MovieFeatures
) -> None:
    silent = dataset.with_ratings(dataset.ratings.assign(rating=np.nan, weight=np.float32(1)))
    assert np.isnan(ItemKNN().fit(silent, features).predict_ratings([1], [1])).all()
    mixed = dataset.ratings.assign(weight=np.float32(1))
    mixed.loc[::3, "rating"] = np.nan
    assert np.isfinite(ItemKNN().fit(dataset.with_ratings(mixed), features).predict_ratings([1, 2], [1, 2])).all()
