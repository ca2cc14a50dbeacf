"""The rankers' speed, measured beside other people's code."""
