from movierec.errors import ModelError
from movierec.rankers.building_blocks.search_space import Choice, Range
from movierec.tuning.search import Trial, search

SPACE = {"x": Range(0, 10), "n": Range(1, 100, log=True, whole=True), "kind": Choice(("a", None))}
DEFAULT = {"x": 1.0, "n": 200, "kind": "b"}  # n and kind lie outside the space


def hill(parameters):
    return -((parameters["x"] - 7) ** 2)


def test_what_is_given_is_tried_first_as_it_is():
    tried = search(hill, SPACE, [{"x": 3.0}, DEFAULT], 4, seed=1)
    assert [trial.parameters for trial in tried[:2]] == [{"x": 3.0}, DEFAULT]
    assert [trial.value for trial in tried[:2]] == [-16, -36]
    assert len(tried) == 4


def test_suggestions_lie_in_the_space():
    for trial in search(hill, SPACE, [], 20, seed=1):
        assert 0 <= trial.parameters["x"] <= 10
        assert 1 <= trial.parameters["n"] <= 100
        assert isinstance(trial.parameters["n"], int)
        assert trial.parameters["kind"] in ("a", None)


def test_a_search_repeats_itself_under_its_seed_and_not_under_another():
    def settings(seed):
        return [trial.parameters for trial in search(hill, SPACE, [DEFAULT], 15, seed=seed)]

    assert settings(1) == settings(1)
    assert settings(1) != settings(2)


def test_a_search_climbs():
    tried = search(hill, {"x": Range(0, 10)}, [{"x": 0.0}], 40, seed=1)
    assert max(trial.value for trial in tried) > -0.1


def test_earlier_trials_say_where_to_look_and_are_not_counted():
    earlier = [Trial({"x": x / 2}, hill({"x": x / 2})) for x in range(21)]
    tried = search(hill, {"x": Range(0, 10)}, [], 5, seed=1, earlier=earlier)
    assert len(tried) == 5
    assert min(abs(trial.parameters["x"] - 7) for trial in tried) < 0.5
    assert all(abs(trial.parameters["x"] - 7) < 4 for trial in tried)


def test_a_setting_that_cannot_be_measured_is_kept_with_its_error_and_the_search_goes_on():
    def measure(parameters):
        if parameters["x"] > 5:
            raise ModelError("x is too large")
        return float("nan") if parameters["x"] > 4 else parameters["x"]

    tried = search(measure, {"x": Range(0, 10)}, [{"x": 9.0}, {"x": 4.5}], 12, seed=1)
    assert tried[0] == Trial({"x": 9.0}, None, "x is too large", tried[0].seconds)
    assert tried[1].value is None
    assert "nan" in tried[1].error
    assert any(trial.value is not None for trial in tried)
    assert all((trial.value is None) != (trial.error is None) for trial in tried)
