-- Purpose: the lists of a made-up version once more, for another version that lies beside it. Grain: none, it writes.
-- Key: none. Inputs: serving.recommendation, serving.candidate. Parameters: from_version_id, version_id.
insert into serving.recommendation (
    version_id, user_id, rank, movie_id, title, release_year, score, because_movie_id, reason
)
select
    %(version_id)s as version_id,
    user_id,
    rank,
    movie_id,
    title,
    release_year,
    score,
    because_movie_id,
    reason
from serving.recommendation
where version_id = %(from_version_id)s
order by user_id, rank;

insert into serving.candidate (version_id, user_id, movie_ids)
select
    %(version_id)s as version_id,
    user_id,
    movie_ids
from serving.candidate
where version_id = %(from_version_id)s;
