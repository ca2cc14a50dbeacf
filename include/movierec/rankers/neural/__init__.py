"""A neural ranker: networks that TensorFlow fits in a process of its own and that numpy scores."""
