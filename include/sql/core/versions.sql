-- Purpose: the last word of each lineage on each movie, without what is gone at the source: the temporary tables
-- movie_version, link_version, credit_version, title_version, vote_version and entity_version.
-- Grain: lineage and movie. Inputs: staging.movies, .links, .credits, .imdb_title, .imdb_rating, .movie_link, manifest.
-- Parameters: none.
call ops.create_version_table('movie_version', 'movies', 'movie_id');
call ops.create_version_table('link_version', 'links', 'movie_id');
call ops.create_version_table('credit_version', 'credits', 'movie_id');
call ops.create_version_table('title_version', 'imdb_title', 'tconst');
call ops.create_version_table('vote_version', 'imdb_rating', 'tconst');
call ops.create_version_table('entity_version', 'movie_link', 'movie_id');
