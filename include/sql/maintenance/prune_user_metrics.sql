-- Purpose: drop the values per viewer of old trainings that no version, and no next comparison, needs any more.
-- Grain: training, protocol, ranker, k and viewer. Key: the same. Inputs: ml.user_metric, ml.training, ml.champion,
-- serving.version. Parameters: keep_days.
-- An array, by which the rows of these trainings are looked up: of statistics older than the rows a join would compare
-- each row with each training.
delete from ml.user_metric
where
    training_id = any(array(
        select training.training_id
        from ml.training
        where
            training.created_at < now() - make_interval(days => %(keep_days)s)
            and training.training_id not in (select version.training_id from serving.version)
            and training.training_id < (select max(champion.training_id) from ml.champion)
    ));
