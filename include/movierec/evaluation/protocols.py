"""What every evaluation has in common. It imports nothing heavy, so that a DAG file can offer it in its form."""

from movierec.data import cutoff

# How the ratings are split: `data.splits` has the function of each name. These are the ones of a night; the first one
# decides about the champion unless the other one is asked to.
PER_USER_TEMPORAL = "per_user_temporal"
GLOBAL_TEMPORAL = "global_temporal"
PROTOCOLS = (PER_USER_TEMPORAL, GLOBAL_TEMPORAL)

# The others are for comparisons of one's own.
RANDOM = "random"
STRONG_GENERALISATION = "strong_generalisation"
LEAVE_ONE_OUT = "leave_one_out"
LEAVE_ONE_OUT_GLOBAL = "leave_one_out_global"
ALL_PROTOCOLS = (*PROTOCOLS, RANDOM, STRONG_GENERALISATION, LEAVE_ONE_OUT, LEAVE_ONE_OUT_GLOBAL)

# What rankers are asked for under each, in the words of their hyper-parameter `windows`: the rest of a history, what is
# rated in the days to come, the very next rating, or any part of a history.
WINDOWS_OF = {
    PER_USER_TEMPORAL: "time",
    GLOBAL_TEMPORAL: "days",
    RANDOM: "random",
    STRONG_GENERALISATION: "random",
    LEAVE_ONE_OUT: "next",
    LEAVE_ONE_OUT_GLOBAL: "next",
}

# What rankers are fitted on: the known side of either split, and for publication all ratings.
EVERYTHING = "everything"

CUTOFF = cutoff.CUTOFF  # entries of a list by which rankers are compared and tuned
CUTOFFS = (CUTOFF, 20, 50)  # entries by which lists are scored, the longest the length of the lists that are stored
SIGNIFICANCE_LEVEL = 0.05  # a p-value below is beyond chance
