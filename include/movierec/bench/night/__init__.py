"""How long a night takes under the real scheduler, in which memory, and what else a user could run instead."""
