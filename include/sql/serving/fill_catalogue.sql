-- Purpose: what a version knows about movies: facts for pages and filters.
-- Grain: movie. Key: version_id, movie_id. Inputs: movies, movie_genre, movie_person, person, ratings, feedback (of the
-- schema that the search path names). Parameters: version_id, relevant_from (stars), liked_weight.
with opinion as (
    select
        movie_id,
        rating,
        rating >= %(relevant_from)s as is_liked
    from ratings
    union all
    select
        movie_id,
        null as rating,
        weight >= %(liked_weight)s as is_liked
    from feedback
),

movie_opinion as (
    select
        movie_id,
        count(rating) as ratings,
        avg(rating) as mean_rating,
        count(*) filter (where is_liked) as likes
    from opinion
    group by movie_id
),

genre_list as (
    select
        movie_id,
        array_agg(genre order by genre) as genres
    from movie_genre
    group by movie_id
),

credit_list as (
    select
        movie_person.movie_id,
        array_agg(person.name order by movie_person.billing asc nulls last, person.name asc)
        filter (where movie_person.role = 'director') as directors,
        array_agg(person.name order by movie_person.billing asc nulls last, person.name asc)
        filter (where movie_person.role = 'actor') as actors
    from movie_person
    inner join person on movie_person.person_id = person.person_id
    where person.name is not null
    group by movie_person.movie_id
)

insert into serving.catalogue (
    version_id, movie_id, title, release_year, genres, directors, actors, runtime_minutes, imdb_id, imdb_rating,
    ratings, mean_rating, popularity_rank
)
select
    %(version_id)s as version_id,
    movies.movie_id,
    movies.title,
    movies.release_year,
    coalesce(genre_list.genres, '{}') as genres,
    coalesce(credit_list.directors, '{}') as directors,
    coalesce(credit_list.actors[1:10], '{}') as actors,
    movies.runtime_minutes,
    movies.imdb_id,
    movies.imdb_rating,
    coalesce(movie_opinion.ratings, 0) as ratings,
    movie_opinion.mean_rating,
    row_number() over (
        order by
            coalesce(movie_opinion.likes, 0) desc, coalesce(movie_opinion.ratings, 0) desc, movies.movie_id asc
    ) as popularity_rank
from movies
left join movie_opinion on movies.movie_id = movie_opinion.movie_id
left join genre_list on movies.movie_id = genre_list.movie_id
left join credit_list on movies.movie_id = credit_list.movie_id;
