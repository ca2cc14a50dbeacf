from movierec.db import connect
from movierec.local.demo_app import seed

RATINGS = "1::1193::5::978300760\n"
MOVIES = "1::Toy Story (1995)::Comedy\n"
USERS = "1::F::1::10::48067\n2::M::56::16::70072::surplus\n"


def dataset(folder, users=USERS):
    for name, content in {"ratings.dat": RATINGS, "movies.dat": MOVIES, "users.dat": users}.items():
        if content:
            (folder / name).write_text(content)
    return folder


def profiles(app):
    with connect(app) as conn:
        return conn.execute(
            "select user_id, age, gender, occupation, zip_code from user_profile order by user_id"
        ).fetchall()


def test_profiles_are_seeded_from_any_layout_that_has_them(app, tmp_path):
    assert seed(app, dataset(tmp_path)) == 2
    assert profiles(app) == [("1", "1", "F", "10", "48067"), ("2", "56", "M", "16", "70072")]


def test_a_second_seeding_changes_nothing(app, tmp_path):
    seed(app, dataset(tmp_path))
    with connect(app) as conn:
        conn.execute("update user_profile set age = '30' where user_id = '1'")
    assert seed(app, tmp_path) == 0
    assert profiles(app)[0][1] == "30"


def test_a_dataset_without_profiles_leaves_the_table_empty(app, tmp_path):
    assert seed(app, dataset(tmp_path, users="")) == 0
    assert profiles(app) == []
