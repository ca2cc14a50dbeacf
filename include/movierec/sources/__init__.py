"""Where rows come from. A source is one module and one line in the registry.

A source offers pieces: a file, a table of a database, a page of events. A piece is loaded whole, in one transaction,
as one *slice* of `raw.<table>`; a piece whose content has been loaded before is not loaded again. A batch is the list
of its slices (`ops.batch_slice`).
"""
