"""By how many entries of a list rankers are compared: the 10 of NDCG@10.

Rankers choose by it what they choose for themselves, such as the weights of the blend. Without imports, so that a DAG
file can have it.
"""

CUTOFF = 10
