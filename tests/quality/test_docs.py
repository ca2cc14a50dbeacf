import re

import pytest

from movierec.quality.docs import prune
from movierec.quality.gate import check
from tests import movielens
from tests.night import staged


def runs(folder):
    return {path.name for path in folder.glob("**/batch-*")}


def links(folder):
    """Return the links of the index, and those that lead nowhere."""
    found = set(re.findall(r"(?:validations|expectations)/[^\"'> ]+\.html", (folder / "index.html").read_text()))
    return found, [link for link in found if not (folder / link).is_file()]


def test_old_nights_go_page_by_page_and_the_index_names_those_that_are_kept(conn, app, tmp_path):
    quality, data = tmp_path / "quality", movielens.write(tmp_path / "data")
    for night in range(3):
        batch_id = staged(conn, app, data, f"night {night}")
        check(conn, "raw", batch_id, quality)
    assert prune(quality, 3) == 0
    assert prune(quality, 2) == 1
    assert runs(quality / "validations") == runs(quality / "data_docs") == {"batch-000002-raw", "batch-000003-raw"}
    found, dead = links(quality / "data_docs")
    assert dead == []
    assert len([link for link in found if "batch-000003-raw" in link]) >= 4
    assert not [link for link in found if "batch-000001-raw" in link]
    assert prune(quality, 2) == 0


def test_there_is_nothing_to_prune_where_nothing_was_checked(tmp_path):
    assert prune(tmp_path / "quality", 2) == 0


def test_other_files_stay(tmp_path):
    for name in ("batch-000001-raw", "batch-000001-by-somebody", "batch-notes"):
        (tmp_path / "validations" / name).mkdir(parents=True)
    with pytest.raises(ValueError, match="at least 1"):
        prune(tmp_path, 0)
    assert len(list((tmp_path / "validations").iterdir())) == 3
