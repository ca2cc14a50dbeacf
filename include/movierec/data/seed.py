"""The seed by which splits are made unless another is asked for. Without imports, so that a DAG file can offer it.

Learned rankers cut their label windows by it, too. What they learn from for publication is then the known side of the
split that was evaluated, whose fits are there already.
"""

SEED = 2026
