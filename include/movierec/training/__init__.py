"""A training, step by step: its snapshot, features, fits, tuned values and evaluations."""
