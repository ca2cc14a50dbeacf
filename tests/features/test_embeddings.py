import importlib.util
import socket
import sys
from pathlib import Path

import numpy as np
import pytest

from movierec.errors import ModelError
from movierec.features import embeddings
from movierec.features.embeddings import DIMENSIONS, embed

TEXTS = ["space ship alien war", "galaxy rocket astronaut", "love wedding romance", ""]


@pytest.fixture(autouse=True)
def nothing_read() -> None:
    """Let each test read the files that a process reads once."""
    embeddings._words.cache_clear()
    embeddings._tokenizer.cache_clear()


def test_words_of_one_meaning_are_nearer_than_words_of_another() -> None:
    vectors = embed(TEXTS)
    assert vectors.shape == (4, DIMENSIONS)
    assert vectors.dtype == np.float32
    alike = vectors @ vectors.T
    assert alike[0, 1] > alike[0, 2]
    np.testing.assert_allclose(np.diag(alike), [1, 1, 1, 0], atol=1e-6)


def test_nothing_written_has_no_meaning_and_neither_has_what_all_texts_say() -> None:
    assert not embed(["", ""]).any()
    assert not embed(["heat", "heat"]).any()
    assert embed([]).shape == (0, DIMENSIONS)


def test_equal_texts_give_equal_bytes() -> None:
    assert embed(TEXTS).tobytes() == embed(TEXTS).tobytes()


def test_the_vectors_come_from_the_installed_files_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*address: object) -> None:
        raise OSError(f"no network: {address}")

    for way in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, way, refuse)
    assert embed(TEXTS).any()
    assert "wordllama" not in sys.modules


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="wordllama, which is not installed"):
        embed(TEXTS)


def test_missing_files_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "wordllama.py").touch()
    package = importlib.util.spec_from_file_location(
        "wordllama", tmp_path / "wordllama.py", submodule_search_locations=[str(tmp_path)]
    )
    monkeypatch.setattr(embeddings, "find_spec", lambda name: package)
    with pytest.raises(ModelError, match=r"tokenizer_config\.json is missing"):
        embed(TEXTS)
