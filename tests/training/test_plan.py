"""Which rankers are fitted and evaluated in one task."""

from movierec.rankers import registry
from movierec.training.plan import TOGETHER, group_rankers


def test_what_takes_long_is_fitted_by_itself_and_first():
    groups = group_rankers(["popularity", "random_forest", "ease", "neural", "hybrid"])
    assert groups["fit"] == [["neural"], ["popularity", "ease"]]
    assert groups["fit_learned"] == [["random_forest"], ["hybrid"]]
    assert group_rankers(["ease", "slim"])["fit"] == [["ease", "slim"]]


def test_learned_rankers_are_evaluated_together_and_first():
    groups = group_rankers(["popularity", "random_forest", "ease", "neural", "hybrid"])
    assert groups["evaluate"] == [["random_forest", "hybrid"], ["popularity", "ease"], ["neural"]]
    assert group_rankers(["ease"]) == {"fit": [["ease"]], "fit_learned": [], "evaluate": [["ease"]]}


def test_every_ranker_is_in_one_group():
    groups = group_rankers(list(registry.RANKERS))
    fitted = [name for group in (*groups["fit"], *groups["fit_learned"]) for name in group]
    evaluated = [name for group in groups["evaluate"] for name in group]
    assert sorted(fitted) == sorted(evaluated) == sorted(registry.RANKERS)
    assert max(map(len, groups["fit"])) == TOGETHER
