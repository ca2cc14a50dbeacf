import numpy as np
import pandas as pd
import pytest
from scipy import stats

from movierec.errors import ModelError
from movierec.evaluation.bootstrap import (
    NORMAL_FROM,
    Interval,
    drawn_means,
    mean_interval,
    mean_intervals,
    mean_intervals_by_k,
)
from movierec.evaluation.significance import (
    compare_with_best,
    holm,
    paired_bootstrap,
    paired_p_value,
)


def test_a_constant_difference_has_no_width() -> None:
    interval = paired_bootstrap([0.5, 0.75, 1.0], [0.25, 0.5, 0.75])
    assert (interval.mean, interval.low, interval.high) == (0.25, 0.25, 0.25)


def test_the_interval_is_that_of_the_normal_for_many_users() -> None:
    difference = np.random.default_rng(0).normal(0.1, 1, 2_000)
    interval = paired_bootstrap(difference, np.zeros(2_000))
    error = difference.std() / np.sqrt(2_000)
    assert interval.low == pytest.approx(difference.mean() - 1.96 * error, abs=0.1 * error)
    assert interval.high == pytest.approx(difference.mean() + 1.96 * error, abs=0.1 * error)


def test_the_seed_decides() -> None:
    values, zeros = [0.0, 1.0, 0.2, 0.4], [0.0] * 4
    assert paired_bootstrap(values, zeros, seed=1) == paired_bootstrap(values, zeros, seed=1)


@pytest.mark.parametrize(("left", "right"), [([1.0], [1.0, 2.0]), ([], [])])
def test_values_that_do_not_pair_up_are_refused(left: list[float], right: list[float]) -> None:
    with pytest.raises(ModelError, match="one per user in both"):
        paired_bootstrap(left, right)


def test_the_interval_of_a_mean_is_that_of_the_pairs_with_nothing() -> None:
    values = np.random.default_rng(3).beta(1, 4, 300)
    assert mean_interval(values) == paired_bootstrap(values, np.zeros(300))


def test_two_users_give_the_three_means_that_can_be_drawn() -> None:
    interval = mean_interval([0.0, 1.0])
    assert (interval.mean, interval.low, interval.high) == (0.5, 0.0, 1.0)


def test_the_interval_is_scipys() -> None:
    values = np.random.default_rng(5).beta(0.5, 3, 400)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=1).confidence_interval
    ours = mean_interval(values, draws=20_000)
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.03 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.03 * width)


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(1)
    truth, samples = 0.2, 400  # the mean of beta(0.5, 2), as skewed as NDCG by user
    held = 0
    for seed in range(samples):
        interval = mean_interval(rng.beta(0.5, 2, 150), draws=400, seed=seed)
        held += interval.low <= truth <= interval.high
    # 400 draws of probability .95 lie within .95 ± 3 · √(.95 · .05 / 400) = .917 to .983.
    assert 0.917 <= held / samples <= 0.983


def test_many_users_get_the_limit_of_the_bootstrap() -> None:
    values = np.random.default_rng(2).beta(0.5, 2, NORMAL_FROM)
    drawn = np.quantile(drawn_means(values[:, None], 1_000, 0), [0.025, 0.975])
    limit = mean_interval(values)
    width = limit.high - limit.low
    assert [limit.low, limit.high] == pytest.approx(drawn, abs=0.05 * width)
    zeros = np.zeros(NORMAL_FROM)
    by_limit = paired_p_value(values - values.mean() + 0.0025, zeros)
    assert by_limit == pytest.approx(stats.ttest_1samp(values - values.mean() + 0.0025, 0).pvalue, rel=0.01)
    assert (paired_p_value(zeros, zeros), paired_p_value(zeros + 1, zeros)) == (1, 0)


def test_all_columns_are_bounded_as_one_by_one() -> None:
    table = pd.DataFrame(np.random.default_rng(0).random((50, 2)), columns=["a", "b"])
    together = mean_intervals(table)
    for name in table:
        alone = mean_interval(table[name])
        assert [together[name].low, together[name].high] == pytest.approx([alone.low, alone.high])


def test_a_user_without_a_value_does_not_count() -> None:
    intervals = mean_intervals(pd.DataFrame({"some": [1.0, np.nan, 1.0], "none": [np.nan] * 3}))
    assert intervals["some"] == Interval(1, 1, 1)
    assert np.isnan([intervals["none"].mean, intervals["none"].low]).all()


def test_the_p_value_is_that_of_the_t_test_for_ordinary_differences() -> None:
    rng = np.random.default_rng(4)
    for shift in (0.0, 0.05, 0.1, 0.2):
        first, second = rng.normal(shift, 1, 500), rng.normal(0, 1, 500)
        expected = stats.ttest_rel(first, second).pvalue
        assert paired_p_value(first, second, draws=20_000) == pytest.approx(expected, abs=0.012)


def test_the_p_value_of_equal_rankers_is_one_and_never_zero() -> None:
    assert paired_p_value([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]) == 1
    assert paired_p_value(np.linspace(1, 2, 30), np.zeros(30), draws=99) == 1 / 100


def test_a_true_hypothesis_is_rejected_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(8)
    p_values = [paired_p_value(*rng.beta(0.5, 2, (2, 100)), draws=200, seed=seed) for seed in range(400)]
    # .05 ± 3 · √(.05 · .95 / 400)
    assert 0.017 <= np.mean(np.array(p_values) <= 0.05) <= 0.083


def test_holm_multiplies_the_smallest_by_all_and_the_next_by_one_less() -> None:
    # .01 · 4, .02 · 3, .03 · 2 (not below .06), .04 · 1 (not below .06), back in the order given
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1, 1]
    assert (holm([0.02]), holm([])) == ([0.02], [])


def test_holm_is_the_sequential_procedure_that_it_describes() -> None:
    rng = np.random.default_rng(6)
    for _ in range(50):
        p_values = rng.uniform(0, 0.1, 7)
        rejected = np.zeros(7, bool)
        for step, place in enumerate(np.argsort(p_values)):
            if p_values[place] > 0.05 / (7 - step):
                break
            rejected[place] = True
        assert ((np.array(holm(list(p_values))) <= 0.05) == rejected).all()


@pytest.mark.parametrize("p_value", [-0.1, 1.1, float("nan")])
def test_a_p_value_is_a_probability(p_value: float) -> None:
    with pytest.raises(ModelError, match="from 0 to 1"):
        holm([0.5, p_value])


def test_the_best_is_compared_with_every_other() -> None:
    rng = np.random.default_rng(9)
    base = rng.random(200)
    values = {"worse": base - 0.1 * rng.random(200), "best": base, "same": base + rng.normal(0, 0.1, 200)}
    worse, same = compare_with_best(values, "best")
    assert (worse.other, same.other) == ("worse", "same")
    assert worse.difference == paired_bootstrap(base, values["worse"])
    assert worse.difference.low > 0
    assert worse.adjusted == 2 * worse.p_value == 2 / 2001
    assert same.adjusted == same.p_value > 0.05
    with pytest.raises(ModelError, match="'worst'; allowed are worse, best, same"):
        compare_with_best(values, "worst")


@pytest.mark.parametrize("values", [[], [0.1, float("nan")], [[0.1], [0.2]]])
def test_a_mean_is_of_numbers(values: list[float]) -> None:
    with pytest.raises(ModelError, match="one per user"):
        mean_interval(values)


def test_every_k_is_bounded_as_if_alone() -> None:
    rng = np.random.default_rng(0)
    values = pd.DataFrame({"user_id": np.tile(np.arange(40), 2), "k": np.repeat([10, 5], 40), "ndcg": rng.random(80)})
    intervals = mean_intervals_by_k(values, [5, 10, 20], ["ndcg"])
    assert list(intervals) == [(5, "ndcg"), (10, "ndcg"), (20, "ndcg")]
    for k in (5, 10):
        alone = mean_interval(values.loc[values["k"] == k, "ndcg"])
        assert [intervals[k, "ndcg"].low, intervals[k, "ndcg"].high] == pytest.approx([alone.low, alone.high])
    assert np.isnan(intervals[20, "ndcg"].mean)
    assert np.isnan(mean_intervals_by_k(values.iloc[:0], [5], ["ndcg"])[5, "ndcg"].mean)
