import pytest

from movierec.config import Settings
from movierec.errors import ConfigError
from movierec.promotion.deciding_protocol import deciding_protocol


def test_the_form_is_before_the_setting():
    setting = Settings.from_env({"MOVIEREC_DECIDING_PROTOCOL": "global_temporal"}).deciding_protocol
    assert deciding_protocol(None, setting) == "global_temporal"
    assert deciding_protocol("per_user_temporal", setting) == "per_user_temporal"
    assert deciding_protocol(None, Settings.from_env({}).deciding_protocol) == "per_user_temporal"


def test_a_setting_that_no_night_has_is_refused():
    setting = Settings.from_env({"MOVIEREC_DECIDING_PROTOCOL": "leave_one_out"}).deciding_protocol
    with pytest.raises(ConfigError, match="is 'leave_one_out'; allowed is per_user_temporal or global_temporal"):
        deciding_protocol(None, setting)
