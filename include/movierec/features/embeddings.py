"""Word embeddings: one vector per text from wordllama's pretrained word vectors.

The vectors and the tokenizer lie in the installed package. They are read as plain files: nothing is downloaded, and the
package itself, which would look for its tokenizer on the network and set up logging, is never imported.
"""

from functools import lru_cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer

from movierec.data.arrays import Floats
from movierec.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DIMENSIONS = 256
WORDS = f"weights/l2_supercat_{DIMENSIONS}.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
TEXTS_AT_ONCE = 4096
NEGLIGIBLE = 1e-4  # a vector this short is rounding, not meaning


def embed(texts: list[str]) -> Floats:
    """Return a unit vector per text (texts × `DIMENSIONS`), a zero one for a text without words.

    The vector is the mean of the word vectors weighted by TF-IDF, less the mean of all texts: what all texts have in
    common does not tell them apart (Arora et al. 2017).

    Raises:
        ModelError: the package is not installed or its files are not where they should be.
    """
    counts = _token_counts(texts)
    if not counts.nnz:
        return np.zeros((len(texts), DIMENSIONS), np.float32)
    weights = TfidfTransformer(norm="l1", sublinear_tf=True).fit_transform(counts)
    used = np.flatnonzero(np.bincount(weights.indices, minlength=weights.shape[1]))
    vectors = unit_rows(np.asarray(weights[:, used] @ _words()[used].astype(np.float32), np.float32))
    has_words = np.diff(counts.indptr) > 0
    vectors[has_words] -= vectors[has_words].mean(axis=0)
    return unit_rows(vectors)


def unit_rows(vectors: Floats) -> Floats:
    """Scale rows to length 1 and negligible ones to 0."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(lengths > NEGLIGIBLE, vectors / np.maximum(lengths, NEGLIGIBLE), 0).astype(np.float32)


def _token_counts(texts: list[str]) -> sparse.csr_matrix:
    tokenizer = _tokenizer()
    starts = range(0, len(texts), TEXTS_AT_ONCE)
    batches = (tokenizer.encode_batch_fast(texts[i : i + TEXTS_AT_ONCE], add_special_tokens=False) for i in starts)
    tokens = [encoding.ids for batch in batches for encoding in batch]
    sizes = [len(ids) for ids in tokens]
    columns = np.fromiter(chain.from_iterable(tokens), np.int64, sum(sizes))
    cells = (np.repeat(np.arange(len(texts)), sizes), columns)
    return sparse.csr_matrix((np.ones(len(columns), np.float32), cells), shape=(len(texts), len(_words())))


@lru_cache(maxsize=1)
def _tokenizer() -> "Tokenizer":
    from tokenizers import Tokenizer  # noqa: PLC0415 - only who builds features needs it

    tokenizer = Tokenizer.from_file(str(_file(TOKENIZER)))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@lru_cache(maxsize=1)
def _words() -> "np.ndarray[tuple[int, int], np.dtype[np.float16]]":
    from safetensors.numpy import load_file  # noqa: PLC0415

    return np.asarray(load_file(_file(WORDS))["embedding.weight"])


def _file(name: str) -> Path:
    package = find_spec("wordllama")
    folders = package.submodule_search_locations if package else None
    if not folders:
        raise ModelError("word embeddings need the package wordllama, which is not installed; run `make setup`")
    path = Path(folders[0]) / name
    if not path.is_file():
        raise ModelError(f"{path} is missing; allowed is the wordllama of requirements.txt, so run `make setup`")
    return path
