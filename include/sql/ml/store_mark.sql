-- Purpose: keep a mark that is about to be left in the artifact store.
-- Grain: one row. Key: mark. Inputs: ml.store_mark. Parameters: mark.
insert into ml.store_mark (mark)
values (%(mark)s);
