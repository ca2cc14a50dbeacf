import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from movierec.db import connect
from movierec.errors import ConfigError, QualityError
from movierec.forgetting import forget as forgetting
from movierec.forgetting.artifacts import files_with
from movierec.forgetting.forget import allow, forget, forget_from_form, forget_in_later_artifacts
from movierec.ingestion import quarantine
from movierec.ingestion.batch import accept_batch
from movierec.ingestion.core import build_core
from movierec.ingestion.incoming_events import read_incoming
from movierec.ingestion.quarantine_filters import Filters
from movierec.local import demo_app
from movierec.local.postgres.programs import program_path
from movierec.publishing import deltas
from movierec.quality.gate import check, check_by_hand
from movierec.rankers import registry
from movierec.sources.databases.tables import DatabaseTables
from movierec.training import evaluate, fit, snapshot
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder
from tests import movielens
from tests.faults.world import facts
from tests.night import endpoint, ingest
from tests.publishing.conftest import decide, write_and_go_live

PERSON = 987_654_321  # nothing else has this number
POSTCODE = "ZQXJK"


def with_person(folder):
    """Give viewer 1 of a generated dataset an id and a postcode that can be searched for."""
    for path in (*folder.glob("*.inter"), *folder.glob("*.user")):
        lines = path.read_text().splitlines()
        path.write_text("\n".join(_renamed(line) for line in lines) + "\n")
    return folder


def _renamed(line):
    user, *rest = line.split("\t")
    return "\t".join([str(PERSON) if user == "1" else user, *rest])


def learn(conn, settings, batch_id, run_id):
    folder = TrainingFolder.of(settings, snapshot.open_training(conn, run_id, batch_id, seed=1))
    snapshot.take_snapshot(conn, folder)
    fit.build_features(folder, seed=1)
    data = TrainingData(folder)
    evaluate.evaluate_ranker(conn, data, fit.fit_ranker(data, "ease"))
    decide(conn, folder)


@pytest.fixture
def folder(tmp_path):
    return with_person(movielens.generate(tmp_path / "data"))


@pytest.fixture
def live(conn):
    """Open the warehouse in which lists are live."""
    return conn


@pytest.fixture
def initial_state(request, night_states):
    """Begin with lists that are live, where a test asks for them."""
    return night_states.get("with_person", serve_the_person) if "live" in request.fixturenames else None


def serve_the_person(conn, app, settings):
    """Publish lists of a night in which the person takes part in every way there is."""
    folder = with_person(movielens.generate(settings.home / "data"))
    with connect(app) as application:
        application.execute("insert into user_profile values (%s, '30', 'F', 'writer', %s)", [str(PERSON), POSTCODE])
        application.execute(
            "insert into feedback_event (user_id, movie_id, kind) values (%s, 3, 'like'), (2, 3, 'like')", [PERSON]
        )
    batch_id = ingest(conn, app, folder)
    learn(conn, settings, batch_id, "run")
    write_and_go_live(conn, settings)
    conn.execute("select serving.give_feedback('page-1', %s, 4, 'like')", [PERSON])
    conn.execute("insert into serving.placement (movie_id, action, user_id) values (9, 'pin', %s)", [PERSON])
    conn.execute(
        "insert into quarantine.row (slice_id, position, batch_id, source, table_name, broken_rules, reasons, record)"
        " select slice_id, 99999, 1, 'movielens', 'ratings', array['rating'], array['off the scale'],"
        " jsonb_build_object('user_id', %s::text, 'movie_id', '3', 'rating', '9') from ops.slice"
        " where table_name = 'ratings' limit 1",
        [f" {PERSON}"],
    )
    conn.commit()
    delta_id = deltas.open_delta(conn, "hour")
    deltas.write_delta(conn, delta_id, settings)
    deltas.audit_delta(conn, delta_id)
    deltas.delta_go_live(conn, delta_id)


def forget_person(conn, settings, app=None):
    removed = forget(conn, settings, PERSON, "ada")
    if app:
        demo_app.forget(app, PERSON)
    return removed


def dump(conn):
    """Return everything that a dump of the warehouse holds."""
    done = subprocess.run(
        [program_path("pg_dump"), "--dbname", conn.info.dsn], check=True, capture_output=True, text=True
    )
    return done.stdout


def statistics_of(conn, value):
    """Return the columns of which the planner's statistics hold a value."""
    held = "select tablename || '.' || attname from pg_stats where concat(most_common_vals, histogram_bounds) like %s"
    return [name for (name,) in conn.execute(held, [f"%{value}%"])]


def test_the_statistics_of_tables_hold_nothing_of_the_person(live, settings, app):
    with connect(app) as application:
        for conn in (live, application):
            conn.execute("set default_statistics_target = 10000")
            conn.execute("analyze")
            conn.commit()
            assert statistics_of(conn, PERSON)
    forget_person(live, settings, app)
    with connect(app) as application:
        for conn in (live, application):
            assert statistics_of(conn, PERSON) == []


def count(conn, table):
    return conn.execute(f"select count(*) from {table}").fetchone()[0]


def test_nothing_is_left_in_a_dump_or_in_the_artifacts(live, settings, app, tmp_path):
    folder = TrainingFolder.of(settings, 1)
    assert str(PERSON) in dump(live)
    assert POSTCODE in dump(live)
    assert files_with(folder, PERSON)
    rows_of_others = {
        table: live.execute(f"select count(*) from {table} where user_id::text <> %s", [str(PERSON)]).fetchone()
        for table in ("core.ratings", "serving.recommendation", "ml.user_metric", "raw.ratings")
    }
    removed = forget_person(live, settings, app)
    assert removed["core.ratings"] == removed["staging.ratings"] == removed["raw.ratings"] > 10
    for table in (
        "serving.recommendation",
        "serving.candidate",
        "serving.delta_viewer",
        "serving.viewer_event",
        "serving.delta_recommendation",
        "serving.placement",
        "core.events",
        "core.users",
        "ml.user_metric",
        "raw.user_profile",
        "quarantine.row",
    ):
        assert removed[table] > 0, table
    assert str(PERSON) not in dump(live)
    assert POSTCODE not in dump(live)
    assert files_with(folder, PERSON) == []
    assert list((tmp_path / "artifacts").rglob("fit.json")) == []  # what is left of fits is taken by no later training
    needle = np.int64(PERSON).tobytes()
    for path in (tmp_path / "artifacts").rglob("*"):
        assert not path.is_file() or needle not in path.read_bytes(), path
    with connect(app) as application:
        assert str(PERSON) not in dump(application)
    for table, before in rows_of_others.items():
        assert live.execute(f"select count(*) from {table}").fetchone() == before, table


def test_the_viewer_is_looked_up_and_not_searched_for_among_the_rows_of_all_others(live, settings):
    live.execute(
        "insert into serving.recommendation (version_id, user_id, rank, movie_id, title, score, reason)"
        " select 1, 1000 + number / 20, number % 20, 1, 'A', 0, '' from generate_series(1, 20000) as series (number)"
    )
    live.execute("analyze serving.recommendation")
    live.commit()
    before = rows_read(live, "recommendation")
    forget_person(live, settings)
    assert rows_read(live, "recommendation") == before


def rows_read(conn, table):
    """Return how many rows have been read of a table by going through all of it."""
    conn.execute("select pg_stat_force_next_flush()")
    conn.commit()
    (rows,) = conn.execute("select seq_tup_read from pg_stat_user_tables where relname = %s", [table]).fetchone()
    conn.commit()
    return rows


@pytest.mark.parametrize("table", ["raw.ratings", "core.ratings", "quarantine.row"])
def test_what_is_left_of_the_viewer_ends_it_with_its_place(live, settings, table, monkeypatch):
    monkeypatch.setattr(forgetting, "_forget_rows", lambda *_: {})
    with pytest.raises(QualityError, match=rf"of viewer {PERSON} something is left: .*{table}: \d+ rows"):
        forget_person(live, settings)


def test_what_stays_is_the_count(live, settings):
    removed = forget_person(live, settings)
    assert live.execute("select removed_rows, forgotten_by, allowed_at from ops.forgotten_user").fetchall() == [
        (removed, "ada", None)
    ]
    assert forget_person(live, settings) == {}
    assert live.execute("select removed_rows from ops.forgotten_user").fetchall() == [(removed,)]


def test_core_is_as_if_the_person_had_never_been(live, settings, app, folder, copy_of):
    forget_person(live, settings, app)
    build_core(live, 1)
    for path in (*folder.glob("*.inter"), *folder.glob("*.user")):
        lines = [line for line in path.read_text().splitlines() if str(PERSON) not in line]
        path.write_text("\n".join(lines) + "\n")
    with connect(copy_of("warehouse")) as other:
        ingest(other, app, folder)
        assert facts(other) == facts(live)


def test_rows_that_sources_go_on_sending_are_refused_and_counted(live, settings, app, folder):
    removed = forget_person(live, settings)
    ratings = next(folder.glob("*.inter"))
    more = [f"{user}\t{movie}\t4\t881250949\n" for user, movie in ((PERSON, 5), (f"{PERSON}.0", 6), (2, 7))]
    ratings.write_text(ratings.read_text() + "".join(more))
    batch_id = ingest(live, app, folder, "next night", accept=False)
    assert str(PERSON) not in dump(live)
    refused = live.execute(
        "select table_name, refused_rows from ops.slice where batch_id = 2 and refused_rows > 0 order by 1"
    ).fetchall()
    assert ("ratings", removed["raw.ratings"] + 2) in refused
    assert live.execute("select count(*) from core.ratings where user_id = 2 and movie_id = 7").fetchone() == (1,)
    (raw, staged, rejected) = live.execute(
        "select sum(raw_rows), sum(staging_rows), sum(quarantine_rows) from ops.slice where batch_id = 2"
    ).fetchone()
    assert raw == staged + rejected
    assert batch_id == 2


def test_a_database_that_goes_on_having_the_person_is_not_read_whole_every_night(live, settings, app, folder, caplog):
    forget_person(live, settings)
    ingest(live, app, folder, "next night")
    ingest(live, app, folder, "third night")
    assert "came late" not in caplog.text
    assert live.execute("select count(*) from core.events where user_id = 2").fetchone() == (1,)


def test_feedback_of_the_person_is_refused_on_pages_and_ahead_of_the_night(live, settings, app):
    forget_person(live, settings)
    given = live.execute("select outcome, message from serving.give_feedback('b', %s, 4, 'like')", [PERSON]).fetchone()
    assert given == ("rejected", "user_id is of somebody who has been forgotten")
    live.commit()
    with connect(app) as application:
        application.execute("insert into feedback_event (user_id, movie_id, kind) values (%s, 9, 'like')", [PERSON])
    read_incoming(live, "app", DatabaseTables(endpoint(app)))
    assert live.execute("select count(*) from serving.incoming_event where user_id = %s", [PERSON]).fetchone() == (0,)


def test_who_is_allowed_again_comes_back_with_the_next_night(live, settings, app, folder):
    removed = forget_person(live, settings)
    ingest(live, app, folder, "next night")
    allow(live, PERSON, "ada")
    ingest(live, app, folder, "third night")
    back = live.execute("select count(*) from core.ratings where user_id = %s", [PERSON]).fetchone()
    assert back == (removed["core.ratings"],)
    with pytest.raises(ConfigError, match="is not refused"):
        allow(live, PERSON, "ada")


def test_the_next_night_proves_that_nothing_is_left_and_learns_anew(live, settings, app, folder, tmp_path):
    forget_person(live, settings, app)
    assert live.execute("select training_id from ml.training where refit_due_at is not null").fetchall() == [(1,)]
    batch_id = ingest(live, app, folder, "next night", accept=False)
    check(live, "core", batch_id, tmp_path / "quality")
    accept_batch(live, batch_id, keep_nights=14)
    assert live.execute("select proven_batch_id from ops.forgotten_user").fetchone() == (batch_id,)
    learn(live, settings, batch_id, "next run")
    write_and_go_live(live, settings, "next night")
    assert live.execute("select training_id from ml.training where refit_due_at is null").fetchall() == [(2,)]
    keys = [{path.name for path in (tmp_path / f"artifacts/trainings/00000{n}/fits").iterdir()} for n in (1, 2)]
    assert keys[0].isdisjoint(keys[1])
    assert live.execute("select count(*) from serving.live_recommendation where user_id = %s", [PERSON]).fetchone() == (
        0,
    )


def test_what_a_fit_wrote_that_was_under_way_is_cleaned_by_the_next_night(live, settings):
    folder = TrainingFolder.of(settings, 1)
    begun = TrainingData(folder)
    assert PERSON in set(begun.train.ratings["user_id"])
    forget_person(live, settings)
    begun.fit_ranker(registry.create("ease"))
    assert files_with(folder, PERSON)
    assert forget_in_later_artifacts(live, settings) == [1]
    assert files_with(folder, PERSON) == []
    assert forget_in_later_artifacts(live, settings) == []


def test_of_two_who_are_forgotten_at_once_nobody_is_written_back_with_the_other_ones_files(live, settings, monkeypatch):
    inside, seen = [], []
    remove = forgetting.forget_in_artifacts

    def watch(settings, user):
        inside.append(user)
        seen.append(list(inside))
        time.sleep(0.5)  # so that the other one is here meanwhile, where nothing keeps it away
        trained = remove(settings, user)
        inside.remove(user)
        return trained

    def forget_one(user):
        with connect(live.info.dsn) as conn:
            return forget(conn, settings, user, "ada")

    monkeypatch.setattr(forgetting, "forget_in_artifacts", watch)
    with ThreadPoolExecutor() as both:
        assert all(both.map(forget_one, (PERSON, 2)))
    assert sorted(seen) == [[2], [PERSON]]
    assert [files_with(TrainingFolder.of(settings, 1), user) for user in (PERSON, 2)] == [[], []]


REJECTED = (
    "insert into quarantine.row (slice_id, position, batch_id, source, table_name, broken_rules, reasons, record,"
    " decided_record) values (1, 99999, 1, 'movielens', 'ratings', '{rating}', '{off the scale}', "
)


@pytest.mark.parametrize("layer", ["raw", "staging", "core", "past", "ml", "serving", "record", "edited", "decision"])
def test_the_gate_finds_a_row_that_is_left(live, settings, layer):
    forget_person(live, settings)
    statement = {
        "raw": "insert into raw.ratings (slice_id, position, user_id) values (1, 99999, ' 0987654321')",
        "staging": "insert into staging.tags values (1, 99999, 987654321, 1, 'dark', false, now())",
        "core": "insert into core.tags values (987654321, 1, 'dark', now())",
        "past": "insert into past.users (user_id) values (987654321)",
        "ml": "insert into ml.user_metric (training_id, protocol, ranker, k, user_id, precision_at_k, recall_at_k,"
        " f1_at_k, ndcg_at_k) values (1, 'per_user_temporal', 'ease', 10, 987654321, 0, 0, 0, 0)",
        "serving": "insert into serving.candidate values (1, 987654321, '{}')",
        "record": REJECTED + """'{"user_id": " 987654321"}', null)""",
        "edited": REJECTED + """'{"user_id": "2"}', '{"user_id": "987654321"}')""",
        "decision": REJECTED + """'{"user_id": "2"}', null); insert into quarantine.decision"""
        """ (slice_id, position, record, decided_by) values (1, 99999, '{"user_id": "0987654321"}', 'ada')""",
    }[layer]
    assert live.execute("select count(*) from ops.forgotten_rows(1)").fetchone() == (0,)
    live.execute(statement)
    live.commit()
    (finding,) = check_by_hand(live, suites=["core_forgotten"])
    assert finding.verdict == "FAILED"


def test_no_rejected_row_is_edited_into_one_of_the_person(live, settings):
    forget_person(live, settings)
    live.execute(REJECTED + """'{"user_id": "two"}', null)""")
    live.commit()
    with pytest.raises(ConfigError, match="user_id is of somebody who has been forgotten; allowed is another viewer"):
        quarantine.decide(live, Filters(table="ratings"), "edit", {"user_id": f" 0{PERSON}"}, "ada")
    assert count(live, "quarantine.decision") == 0
    assert quarantine.decide(live, Filters(table="ratings"), "edit", {"user_id": 2}, "ada") == {"ratings": 1}


def test_models_go_on_serving_everybody_else(live, settings):
    folder = TrainingFolder.of(settings, 1)
    before = registry.load(folder.final_model("ease"))
    others = before.history_.user_ids[before.history_.user_ids != PERSON]
    expected = before.recommend(others, 10)
    forget_person(live, settings)
    after = registry.load(folder.final_model("ease"))
    assert PERSON not in after.history_.user_ids
    assert after.recommend(others, 10).equals(expected)


def test_an_allowed_spelling_of_somebody_elses_id_is_not_refused(live, settings, app, folder):
    forget_person(live, settings)
    others = live.execute(
        "select count(*) from generate_series(1, 200000) as number where not ops.is_welcome(number::text, %s)",
        [live.execute("select ops.refused_buckets()").fetchone()[0]],
    ).fetchone()
    assert others == (0,)


def test_an_application_of_somebodys_own_is_left_alone(app):
    with connect(app) as application:
        application.execute("insert into user_profile (user_id) values (%s)", [str(PERSON)])
        application.execute("comment on table user_profile is 'ours'")
    assert not demo_app.forget(app, PERSON)
    with connect(app) as application:
        assert count(application, "user_profile") == 1


def test_who_asks_and_whom_it_is_about_must_be_said(conn, settings):
    with pytest.raises(ConfigError, match="needs the name of who asks"):
        forget(conn, settings, PERSON, " ")
    with pytest.raises(ConfigError, match="allowed is an id from 0"):
        forget(conn, settings, -1, "ada")
    with pytest.raises(ConfigError, match="names no viewer"):
        forget_from_form(conn, settings, {"action": "forget", "viewer": None, "who": "ada"}, None)
