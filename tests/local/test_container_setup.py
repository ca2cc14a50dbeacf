"""docker-compose.yaml and the Dockerfile, as text: what each service may know and do. `make test-compose` runs them."""

import re

import pytest
import yaml

from movierec.config import ROOT
from movierec.local import env_file
from movierec.local.container_health import PARTS
from tests.compose.stand_in_images import IMAGES
from tests.interface import settings

TEXT = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "movierec"}
DOCKERFILE = (ROOT / "include/docker/Dockerfile").read_text(encoding="utf-8")
# set by docker-compose.yaml itself, or of make run alone
OWN = {"MOVIEREC_HOME", "MOVIEREC_HOST", "MOVIEREC_WEB_HOST", "MOVIEREC_BACKUPS", "MOVIEREC_OPENLINEAGE"}


def test_every_secret_is_asked_for_and_made():
    required = set(re.findall(r"\$\{([A-Z_]+):\?run make env\}", TEXT))
    assert required == set(env_file.SECRETS)
    named = set(re.findall(r"\$\{([A-Z_]*(?:PASSWORD|SECRET|KEY)[A-Z_]*)", TEXT))
    assert named - required == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}  # of somebody else's service


def test_every_setting_reaches_the_containers():
    named = set(re.findall(r"\$\{(MOVIEREC_[A-Z_]+)", TEXT))
    assert {name for name in settings() if name.startswith("MOVIEREC_")} - named == OWN


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_can_change_nothing_but_its_volumes(name):
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in service  # the image's, which is not root
    mounted = [volume for volume in service["volumes"] if ":" in volume]
    assert all(volume.split(":")[0] in COMPOSE["volumes"] or volume.endswith(":ro") for volume in mounted)


def test_the_image_runs_as_an_ordinary_user_and_its_code_is_roots():
    final = DOCKERFILE.rpartition("FROM")[2]
    assert re.search(r"^USER airflow$", final, re.MULTILINE)
    assert "--chown" not in DOCKERFILE


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"init"}))
def test_every_service_that_stays_has_a_check_of_its_health(name):
    check = SERVICES[name]["healthcheck"]["test"]
    assert name not in OURS or check[-1] in PARTS


def test_the_administrator_is_known_to_the_server_and_to_init_alone():
    knowing = [name for name, service in SERVICES.items() if "MOVIEREC_DB_PASSWORD" in str(service)]
    assert knowing == ["postgres", "init"]


def test_the_web_application_knows_no_secret():
    web = SERVICES["web"]
    assert not re.search(r"PASSWORD|SECRET|_KEY", str(web["environment"]))
    assert [volume for volume in web["volumes"] if ":" in volume] == ["web:/opt/web"]


def test_what_is_published_is_published_on_loopback():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_profiles():
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert profiles == {"redis": ["celery"], "worker": ["celery"], "mysql": ["mysql"]}


def test_each_base_image_has_a_stand_in():
    bases = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    assert bases | {service["image"] for service in SERVICES.values()} - {"movierec"} == set(IMAGES)
