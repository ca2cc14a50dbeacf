"""What a night was like, whether that is usual, and who is told."""
