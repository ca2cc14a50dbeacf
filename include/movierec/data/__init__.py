"""What models see: the facts of a night as frames and arrays, histories, and what is held out."""
