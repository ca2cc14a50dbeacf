"""Ratings of other scales are mapped as a night maps them."""

import numpy as np
import pandas as pd
import pytest

from movierec.comparison.common_scale import put_on_stars
from movierec.data.columns import RATING
from movierec.data.history import is_liked
from movierec.rating_scale import RatingScale


@pytest.mark.parametrize("scale", [RatingScale(0, 10), RatingScale(0, 5), RatingScale(1, 100)], ids=str)
def test_a_rating_at_the_threshold_was_liked_on_every_scale(scale):
    for threshold in np.arange(scale.low, scale.high + 0.5, 0.5).tolist():
        values = np.array([threshold, scale.high], np.float32)
        tables = {"train": pd.DataFrame({RATING: values, "weight": np.float32("nan")})}
        stars = put_on_stars(tables, scale, threshold, [])
        assert is_liked(tables["train"], stars).all(), threshold
