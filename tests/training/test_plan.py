"""Which rankers a task fits together."""

from movierec.rankers import registry
from movierec.training.plan import TOGETHER, group_for_fitting


def test_what_takes_long_is_by_itself_and_first_and_the_others_are_together():
    names = ["popularity", "random_forest", "ease", "neural", "hybrid"]
    assert group_for_fitting(names) == [["random_forest"], ["neural"], ["hybrid"], ["popularity", "ease"]]
    assert group_for_fitting(["ease", "slim"]) == [["ease", "slim"]]


def test_no_group_is_long_and_every_ranker_is_in_one():
    groups = group_for_fitting(list(registry.RANKERS))
    assert sorted(name for group in groups for name in group) == sorted(registry.RANKERS)
    assert max(map(len, groups)) == TOGETHER
