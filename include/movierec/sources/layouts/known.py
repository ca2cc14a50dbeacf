"""Which known layout a dataset has, told by the columns of its files, and its files in the form of contracts.

- Letterboxd's and IMDb's export of one person's ratings: see `exports`.
- HetRec 2011: see `hetrec`.
- Kaggle's "The Movies Dataset" and TMDB 5000: see `tmdb`.
- MovieLens' tag genome, a row for each movie and tag: see `genome`.
- The Netflix Prize, where no other file has ratings: see `netflix`.
"""

from collections.abc import Callable, Iterator, Sequence

from movierec.sources.layouts import exports, genome, hetrec, netflix, tmdb
from movierec.sources.layouts.rewriting import RawTable, RewrittenDataset, generated_file, raw_table
from movierec.sources.recognition import recognise
from movierec.sources.table_contracts import RATINGS
from movierec.sources.text.file import File


def with_known_layouts(files: Sequence[File], is_readable: Callable[[File], bool]) -> RewrittenDataset:
    """Return the files of a dataset, those of known layouts in the form of contracts."""
    dataset = RewrittenDataset(list(files))
    _put_netflix(dataset, is_readable)
    raws = [raw for file in dataset.files if is_readable(file) and (raw := raw_table(file))]
    for raw in raws:
        if exports.is_letterboxd(raw):
            exports.put_letterboxd(dataset, raw)
        if exports.is_imdb(raw):
            exports.put_imdb(dataset, raw)
        if hetrec.is_hetrec(raw):
            hetrec.put_hetrec(dataset, raw, raws)
        if tmdb.is_tmdb(raw):
            tmdb.put_tmdb(dataset, raw, raws)
        if raw.has(*genome.SCORES) and (tags := [each for each in raws if each.names == genome.TAGS]):
            _put_genome(dataset, raw, tags[0])
    return dataset


def _put_netflix(dataset: RewrittenDataset, is_readable: Callable[[File], bool]) -> None:
    parts = [file for file in dataset.files if netflix.has_ratings(file)]
    used = set(parts)
    rest = [file for file in dataset.files if file not in used]
    if not parts or any(_has_ratings(file) for file in rest if is_readable(file)):
        return
    titles = [file for file in rest if netflix.has_titles(file)][:1]
    generated = [netflix.ratings(parts), *map(netflix.titles, titles)]
    used.update(titles)
    dataset.files = [file for file in dataset.files if file not in used] + generated
    more = f" and {len(parts) - 1:,} more have" if len(parts) > 1 else " has"
    dataset.remarks.append(f"{parts[0].name}{more} the ratings of the Netflix Prize")


def _has_ratings(file: File) -> bool:
    recognised = recognise(file)
    return recognised is not None and recognised.main is RATINGS


def _put_genome(dataset: RewrittenDataset, raw: RawTable, tags: RawTable) -> None:
    def rows() -> Iterator[Sequence[str]]:
        return genome.rows(raw.file, raw.delimiter, genome.words(tags.rows()))

    remark = f"{raw.file.name} and {tags.file.name} are a tag genome; each movie has its {genome.MAX_TAGS} best tags"
    dataset.replace([raw, tags], [generated_file(raw, "genome", genome.COLUMNS, rows)], remark, has_every_row=True)
