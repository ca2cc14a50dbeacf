"""What rankers are made of, each used by one or several of them; nothing here is a ranker."""
