-- Purpose: the lists of a made-up version: a list and 150 candidates for each viewer, or for one in so many, 20 similar
-- movies for each movie, the fallback list; they lie in the order in which a night writes them, so that a list is read
-- from a page or two. Grain: none, it writes. Key: none. Inputs: core.users, serving.catalogue.
-- Parameters: version_id, movies (how many there are, with ids from 1), list_length, one_in.
insert into serving.recommendation (
    version_id, user_id, rank, movie_id, title, release_year, score, because_movie_id, reason
)
select
    catalogue.version_id,
    users.user_id,
    place.rank,
    catalogue.movie_id,
    catalogue.title,
    catalogue.release_year,
    1.0 / place.rank as score,
    catalogue.movie_id as because_movie_id,
    'Because you liked ' || catalogue.title as reason
from core.users
cross join generate_series(1, %(list_length)s) as place (rank)
inner join serving.catalogue
    on
        catalogue.version_id = %(version_id)s
        and catalogue.movie_id = 1 + mod(users.user_id * 7919 + place.rank * 104729, %(movies)s)
where mod(users.user_id, %(one_in)s) = 0
order by users.user_id, place.rank;

insert into serving.candidate (version_id, user_id, movie_ids)
with spare_movie as (
    select
        users.user_id,
        place.rank,
        1 + mod(users.user_id * 7919 + place.rank * 104729, %(movies)s) as movie_id
    from core.users
    cross join generate_series(%(list_length)s + 1, %(list_length)s + 150) as place (rank)
    where mod(users.user_id, %(one_in)s) = 0
)

select
    %(version_id)s as version_id,
    user_id,
    array_agg(movie_id order by rank) as movie_ids
from spare_movie
group by user_id;

insert into serving.similar_movie (version_id, movie_id, rank, similar_movie_id, title, release_year, score)
select
    movie.version_id,
    movie.movie_id,
    place.rank,
    neighbour.movie_id as similar_movie_id,
    neighbour.title,
    neighbour.release_year,
    1.0 / place.rank as score
from serving.catalogue as movie
cross join generate_series(1, 20) as place (rank)
inner join serving.catalogue as neighbour
    on
        movie.version_id = neighbour.version_id
        and neighbour.movie_id = 1 + mod(movie.movie_id + place.rank * 17, %(movies)s)
where movie.version_id = %(version_id)s
order by movie.movie_id, place.rank;

insert into serving.fallback (version_id, rank, movie_id, title, release_year, score, reason)
select
    version_id,
    popularity_rank as rank,
    movie_id,
    title,
    release_year,
    1.0 / popularity_rank as score,
    'Popular with everyone' as reason
from serving.catalogue
where version_id = %(version_id)s and popularity_rank <= %(list_length)s;
