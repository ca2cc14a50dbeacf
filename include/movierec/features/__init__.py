"""What rankers see: histories, movies by their content, and pairs of a user and a movie."""
