"""What the text of an evaluation says beside its tables."""

from movierec.comparison.report import text


def test_the_text_says_what_a_learned_ranker_went_on_without() -> None:
    results = {
        "rankers": {"hybrid": {"metrics": [], "left_out": {"ease_near": "it cannot be solved"}}},
        "features_seconds": 1.0,
        "shared": {"rankers": []},
        "comparison": {"others": []},
        "failed": {},
    }
    assert text(results).splitlines()[-1] == "hybrid learned without ease_near: it cannot be solved"
