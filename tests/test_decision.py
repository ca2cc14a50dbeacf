import numpy as np
import pandas as pd
import pytest

from movierec.decision import NOTHING_TO_COMPARE, decide
from movierec.guardrails import Guardrail

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


def test_a_champion_that_can_no_longer_be_fitted_makes_room():
    decision = verdict(values(ials=-0.1), champion="hybrid", refused={"hybrid": "its scores are no numbers"})
    assert (decision.verdict, decision.challenger) == ("promote", "ease")
    assert "the champion hybrid cannot go on: its scores are no numbers" in decision.reason


def test_refused_rankers_are_named_in_the_reason():
    assert verdict(values(), refused={"ials": "it is broken"}).reason.endswith("ials was refused: it is broken")


def test_where_nothing_can_be_judged_the_champion_stays_or_popularity_wins():
    nothing = pd.DataFrame()
    assert verdict(nothing).reason == f"ease, because {NOTHING_TO_COMPARE}"
    assert verdict(nothing).verdict == "keep"
    first = verdict(nothing, champion=None)
    assert (first.verdict, first.challenger) == ("promote", "popularity")
