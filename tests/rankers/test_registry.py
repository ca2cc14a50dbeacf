import pytest

from movierec.errors import ModelError
from movierec.rankers import registry


def test_every_ranker_is_created_by_its_name() -> None:
    assert [registry.create(name).name for name in registry.RANKERS] == list(registry.RANKERS)
    assert {"popularity", "item_knn", "ease", "content", "hybrid"} <= set(registry.RANKERS)


def test_an_unknown_name_is_answered_with_the_allowed_ones() -> None:
    with pytest.raises(ModelError, match="no ranker 'svd'; allowed are popularity, user_knn"):
        registry.create("svd")
