"""What runs in the process that fits: the only modules that import TensorFlow. `python -m` of this package serves."""
