"""From a source's rows to core: extract, stage, build, and what becomes of rejected rows."""
