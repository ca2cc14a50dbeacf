"""Spark's ALS with `recommendForAllUsers`, as a program for an environment that has Spark and nothing of ours.

`python spark_program.py known.parquet lists.parquet settings.json seconds.json`
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> None:
    """Fit on known (user, movie, value), write everybody's lists of unseen movies, and note how long each step took.

    `recommendForAllUsers` does not leave out what a user has seen. So as many movies as the most active user has seen
    are asked for on top of the list, and the seen ones are dropped; `list_seconds` is without that, for lists that may
    hold seen movies.
    """
    from pyspark.ml.recommendation import ALS  # noqa: PLC0415 - whoever only wants to know where this file is
    from pyspark.sql import SparkSession, Window, functions  # noqa: PLC0415 - does not have Spark

    known_path, lists_path, settings_path, seconds_path = arguments
    settings = json.loads(Path(settings_path).read_text(encoding="utf-8"))
    started = time.perf_counter()
    builder = SparkSession.builder.master(f"local[{settings['cores']}]")
    for name, value in settings["spark"].items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    known = spark.read.parquet(known_path).cache()
    most_seen = known.groupBy("user").count().agg({"count": "max"}).first()[0]
    seconds = {"start": time.perf_counter() - started}

    started = time.perf_counter()
    model = ALS(userCol="user", itemCol="movie", ratingCol="value", implicitPrefs=True, **settings["als"]).fit(known)
    seconds["fit"] = time.perf_counter() - started

    started = time.perf_counter()
    model.recommendForAllUsers(settings["k"]).write.format("noop").mode("overwrite").save()
    seconds["list"] = time.perf_counter() - started

    started = time.perf_counter()
    recommended = model.recommendForAllUsers(settings["k"] + most_seen)
    each = recommended.select("user", functions.posexplode("recommendations").alias("position", "movie"))
    unseen = each.select("user", "position", "movie.movie").join(known, ["user", "movie"], "left_anti")
    rank = functions.row_number().over(Window.partitionBy("user").orderBy("position"))
    lists = unseen.withColumn("rank", rank).where(functions.col("rank") <= settings["k"])
    lists.select("user", "movie", "rank").write.mode("overwrite").parquet(lists_path)
    seconds["unseen_list"] = time.perf_counter() - started
    spark.stop()
    Path(seconds_path).write_text(json.dumps(seconds), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
