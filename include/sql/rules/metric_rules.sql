-- Purpose: the rules for the numbers of a batch, the one place where they are written: which are checked, and what is
-- allowed. ddl/gates.sql makes bounds of them.
-- Grain and key: layer, metric, severity. Inputs: none. Parameters: none.
--
-- How far a number may lie from its median over the usual nights. The allowance is the larger of spread times the
-- scaled median absolute deviation and a floor, which is a share of the median where is_relative, and never more than
-- the share most of the median: nights that vary do not make everything usual. Without enough nights (min_nights), or
-- with a median under min_usual, lowest and highest stand alone. A null floor: no bound on that side.
-- A change that the operator accepts waives what is_waivable.
create or replace view ops.metric_rule as
select
    layer,
    metric,
    severity,
    lower_floor::double precision as lower_floor,
    upper_floor::double precision as upper_floor,
    is_relative,
    spread::double precision as spread,
    most::double precision as most,
    min_usual::double precision as min_usual,
    min_nights,
    lowest::double precision as lowest,
    highest::double precision as highest,
    is_waivable
from (
    values
    ('raw', 'rows', 'critical', 0.25, null, true, 5, 0.6, 50, 1, null, null, true),
    ('raw', 'rows', 'warning', null, 0.5, true, 5, 2, 50, 1, null, null, true),
    ('raw', 'source_rows', 'warning', 0.25, 0.5, true, 5, 2, 50, 1, null, null, true),
    ('staging', 'rejected_share', 'critical', null, null, false, 0, null, null, 1, null, 0.05, true),
    ('staging', 'rejected_share', 'warning', null, null, false, 0, null, null, 1, null, 0.005, true),
    ('staging', 'rejected_share_of_few', 'warning', null, null, false, 0, null, null, 1, null, 0.005, true),
    ('staging', 'mean_rating', 'critical', 1, 1, false, 5, 0.5, null, 1, null, null, true),
    ('staging', 'mean_rating', 'warning', 0.5, 0.5, false, 5, 0.5, null, 1, 2, 4.8, true),
    ('staging', 'newest_fact_days', 'warning', null, 3, false, 5, null, null, 3, null, null, true),
    ('staging', 'out_of_range', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('staging', 'without_key', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('staging', 'out_of_time', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('core', 'rows', 'critical', 0.25, null, true, 5, 0.6, 50, 1, null, null, true),
    ('core', 'rows', 'warning', null, 0.5, true, 5, 2, 50, 1, null, null, true),
    ('core', 'mean_rating', 'critical', 0.75, 0.75, false, 5, 0.5, null, 1, null, null, true),
    ('core', 'mean_rating', 'warning', 0.25, 0.25, false, 5, 0.5, null, 1, 2, 4.8, true),
    ('core', 'stddev_rating', 'warning', 0.25, 0.25, false, 5, 0.9, null, 1, 0.1, null, true),
    ('core', 'share_of_stars', 'warning', 0.1, 0.1, false, 5, null, null, 1, null, null, true),
    ('core', 'share_with_genre', 'critical', 0.5, null, false, 0, null, null, 1, null, null, true),
    ('core', 'share_with_genre', 'warning', 0.1, null, false, 5, null, null, 1, 0.5, null, true),
    ('core', 'share_with_release_year', 'warning', 0.1, null, false, 5, null, null, 1, 0.5, null, true),
    ('core', 'share_with_director', 'critical', 0.5, null, false, 0, null, null, 1, null, null, true),
    ('core', 'share_with_director', 'warning', 0.1, null, false, 5, null, null, 1, null, null, true),
    ('core', 'share_with_profile', 'warning', 0.1, null, false, 5, null, null, 1, null, null, true),
    ('core', 'ratings_of_a_user_max', 'warning', null, 1, true, 5, null, null, 1, null, 50000, true),
    ('core', 'ratings_of_a_user_median', 'warning', 0.5, 0.5, true, 5, null, null, 1, null, null, true),
    ('core', 'newest_rating_days', 'warning', null, 3, false, 5, null, null, 3, null, null, true),
    ('core', 'unknown_movie', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('core', 'unknown_user', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('core', 'unknown_person', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('core', 'out_of_range', 'critical', null, null, false, 0, null, null, 1, null, 0, false)
) as rules (
    layer,
    metric,
    severity,
    lower_floor,
    upper_floor,
    is_relative,
    spread,
    most,
    min_usual,
    min_nights,
    lowest,
    highest,
    is_waivable
);
comment on view ops.metric_rule is 'Which numbers are checked, and how. Grain: layer, metric and severity.';
