-- Purpose: the last word of each lineage on each movie, without what is gone at the source: the temporary tables
-- latest_movie, latest_link, latest_credit, latest_title, latest_vote and latest_entity.
-- Grain: lineage and movie. Key: lineage and movie_id, tconst or entity_id. Inputs: staging.movies, .links, .credits,
-- .imdb_title, .imdb_rating, .movie_link, manifest. Parameters: none.
call ops.create_latest_table('latest_movie', 'movies', 'movie_id');
call ops.create_latest_table('latest_link', 'links', 'movie_id');
call ops.create_latest_table('latest_credit', 'credits', 'movie_id');
call ops.create_latest_table('latest_title', 'imdb_title', 'tconst');
call ops.create_latest_table('latest_vote', 'imdb_rating', 'tconst');
call ops.create_latest_table('latest_entity', 'movie_link', 'movie_id');
