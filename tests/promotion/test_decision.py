import numpy as np
import pandas as pd
import pytest

from movierec.config import SWITCHED_OFF
from movierec.promotion.decision import NOTHING_TO_COMPARE, decide
from movierec.promotion.guardrails import Guardrail

VIEWERS = 400
HOLDS = Guardrail("scores", "holds", "fine")
HURT = Guardrail("coverage", "hurt", "its lists show too little")
ALSO_HURT = Guardrail("segments", "hurt", "some are worse off")
BROKEN = Guardrail("leak", "broken", "it knows the test")


def values(noise=0.02, **leads):
    """Return NDCG of the champion, ease, and of challengers that are so far above it on average."""
    rng = np.random.default_rng(1)
    ease = rng.uniform(0.1, 0.3, VIEWERS)
    columns = {"ease": ease}
    for name, lead in leads.items():
        drawn = rng.normal(0, noise, VIEWERS)
        columns[name] = ease + lead + drawn - drawn.mean()
    return pd.DataFrame(columns)


def verdict(frame, guardrails=(HOLDS,), champion="ease", refused=None):
    return decide(frame, champion, lambda name: list(guardrails), refused or {})


def test_a_lead_beyond_chance_with_whole_guardrails_is_promoted():
    decision = verdict(values(hybrid=0.02, ials=-0.01))
    assert (decision.verdict, decision.challenger, decision.champion) == ("promote", "hybrid", "ease")
    assert decision.lead.mean == pytest.approx(0.02)
    assert 0 < decision.lead.low < 0.02 < decision.lead.high
    assert "over the champion ease" in decision.reason
    assert "beyond chance" in decision.reason
    assert decision.reason.endswith("all guardrails hold; hybrid becomes champion")


def test_the_p_value_grows_with_the_number_of_challengers():
    alone = verdict(values(hybrid=0.0022)).lead.p
    many = values(hybrid=0.0022).assign(**{f"same_{n}": values(noise=0.05, same=0.0)["same"] for n in range(9)})
    assert alone < 0.05
    assert verdict(many).lead.p > alone


@pytest.mark.parametrize(
    ("lead", "noise", "guardrails", "expected"),
    [
        (0.0005, 0.05, (HOLDS,), "keep"),  # within chance, below 1 % of 0.2
        (0.004, 0.20, (HOLDS,), "ask"),  # within chance, above
        (0.004, 0.20, (HURT,), "keep"),
        (0.02, 0.02, (HURT,), "ask"),
        (0.02, 0.02, (HURT, ALSO_HURT), "keep"),
        (0.02, 0.02, (BROKEN,), "keep"),
        (0.02, 0.02, (BROKEN, HURT), "keep"),
    ],
)
def test_the_verdict_depends_on_the_lead_and_the_guardrails(lead, noise, guardrails, expected):
    decision = verdict(values(noise, hybrid=lead), guardrails)
    assert decision.verdict == expected
    for guardrail in guardrails:
        assert guardrail.status == "holds" or guardrail.words in decision.reason


def test_a_champion_that_is_the_best_or_as_good_as_the_best_stays_unchecked():
    for frame in (values(hybrid=-0.01), values(noise=0, hybrid=0.0)):
        decision = decide(frame, "ease", lambda name: pytest.fail("checked"), {})
        assert (decision.verdict, decision.challenger) == ("keep", None)
        assert decision.reason.endswith("it stays champion")


def test_the_first_champion_is_the_best_whose_guardrails_hold():
    frame = values(leaky=0.1, ials=0.05, popularity=-0.1)
    decision = decide(frame, None, lambda name: [BROKEN if name == "leaky" else HURT], {})
    assert (decision.verdict, decision.challenger, decision.champion) == ("promote", "ials", None)
    assert "there was no champion; leaky was refused: it knows the test" in decision.reason


def test_popularity_is_the_first_champion_where_nothing_else_holds():
    decision = verdict(values(popularity=-0.1), (BROKEN,), champion=None)
    assert decision.challenger == "popularity"
    alone = verdict(values(ials=0.1), (BROKEN,), champion=None)
    assert (alone.challenger, alone.verdict) == ("popularity", "promote")


def test_a_champion_that_can_no_longer_be_fitted_stays_until_a_person_lets_another_one_follow():
    decision = verdict(values(ials=-0.1), champion="hybrid", refused={"hybrid": "its scores are not numbers"})
    assert (decision.verdict, decision.challenger, decision.champion) == ("ask", "ease", "hybrid")
    assert "the champion hybrid cannot go on: its scores are not numbers" in decision.reason
    assert decision.reason.endswith("a person decides whether ease follows")


def test_a_champion_that_fails_with_all_others_stays():
    decision = verdict(pd.DataFrame(), champion="hybrid", refused={"hybrid": "it failed", "ease": "it failed too"})
    assert (decision.verdict, decision.challenger, decision.champion) == ("keep", None, "hybrid")


@pytest.mark.parametrize("guardrail", [BROKEN, HURT])
def test_the_second_best_becomes_champion_where_the_best_is_refused(guardrail):
    frame = values(leaky=0.1, honest=0.02, worse=-0.1)
    found = [guardrail, ALSO_HURT]
    decision = decide(frame, "ease", lambda name: found if name == "leaky" else [HOLDS], {})
    assert (decision.verdict, decision.challenger, decision.champion) == ("promote", "honest", "ease")
    assert decision.lead.mean == pytest.approx(0.02)
    assert decision.guardrails == [HOLDS]
    assert guardrail.words in decision.reason
    assert "leaky has the best NDCG@10" in decision.reason
    assert "honest has an NDCG@10" in decision.reason
    assert decision.reason.endswith("honest becomes champion")


def test_where_every_challenger_is_refused_the_champion_stays_and_each_is_named():
    asked = []
    decision = decide(values(a=0.1, b=0.05, c=-0.1), "ease", lambda name: asked.append(name) or [BROKEN], {})
    assert (decision.verdict, decision.challenger, asked) == ("keep", "a", ["a", "b"])
    assert decision.reason.count("refused, because it knows the test") == 2
    assert decision.reason.endswith("ease stays champion")


def test_after_the_best_only_challengers_are_looked_at_whose_lead_could_change_something():
    frame = values(best=0.1).assign(tiny=lambda frame: values(noise=0.05, tiny=0.0005)["tiny"])
    asked = []
    assert decide(frame, "ease", lambda name: asked.append(name) or [BROKEN], {}).verdict == "keep"
    assert asked == ["best"]


def test_the_first_champion_must_have_shown_that_it_does_not_know_the_test():
    untried = Guardrail("leak", "hurt", "it could not be tried")
    frame = values(untried=0.1, popularity=-0.1)
    decision = decide(frame, None, lambda name: [untried if name == "untried" else HURT], {})
    assert decision.challenger == "ease"
    assert "untried was refused: it could not be tried" in decision.reason


def test_the_reason_says_what_the_interval_and_the_p_value_are_of():
    reason = verdict(values(hybrid=0.02, ials=-0.01)).reason
    assert "of this comparison alone, and p < 0.001, adjusted by Holm over 2 challengers" in reason
    assert "of this comparison alone" in verdict(values(ials=-0.01)).reason


def test_refused_rankers_are_named_in_the_reason():
    assert verdict(values(), refused={"ials": "it is broken"}).reason.endswith("ials was refused: it is broken")


def test_a_ranker_that_is_switched_off_is_not_said_to_have_been_refused():
    reason = verdict(values(), refused={"ials": "it is broken", "neural": SWITCHED_OFF}).reason
    said = "ials was refused: it is broken; neural was left out: it is switched off by MOVIEREC_NEURAL=no"
    assert reason.endswith(said)
    asked = verdict(values(ials=-0.1), champion="neural", refused={"neural": SWITCHED_OFF})
    assert (asked.verdict, asked.champion) == ("ask", "neural")
    assert "the champion neural cannot go on: it is switched off by MOVIEREC_NEURAL=no" in asked.reason


def test_where_nothing_can_be_evaluated_the_champion_stays_or_popularity_wins():
    nothing = pd.DataFrame()
    assert verdict(nothing).reason == f"ease, because {NOTHING_TO_COMPARE}"
    assert verdict(nothing).verdict == "keep"
    first = verdict(nothing, champion=None)
    assert (first.verdict, first.challenger) == ("promote", "popularity")
