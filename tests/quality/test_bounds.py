"""What is usual, by arithmetic: literal nights in, bounds out."""

import pytest

TONIGHT = 100


@pytest.fixture
def night(conn):
    """Return a function that writes a night of the given number of days ago with one number measured."""

    def write(batch_id, value, days_ago=0, status="accepted", accept=False, metric="core ratings mean_rating"):
        layer, subject, name = metric.split()
        conn.execute(
            "insert into ops.batch (batch_id, run_id, dataset, as_of, status, accept_volume_change) "
            "overriding system value values (%s, %s, 'x', '2026-01-31'::timestamptz - %s * interval '1 day', %s, %s)",
            [batch_id, str(batch_id), days_ago, status, accept],
        )
        conn.execute("insert into ops.metric values (%s, %s, %s, %s, %s)", [batch_id, layer, subject, name, value])

    return write


@pytest.fixture
def bound(conn):
    """Return a function that tells lower, upper, usual, nights and whether tonight's number is within."""

    def read(severity="critical", batch_id=TONIGHT):
        conn.execute("select set_config('movierec.batch', %s, false)", [str(batch_id)])
        statement = "select lower, upper, usual, nights, is_within from ops.metric_bound where severity = %s"
        return conn.execute(statement, [severity]).fetchone()

    return read


ROWS = "raw ratings rows"


def test_a_first_night_is_held_to_constants_alone(night, bound):
    night(TONIGHT, 1.9)
    assert bound("critical") == (None, None, None, 0, True)
    assert bound("warning") == (2, 4.8, None, 0, False)


def test_the_bound_is_the_median_and_its_floor_where_nights_agree(night, bound):
    for batch_id in range(1, 6):
        night(batch_id, 3.5, days_ago=10 - batch_id)
    night(TONIGHT, 4.2)
    assert bound("critical") == (2.75, 4.25, 3.5, 5, True)
    assert bound("warning") == (3.25, 3.75, 3.5, 5, False)


def test_one_odd_night_moves_neither_median_nor_spread(night, bound):
    for batch_id, mean in enumerate([3.5, 3.5, 3.5, 3.5, 1.0], 1):
        night(batch_id, mean, days_ago=10 - batch_id)
    night(TONIGHT, 3.5)
    assert bound("warning") == (3.25, 3.75, 3.5, 5, True)


def test_nights_that_vary_are_allowed_five_scaled_deviations(night, bound):
    for batch_id, mean in enumerate([3.3, 3.4, 3.5, 3.6, 3.7], 1):
        night(batch_id, mean, days_ago=10 - batch_id)
    night(TONIGHT, 3.5)
    assert bound("warning")[:2] == pytest.approx((3.5 - 5 * 1.4826 * 0.1, 3.5 + 5 * 1.4826 * 0.1))


def test_rows_that_vary_wildly_still_do_not_let_a_drop_of_ninety_percent_through(night, bound):
    for batch_id, rows in enumerate([200, 1000, 1800, 300, 1700], 1):
        night(batch_id, rows, days_ago=10 - batch_id, metric=ROWS)
    night(TONIGHT, 100, metric=ROWS)
    assert bound("critical") == (400, None, 1000, 5, False)


def test_tables_of_less_than_fifty_rows_may_come_and_go(night, bound):
    night(1, 49, days_ago=1, metric=ROWS)
    night(TONIGHT, 1, metric=ROWS)
    assert bound("critical") == (None, None, 49, 1, True)


def test_three_quarters_of_the_usual_rows_pass_and_one_row_less_does_not(night, bound):
    night(1, 400, days_ago=1, metric=ROWS)
    night(TONIGHT, 300, status="built", metric=ROWS)
    night(TONIGHT + 1, 299, metric=ROWS)
    assert bound("critical") == (300, None, 400, 1, True)
    assert bound("critical", TONIGHT + 1)[4] is False


def test_growth_by_more_than_half_is_a_warning(night, bound):
    night(1, 400, days_ago=1, metric=ROWS)
    night(TONIGHT, 601, metric=ROWS)
    assert bound("critical")[4] is True
    assert bound("warning") == (None, 600, 400, 1, False)


def test_only_accepted_nights_are_a_measure(night, bound):
    night(1, 400, days_ago=3, metric=ROWS)
    night(2, 40, days_ago=2, status="open", metric=ROWS)
    night(3, 40, days_ago=1, status="built", metric=ROWS)
    night(TONIGHT, 40, metric=ROWS)
    assert bound("critical") == (300, None, 400, 1, False)


def test_a_backfill_is_measured_against_the_nights_before_it(night, bound):
    night(1, 400, days_ago=20, metric=ROWS)
    night(2, 4000, days_ago=1, metric=ROWS)
    night(TONIGHT, 400, days_ago=10, metric=ROWS)
    assert bound("critical") == (300, None, 400, 1, True)


def test_the_last_fourteen_nights_count(night, bound):
    for batch_id in range(1, 31):
        night(batch_id, batch_id * 1000, days_ago=40 - batch_id, metric=ROWS)
    night(TONIGHT, 31_000, metric=ROWS)
    assert bound("critical")[2:4] == (23_500, 14)


def test_a_change_that_the_operator_accepts_waives_bounds_and_is_the_measure_from_then_on(night, bound):
    for batch_id in range(1, 4):
        night(batch_id, 4000, days_ago=10 - batch_id, metric=ROWS)
    night(4, 400, days_ago=2, accept=True, metric=ROWS)
    night(TONIGHT, 400, metric=ROWS)
    assert bound("critical", batch_id=4) == (None, None, 4000, 3, True)
    assert bound("critical") == (300, None, 400, 1, True)


def test_accepting_a_change_waives_no_broken_reference(night, bound):
    night(TONIGHT, 1, accept=True, metric="core ratings unknown_movie")
    assert bound("critical") == (None, 0, None, 0, False)


def test_ages_that_grow_night_by_night_are_usual_and_a_source_that_falls_silent_is_not(night, bound):
    metric = "core ratings newest_rating_days"
    for batch_id in range(1, 15):
        night(batch_id, 1000 + batch_id, days_ago=20 - batch_id, metric=metric)
    night(TONIGHT, 1015, status="built", metric=metric)
    assert bound("warning")[4] is True
    night(TONIGHT + 1, 1100, metric=metric)
    assert bound("warning", TONIGHT + 1)[4] is False


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_not_within(night, bound, value):
    night(1, 3.5, days_ago=1)
    night(TONIGHT, value)
    assert bound("critical")[4] is False


def test_nights_without_delivery_are_counted_since_the_last_one(conn, night):
    for batch_id, status in ((1, "delivered"), (2, "failed"), (3, "carried"), (TONIGHT, "failed")):
        night(batch_id, 1, days_ago=TONIGHT - batch_id)
        conn.execute("insert into ops.batch_source values (%s, 'imdb', %s, 'down')", [batch_id, status])
    conn.execute("select set_config('movierec.batch', %s, false)", [str(TONIGHT)])
    seen = "select status, message, is_represented, nights_without from ops.gate_source"
    assert conn.execute(seen).fetchall() == [("failed", "down", False, 3)]
