"""A configuration that is wrong ends before the run: one line, exit status 2, no traceback, no folder."""

import string
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from experiments.config.compose import valid_keys

if TYPE_CHECKING:
    from tests.config.conftest import Call

HYDRA_SIGNS = "is not used; expected key=value"

REFUSED = [
    # unknown keys
    ("robots.optimus_unit_csot=30", "no such key", "robots.optimus_unit_cost"),
    ("optimus_unit_cost=30", "no such key", "robots.optimus_unit_cost"),
    ("robot.optimus_unit_cost=30", "no such key", "robots.optimus_unit_cost"),
    ("wrlds=3", "no such key", "worlds"),
    ("output.dri=x", "no such key", "output.dir"),
    ("outcome.lead_shar=0.6", "no such key", "outcome.lead_share"),
    ("uncertainty.drawn=true", "no such key", "uncertainty.draw"),
    ("chips.leakage.x.y=0.1", "no such key", "chips.leakage"),
    ("chips={leakge: 0.1}", "chips.leakge=0.1: no such key", "chips.leakage"),
    ("scenario.why=x", "no such key", None),
    ("choices.scenario=article", "no such key", None),
    ("parameters=3", "no such key", None),
    ("roster=3", "expected one of base", "roster=base"),
    ("scenario/sub=x", "no such key", None),
    ("a..b=3", "cannot be read", None),
    ("wrlds", "cannot be read", "worlds"),
    ("worlds=[", "cannot be read", None),
    ("=", "no such key", None),
    ("", "cannot be read", None),
    # signs of Hydra's grammar
    ("+worlds=3", f"+ {HYDRA_SIGNS}", "worlds"),
    ("++chips.leakage=0.1", f"++ {HYDRA_SIGNS}", "chips.leakage"),
    ("+robots.optimus_unit_csot=3", f"+ {HYDRA_SIGNS}", "robots.optimus_unit_cost"),
    ("~worlds", f"~ {HYDRA_SIGNS}", "worlds"),
    ("scenario@here=article", f"@ {HYDRA_SIGNS}", "scenario"),
    ("hydra.run.dir=x", "Hydra's own settings", None),
    ("hydra/launcher=x", "Hydra's own settings", None),
    ("worlds=1,2", "takes one value", None),
    ("scenario=article,baseline", "takes one value", None),
    ("worlds=range(1,4)", "takes one value", None),
    ("scenario=glob(*)", "takes one value", None),
    # types and limits of parameters
    ("robots.optimus_unit_cost=cheap", "expected a number, or a range as 1..2, within 0..600 (k$)", None),
    ("robots.optimus_unit_cost='30'", "expected a number", None),
    ("robots.optimus_unit_cost=true", "expected a number", None),
    ("robots.optimus_unit_cost=null", "expected a number", None),
    ("robots.optimus_unit_cost=nan", "expected a number", None),
    ("robots.optimus_unit_cost=inf", "expected a number", None),
    ("robots.optimus_unit_cost=[30]", "expected a number", None),
    ("robots.optimus_unit_cost=-1", "within 0..600", None),
    ("robots.optimus_unit_cost=601", "within 0..600", None),
    ("robots.optimus_unit_cost=40..20", "the lower end first", None),
    ("robots.optimus_unit_cost=20..601", "within 0..600", None),
    ("robots.optimus_unit_cost=20...40", "as 1..2", None),
    ("robots.optimus_unit_cost=${seed}", "expected a number", None),
    ("chips.node_ceiling_x_max=0..30", "from above 0", None),
    # members
    ("chips.wafer_growth.uk=0.3", "expected one of us, cn", "chips.wafer_growth.us"),
    ("chips.wafer_growth={uk: 0.3}", "expected one of us, cn", "chips.wafer_growth.us"),
    ("chips.wafer_growth.us=fast", "expected a number", None),
    ("power.pue.europe=1.2", "expected one of us, allies, cn, row", None),
    ("robots.optimus_unit_cost.us=3", "has no members", "robots.optimus_unit_cost"),
    ("robots.optimus_unit_cost.value=3", "has no members", "robots.optimus_unit_cost"),
    ("policy.lever_weights={grid: 0.9}", "add up to 1, not 1.65", None),
    ("policy.lever_weights={grid: 0.1..0.3}", "expected fixed shares", None),
    # settings of the run
    ("worlds=0", "expected an integer within 1..1048576", None),
    ("worlds=1.5", "expected an integer", None),
    ("worlds=many", "expected an integer", None),
    ("worlds=true", "expected an integer", None),
    ("worlds=", "expected an integer", None),
    ("worlds={a: 1}", "expected an integer", None),
    ("seed=-1", "expected an integer", None),
    ("months=0", "expected an integer", None),
    ("steps_per_month=3", "expected an integer within 1..2", None),
    ("network_degree=7", "expected an even integer", None),
    ("agents_per_world=10", "expected an integer within 264..", None),
    ("rewired_share=1.1", "within 0..1", None),
    ("noise=1", "expected true or false", None),
    ("output.figures=no", "expected true or false", None),
    ("consumers=agent", "expected one of agents, cohort", "agents"),
    ("budget=grids", "expected one of all", "grid"),
    ("responses=[pasive]", "expected one of passive", "passive"),
    ("responses=passive", "expected a list", None),
    ("responses=[]", "expected a list", None),
    ("responses=[passive,passive]", "each at most once", None),
    ("workers=0", "expected an integer", None),
    ("workers=atuo", "expected auto", "auto"),
    ("name=a/b", "expected at most 60", None),
    ("name=..", "expected at most 60", None),
    ("name=null", "expected at most 60", None),
    ("output.dir=[a]", "expected a path", None),
    ("without=[xia]", "expected firms of the roster", "xai"),
    ("without=xai", "expected a list", None),
    ("without=[us]", "expected firms of the roster", None),
    ("without=[spacex,casc]", "nobody is left", None),
    ("outcome.horizons=[2030]", "expected a month", None),
    ("outcome.lead_share=1.5", "within 0..1", None),
    ("outcome.lead_share_tests=0.5", "expected a list", None),
    ("outcome.window_months=0.5", "expected an integer", None),
    ("uncertainty.draw=maybe", "expected true or false", None),
    # groups
    ("scenario=artcle", "expected one of", "scenario=article"),
    ("scenario=null", "expected one of", None),
    ("scenario=[article]", "expected one of", None),
    ("scenario=../start/2026-01", "expected one of", None),
    ("start=2026-02", "expected one of 2023-01, 2026-01", "start=2026-01"),
    ("uncertainty=priors", "expected one of none, posterior, prior", "uncertainty=prior"),
    ("firm=nosuch", "no file in the group firm/", None),
    # roster and start
    ("roster.labs.opnai.bloc=us", "no such key", "roster.labs.openai"),
    ("roster.labs.openai.block=us", "no such key", "roster.labs.openai.bloc"),
    ("roster.labs.openai.bloc=eu", "expected one of us, cn", "us"),
    ("roster.labs.openai.bloc=none", "expected one of us, cn", None),
    ("roster.labs.openai.open_weights=1", "expected true or false", None),
    ("roster.labs.openai.entry=2026-13", "expected a month as 2026-01", None),
    ("roster.labs.openai.own_chip_share=2", "within 0..1", None),
    ("roster.labs.openai.barred=[eu]", "expected one of us, allies, cn, row", None),
    ("roster.labs.openai.barred=cn", "expected a list", None),
    ("roster.labs.openai.site_share={us: 0.9}", "add up to 1, not 0.9", None),
    ("roster.labs.openai.site_share={us: 0.9, eu: 0.1}", "expected us, allies, cn, row", None),
    ("roster.chip_makers.tpu.buyers=[gogle]", "expected one of openai, google", "google"),
    ("roster.chip_makers.tpu.buyers=every", "or all", None),
    ("roster.markets.us.host=[eu]", "expected one of us, cn", None),
    ("roster.robot_makers.tesla.design=atlas", "expected one of optimus, agibot", None),
    ("roster.labs={openai: 3}", "expected a mapping", None),
    ("start.labs.openai.cash=1", "no such key", "start.labs.openai.cash_usd"),
    ("start.labs.openai.cash_usd=-1", "within 0..inf", None),
    ("start.labs.openai.cash_usd=20..40", "expected a finite number", None),
    ("start.labs.openai.cash_usd.us=1", "no such key", "start.labs.openai.cash_usd"),
    ("start.labs.openai.users_million=900", "expected a mapping by us, allies, cn, row", None),
    ("start.labs.openai.users_million.eu=9", "expected us, allies, cn, row", None),
    ("start.labs.openai.paying_share.us=1.5", "within 0..1", None),
    ("start.month=2026-13", "expected a month", None),
    ("start.labs=3", "expected a mapping", None),
]  # fmt: skip


@pytest.mark.parametrize(("override", "expected", "near"), REFUSED, ids=[row[0] for row in REFUSED])
def test_wrong_override_is_refused_in_one_line(
    call: "Call", tmp_path: Path, override: str, expected: str, near: str | None
) -> None:
    done = call("run", override)
    assert done.status == 2
    assert done.out == ""
    assert done.plan is None
    assert done.err.startswith("uncontested: ")
    assert done.err.count("\n") == 1, done.err
    assert override.lstrip("+~").split("=")[0].split("@")[0] in done.err
    assert expected in done.err
    if near is not None:
        assert f"Nearest valid name: {near}." in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["rnu"], "no such command; expected run"),
        (["run", "--confg-dir=x"], "Nearest valid name: --config-dir."),
        (["run", "-x"], "no such option"),
        (["run", "--cfg", "hydra"], "expected job"),
        (["run", "--cfg"], "expected job after it"),
        (["run", "--config-dir", "nowhere"], "expected a folder"),
        (["--shell-completion", "fish"], "expected bash, zsh"),
        (["run", "budget=grid", "policy.lever_weights.grid=0.25"], "expected all where policy.lever_weights"),
    ],
)
def test_wrong_command_line_is_refused(
    call: "Call", tmp_path: Path, arguments: list[str], expected: str
) -> None:
    done = call(*arguments)
    assert done.status == 2
    assert expected in done.err
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


junk_keys = (
    st.sampled_from([*valid_keys(), "start.labs.openai.cash_usd", "roster.labs.openai.bloc", "hydra.run.dir"])
    | st.text(string.ascii_lowercase + "._@/-0", max_size=12)
    | st.text(max_size=6)
)
junk_values = (
    st.text(max_size=12)
    | st.text(".,:[]{}()$'\"\\ =0123456789-einfa", max_size=14)
    | st.floats().map(str)
    | st.integers().map(str)
    | st.sampled_from(
        ["null", "true", "???", "${x}", "${oc.env:HOME}", "{a: {b: 1}}", "[[1]]", "1..2", "a,b"]
    )
)
junk = st.builds(
    lambda sign, key, value: f"{sign}{key}={value}",
    st.sampled_from(["", "", "", "+", "~"]),
    junk_keys,
    junk_values,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(overrides=st.lists(junk | st.text(max_size=8), min_size=1, max_size=2))
@example(overrides=["name=\x00"])
@example(overrides=["output.dir=\ud800"])
@example(overrides=["output.dir=a\nb"])
@example(overrides=["worlds=" + "9" * 5000])
@example(overrides=["chips.leakage=1e-400..1e400"])
@example(overrides=["chips.leakage={1: {2: 3}}"])
@example(overrides=["start={labs: [1]}"])
def test_junk_is_refused_or_understood_but_never_a_traceback(
    call: "Call", tmp_path: Path, overrides: list[str]
) -> None:
    done = call("run", *overrides, "--cfg", "job")
    assert done.status in (0, 2)
    if done.status == 2:
        assert done.err.startswith("uncontested: ")
        assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
