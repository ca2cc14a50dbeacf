"""What a call costs with ten versions of a million list entries: figures and plans, for docs/serving.md."""

import sys
import time
from pathlib import Path

import pytest

from movierec.data.columns import LIKED_WEIGHT, RELEVANT_FROM
from movierec.db import run_sql
from movierec.publishing.catalogue import FILLED, SHELF_LENGTH

pytestmark = pytest.mark.slow

CALLS = 200
QUESTIONS = {
    "recommend": "select * from serving.recommend({viewer}, 20)",
    "recommend, filtered": "select * from serving.recommend({viewer}, 20, genres_in => array['Comedy'],"
    " genres_out => array['War'], year_from => 1960, leave_out => array[1, 2])",
    "shelves": "select * from serving.shelves({viewer}, 12)",
    "similar": "select * from serving.similar({viewer}, 10, {viewer})",
    "newcomer": "select * from serving.newcomer(array[{viewer}, 17, 99], 20)",
    "movie": "select * from serving.movie({viewer})",
    "search": "select * from serving.search((select left(title, 14) from core.movies where movie_id = {viewer}), 8)",
    "give_feedback": "select * from serving.give_feedback('{viewer}', {viewer}, 3, 'like')",
}
PLANS = (
    "select * from serving.live_recommendation where user_id = {viewer} order by rank",
    "select * from serving.candidate join serving.live using (version_id) where user_id = {viewer}",
    "select * from serving.item_weight join serving.live using (version_id) where movie_id in (17, 99, {viewer})",
)


def test_calls_at_scale(conn, capsys):
    conn.execute((Path(__file__).parent / "scale.sql").read_text())
    conn.commit()
    parameters = {"shelf_length": SHELF_LENGTH, "relevant_from": RELEVANT_FROM, "liked_weight": LIKED_WEIGHT}
    conn.execute("set search_path to core")
    for version_id in (9, 10):
        for table in FILLED:
            run_sql(conn, f"serving/fill_{table}", parameters | {"version_id": version_id})
    conn.commit()
    conn.execute("reset search_path")
    conn.commit()
    conn.autocommit = True
    conn.execute("vacuum analyze")
    for name, question in QUESTIONS.items():
        milliseconds = []
        for viewer in range(1, CALLS + 1):
            started = time.perf_counter()
            found = conn.execute(question.format(viewer=viewer * 97)).fetchall()
            milliseconds.append(1000 * (time.perf_counter() - started))
        milliseconds.sort()
        assert found
        with capsys.disabled():
            sys.stdout.write(
                f"\n{name}: least {milliseconds[0]:.2f} ms, median {milliseconds[CALLS // 2]:.2f} ms,"
                f" 95 % {milliseconds[CALLS * 95 // 100]:.2f} ms, {len(found)} rows"
            )
    with capsys.disabled():
        for question in (*PLANS, QUESTIONS["recommend"], QUESTIONS["recommend, filtered"]):
            plan = conn.execute("explain (analyze, buffers) " + question.format(viewer=4850)).fetchall()
            sys.stdout.write("\n".join(["", *(line for (line,) in plan), ""]))
