"""What people type into forms: paths where names are meant, and addresses that hold something secret."""

import pytest

from tests.dags.test_nights import states


@pytest.mark.parametrize("source", ["../../etc/passwd", "movielens/../app"])
def test_a_source_is_a_name_and_no_path(night, source, capsys):
    run = night.run("movierec_ingest", sources=[source])
    assert states(run)["open_batch"] == "failed"
    assert f"'{source}'" in capsys.readouterr().out


@pytest.mark.parametrize("secret", ["https://host/set.zip?token=s3cret", "https://me:s3cret@host/set.zip"])
def test_a_url_that_holds_something_secret_is_refused_before_airflow_keeps_it(airflow, secret):
    from airflow.sdk.exceptions import ParamValidationError

    field = airflow.dags["movierec_ingest"].params.get_param("dataset")
    with pytest.raises(ParamValidationError, match="which may be secret; it belongs into MOVIEREC_DATASET"):
        field.resolve(secret)
    for value in (None, "ml-100k", "/data/what?", "https://host/a@b.zip#sha256=00", "s3://bucket/set.zip"):
        assert field.resolve(value) == value
