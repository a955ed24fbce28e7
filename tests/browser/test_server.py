"""The live back end without a browser: its numbers are those of a run, and it takes nothing else."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from experiments import load
from experiments.cli.main import main
from experiments.config.catalogue import Record
from experiments.config.compose import base_catalogue
from experiments.runs.store import month_names
from experiments.sweeping.factors import split_address
from experiments.teach.answers import QUANTILES
from experiments.teach.engine import Engine
from experiments.teach.kept import GRID_KEYS
from experiments.teach.server import FILES, GRID, LARGEST_REQUEST, make_app
from experiments.teach.sliders import MOST_MAIN, describe, spans
from experiments.teach.tunnel import Trial

NU = "enterprises.enterprise_response_nu"
CHANGED = {"capital.investor_patience": 0.7, "chips.export_stringency": 0.3, "power.lead_time_us": 21.5}


def ask(address: str, **asked: object) -> httpx.Response:
    return httpx.post(f"{address}/api/answer", json=asked, timeout=300)


def test_numbers_are_those_of_a_run_with_the_copied_override(address, tmp_path):
    equal_to_a_run(ask(address, scenario="chip_wall", values=CHANGED).json(), tmp_path)


def test_a_node_of_the_grid_is_served_as_it_was_baked_and_equals_a_run(address, content, engine, tmp_path):
    before = dict(engine.counts)
    asked = {"scenario": "baseline", "values": {"chips.export_stringency": 0.75, "power.lead_time_us": 66.0}}
    found = ask(address, **asked).json()
    assert engine.counts["simulated"] == before.get("simulated", 0)
    assert engine.counts["read"] == before.get("read", 0) + 1
    equal_to_a_run(found, tmp_path)
    written = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert engine.question(**asked, switches={}).key() == written["configuration_hash"]


def equal_to_a_run(found, tmp_path):
    """Compare an answer with a run of its override, bit for bit."""
    words = found["override"].removeprefix("uncontested ").split()
    assert main([*words, "workers=1", "output.figures=false", f"output.dir={tmp_path / 'run'}"]) == 0
    run = load(tmp_path / "run")
    for name, fan in found["fans"].items():
        table = run.series.pivot(index="month", columns="world", values=name)
        table = table.loc[found["months"]]
        assert np.quantile(table.to_numpy(np.float64), QUANTILES, axis=1).T.tolist() == fan["quantiles"], name
    for definition, years in run.summary["shares"]["passive"].items():
        for year, by_leader in years.items():
            shares = {leader: one["share"] for leader, one in by_leader.items()}
            assert found["shares"][definition][year] == shares
    assert found["months"] == month_names("2026-01", 60)[2::3]


def test_what_is_asked_moves_the_answer(address):
    calm, moved = ask(address).json(), ask(address, values={NU: 0.2}).json()
    assert moved["fans"] != calm["fans"]
    assert ask(address, switches={"noise": False}).json()["fans"] != calm["fans"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"scenario": "base"}, "baseline"),
        ({"values": {"power.lead_time_us": 1e6}}, "18..66"),
        ({"values": {"power.lead_time": 30}}, "power.lead_time_us"),
        ({"values": {"robots.working_hours": 30}}, "no slider"),
        ({"values": {"power.lead_time_us": "30; rm"}}, "valid number"),
        ({"switches": {"rules": True}}, "no switch"),
        ({"switches": {"noise": "yes"}}, "valid boolean"),
        ({"rules": "mine.py"}, "Extra inputs"),
        ({"lane": 5}, "less than 5"),
        ({"turn": -1}, "greater than or equal to 0"),
        ({"client": "x" * 65}, "at most 64"),
    ],
)
def test_refuses_what_no_slider_can_ask(address, asked, said):
    refused = ask(address, **asked)
    assert refused.status_code == 422
    assert said in refused.text


def test_tests_the_strategies_of_a_role_that_there_is(address):
    refused = httpx.get(f"{address}/api/tunnel", params={"role": "us_labs"})
    assert refused.status_code == 422
    assert "us_lab" in refused.text


def test_serves_its_own_files_only_under_a_strict_policy(address):
    for path in FILES:
        served = httpx.get(address + path)
        assert served.status_code == 200
        assert "unsafe" not in served.headers["content-security-policy"]
        assert "default-src 'none'" in served.headers["content-security-policy"]
    for path in (
        "/../server.py",
        "/%2e%2e/server.py",
        "/server.py",
        "/page/index.html",
        "//etc/passwd",
        "/docs",
    ):
        assert httpx.get(address + path).status_code == 404


def test_serves_a_grid_where_there_is_one(address, estimating, content):
    assert httpx.get(f"{address}{GRID}").status_code == 404
    assert httpx.get(f"{address}/api/model").json()["grid"] is False
    assert httpx.get(f"{estimating}/api/model").json()["grid"] is True
    for accepted in ("gzip", "identity"):
        served = httpx.get(f"{estimating}{GRID}", headers={"Accept-Encoding": accepted})
        assert served.headers.get("content-encoding", "identity") == accepted
        assert "default-src 'none'" in served.headers["content-security-policy"]
        assert served.json() == {key: json.loads(json.dumps(content[key])) for key in GRID_KEYS}


def test_refuses_large_requests_and_other_hosts(address):
    assert httpx.post(f"{address}/api/answer", content=b" " * (LARGEST_REQUEST + 1)).status_code == 413
    stream = iter([b" " * 10, b" " * LARGEST_REQUEST])
    assert httpx.post(f"{address}/api/answer", content=stream).status_code == 413
    assert httpx.get(f"{address}/api/model", headers={"Host": "evil.example"}).status_code == 400


def test_clients_at_once_get_their_own_answers(address):
    values = [0.2 + place / 50 for place in range(3)] * 2
    with ThreadPoolExecutor(6) as clients:
        found = list(clients.map(lambda x: ask(address, values={NU: x}).json(), values))
    for value, one in zip(values, found, strict=True):
        assert f"{NU}={value}" in one["override"]
    assert [one["fans"] for one in found[:3]] == [one["fans"] for one in found[3:]]
    assert len({str(one["fans"]) for one in found}) == 3


def test_every_number_of_a_slider_is_the_parameters():
    told = describe()
    assert sum(one["group"] == "main" for one in told["sliders"]) <= MOST_MAIN
    for one in told["sliders"]:
        record: Record = base_catalogue()[split_address(one["key"])[0]]
        assert one["source"] == " ".join(record.source.split())
        assert record.minimum <= one["low"] < one["high"] <= record.maximum
        assert spans()[one["key"]] == (one["low"], one["high"])


class Quick(Engine):
    """An engine that spares the many worlds of a wind tunnel."""

    async def ask(self, asked, client="", lane=0, turn=0):
        if isinstance(asked, Trial):
            return b'{"hold": {"scores": [0.0], "regret": [0.0], "worst": 0.0}}'
        return await super().ask(asked, client, lane, turn)


schema = schemathesis.openapi.from_asgi(
    "/openapi.json", make_app(Quick(worlds=2, months=3, seconds=300), ("*",))
)


@schema.parametrize()
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_survives_an_attack_on_its_description(case):
    case.call_and_validate()
