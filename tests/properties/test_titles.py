"""Title templates: they keep the data's numbers, treat the blocs alike, know ties and unclear differences."""

import math
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from experiments.figures import titles
from experiments.figures.forms import MONEY, PERCENT, PLAIN, ROBOTS, month_name, number, percent, percent_pair
from experiments.figures.titles import BLOC_NAMES, Tally, is_clear, leads, wilson

FORBIDDEN = re.compile(
    r"\b(win|wins|winner|won|beats?|probability|probabilities|even odds|chance|nan|inf|None)\b", re.IGNORECASE
)
ATTEMPTS = settings(max_examples=50, deadline=None)

counts = st.integers(0, 5000)
tallies = st.builds(Tally, us=counts, other=counts, cn=counts)
shares = st.floats(0.0, 1.0)


def swap(title: str) -> str:
    """Exchange the blocs' names and the verbs that follow them."""
    mark = "\0"
    title = title.replace("US + allies", mark).replace("China", "US + allies").replace(mark, "China")
    return title


def singular(title: str) -> str:
    """Put every verb and possessive in one form, so that only names and numbers can differ."""
    for plural, one in (("lead ", "leads "), ("leave ", "leaves "), ("ship ", "ships "), ("their", "its")):
        title = re.sub(rf"\b{plural}", one, title)
    return title


def shown(title: str) -> list[str]:
    """Return the percentages of a title as written."""
    return re.findall(r"(?:under |over )?[\d.]+\u202f%", title)


@ATTEMPTS
@given(tallies)
def test_a_title_is_the_same_with_the_blocs_swapped(tally):
    title = leads("users", "in 2040", tally)
    mirrored = leads("users", "in 2040", Tally(tally.cn, tally.other, tally.us))
    assert singular(mirrored) == singular(swap(title))


@ATTEMPTS
@given(tallies)
def test_a_title_gives_the_shares_and_names_the_larger_first(tally):
    title = leads("users", "in 2040", tally)
    assert not FORBIDDEN.search(title)
    if tally.worlds < 2 or tally.us == tally.cn:
        return
    larger, smaller = max(tally.us, tally.cn), min(tally.us, tally.cn)
    assert shown(title) == list(percent_pair(larger / tally.worlds, smaller / tally.worlds))
    assert shown(title)[0] != shown(title)[1]
    first, second = ("US + allies", "China") if tally.us > tally.cn else ("China", "US + allies")
    assert title.index(first) < title.index(second)
    assert "in " + shown(title)[0] + " of sampled worlds" in title


@ATTEMPTS
@given(st.integers(1, 5000), st.integers(0, 5000))
def test_an_exact_tie_is_called_no_clear_difference(each, other):
    title = leads("users", "in 2040", Tally(each, other, each))
    assert title.startswith("No clear difference in users: each bloc leads users in 2040 in ")
    assert shown(title) == [percent(each / (2 * each + other))]


@ATTEMPTS
@given(tallies)
def test_a_title_says_unclear_exactly_when_the_difference_is_unclear(tally):
    assume(tally.worlds > 1 and max(tally.us, tally.cn) > 0)
    clear = tally.us != tally.cn and is_clear(tally.us, tally.cn, tally.worlds)
    assert leads("users", "in 2040", tally).startswith("No clear difference") != clear


def test_clear_means_beyond_sampling_error():
    # Of 100 worlds, none mixed, the shares differ with a standard error of 0.1: 1.96 of it is near 20 worlds.
    assert not is_clear(59, 41, 100)
    assert is_clear(61, 39, 100)
    # Agreement of three worlds is no evidence, of five it is: the smoothed z is 1.60 and 2.54.
    assert not is_clear(3, 0, 3)
    assert is_clear(5, 0, 5)
    assert not is_clear(1, 0, 1)
    assert not is_clear(0, 0, 0)


@pytest.mark.parametrize(
    ("tally", "title"),
    [
        (Tally(0, 0, 0), "No sampled world has a value for users in 2040"),
        (Tally(0, 1, 0), "In the one sampled world neither bloc leads users in 2040"),
        (Tally(1, 0, 0), "In the one sampled world US + allies lead users in 2040"),
        (Tally(0, 0, 1), "In the one sampled world China leads users in 2040"),
        (Tally(0, 50, 0), "Neither bloc leads users in 2040 in any sampled world"),
        (
            Tally(20, 10, 20),
            "No clear difference in users: each bloc leads users in 2040 in 40 % of sampled worlds",
        ),
        (
            Tally(21, 10, 19),
            "No clear difference in users: US + allies lead users in 2040 in 42 % of sampled worlds, "
            "China in 38 %",
        ),
        (Tally(10, 20, 70), "China leads users in 2040 in 70 % of sampled worlds, US + allies in 10 %"),
        (Tally(100, 0, 0), "US + allies lead users in 2040 in 100 % of sampled worlds, China in 0 %"),
        (
            Tally(999, 0, 1),
            "US + allies lead users in 2040 in over 99 % of sampled worlds, China in under 1 %",
        ),
    ],
)
def test_known_titles(tally, title):
    assert leads("users", "in 2040", tally).replace("\u202f", " ") == title


def test_rounding_never_makes_two_numbers_look_tied():
    title = leads("users", "in 2040", Tally(500_400, 0, 499_600))
    assert shown(title) == ["50.04\u202f%", "49.96\u202f%"]


@ATTEMPTS
@given(shares)
def test_a_percentage_is_the_rounded_share_and_keeps_none_and_all_exact(share):
    text = percent(share)
    assert (text == "0\u202f%") == (share == 0.0)
    assert (text == "100\u202f%") == (share == 1.0)
    if text[0].isdigit():
        assert abs(float(text.removesuffix("\u202f%")) - 100.0 * share) <= 0.5 + 1e-9


@ATTEMPTS
@given(st.floats(1e-2, 1e12), st.integers(1, 4))
def test_a_number_is_the_value_to_its_significant_digits(value, digits):
    text = number(value, digits)
    # Half a unit of the last kept digit, relative to a leading digit of 1.
    assert float(text.replace(",", "")) == pytest.approx(value, rel=0.5 * 10.0 ** (1 - digits) * (1 + 1e-9))
    assert len(text.replace(",", "").replace(".", "").strip("0")) <= digits


def test_numbers_and_ranges_in_known_forms():
    assert [number(v) for v in (0.0, 1234.0, 0.0123, -5.678, 999.9)] == [
        "0",
        "1,230",
        "0.0123",
        "\u22125.68",
        "1,000",
    ]
    assert number(math.nan) == "no value"
    assert PLAIN.span(1123.0, 3871.0) == "1,100\u20133,900"
    assert MONEY.span(11.9, 29.4) == "$12\u201329"
    assert PERCENT.span(0.15, 0.662) == "15\u201366\u202f%"
    assert ROBOTS.span(2_640.0, 38_900.0) == "2.6\u202fk\u201339\u202fk"
    assert ROBOTS.one(1_240_000.0) == "1.2\u202fM"
    assert month_name("2040-12") == "December 2040"


@ATTEMPTS
@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_mirrors(pair):
    hits, trials = pair
    low, high = wilson(hits, trials)
    assert 0.0 <= low <= hits / trials <= high <= 1.0
    mirrored = wilson(trials - hits, trials)
    # 1 - x loses at most a few units in the last place of 1.
    assert mirrored == pytest.approx((1.0 - high, 1.0 - low), abs=1e-14)


def test_wilson_known_values():
    # Newcombe (1998), table I, method 3 without continuity correction: 81/263 and 0/20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


# ---------------------------------------------------------------- each figure's template


@ATTEMPTS
@given(tallies, st.lists(tallies, min_size=1, max_size=9))
def test_outcome_counts_the_definitions_that_point_the_same_way(headline, others):
    definitions = {"w1": headline, **{f"w{i + 2}": tally for i, tally in enumerate(others)}}
    title = titles.outcome(headline, "in 2040", definitions)
    assert not FORBIDDEN.search(title)
    if headline.us == headline.cn or headline.worlds < 2:
        assert "definition" not in title
        return
    same = sum((t.us - t.cn) * (headline.us - headline.cn) > 0 for t in definitions.values())
    if same == len(definitions):
        assert title.endswith(f"; all {same} definitions point the same way")
    else:
        assert re.search(rf"; {same} of {len(definitions)} definitions points? that way$", title)


@ATTEMPTS
@given(tallies, st.floats(0.0, 1e4), st.floats(0.0, 1e4))
def test_powered_compute_names_both_medians(tally, us, cn):
    title = titles.powered_compute(tally, {"us": us, "cn": cn}, "2040-12")
    assert not FORBIDDEN.search(title)
    assert f"US + allies {number(us, 2)} GW, China {number(cn, 2)} GW)" in title


def test_powered_compute_leaves_out_medians_without_a_value():
    title = titles.powered_compute(Tally(0, 0, 0), {"us": math.nan, "cn": 0.1}, "2040-12")
    assert title == "No sampled world has a value for powered data centres in December 2040"


@ATTEMPTS
@given(st.lists(counts, min_size=4, max_size=4), counts, st.lists(counts, min_size=4, max_size=4), counts)
def test_power_queue_names_a_first_site_only_where_there_is_one(queue, queue_ties, price, price_ties):
    names = ("United States", "Allies", "China", "Rest of the world")
    title = titles.power_queue(
        dict(zip(names, queue, strict=True)),
        queue_ties,
        dict(zip(names, price, strict=True)),
        price_ties,
        "2040-12",
    )
    assert not FORBIDDEN.search(title)
    for values, ties, what in (
        (queue, queue_ties, "the longest grid queue"),
        (price, price_ties, "the cheapest power"),
    ):
        best = max(values)
        if values.count(best) > 1 or best <= ties:
            assert (
                f"no one site has {what} most often" in title or "or the cheapest power most often" in title
            )
        else:
            assert percent(best / (sum(values) + ties)) in title or sum(values) + ties == 1
            assert what in title


@ATTEMPTS
@given(st.floats(0.1, 500.0), st.floats(0.1, 500.0), st.lists(st.floats(0.0, 60.0), min_size=1, max_size=12))
def test_prices_and_runway_count_short_labs(us, cn, runway):
    lowest = {f"lab{i}": value for i, value in enumerate(runway)}
    title = titles.prices_runway({"us": us, "cn": cn}, lowest, 12.0, "2040-12")
    assert not FORBIDDEN.search(title)
    assert f"${number(us)} a month" in title
    assert f"${number(cn)}" in title
    short = sum(value < 12.0 for value in runway)
    if short == 0:
        assert "no lab's median runway falls below 12 months" in title
    elif short == len(runway):
        assert "every lab's" in title
    else:
        assert f"{short} of {len(runway)} labs" in title


def test_prices_know_equal_and_missing_values():
    assert "is $5 a month for both blocs" in titles.prices_runway(
        {"us": 5.0, "cn": 5.0}, {"a": 20.0}, 12.0, "2040-12"
    )
    assert "no price" in titles.prices_runway({"us": 5.0, "cn": math.nan}, {"a": 20.0}, 12.0, "2040-12")


def test_robots_know_runs_without_a_year_and_without_break_even():
    assert (
        titles.robots(Tally(0, 0, 0), None, None, None)
        == "The run holds no full calendar year of humanoid shipments"
    )
    title = titles.robots(Tally(5, 0, 95), 2040, 2.1, (1.156, 2.1))
    assert title.replace("\u202f", " ") == (
        "China ships more humanoids in 2040 in 95 % of sampled worlds, US + allies in 5 %; "
        "at 2.1 times the price one Optimus needs 1.16 to 2.1 times the efficiency to break even"
    )
    assert "needs 2.1 times the efficiency" in titles.robots(Tally(5, 0, 95), 2040, 2.1, (2.1, 2.1))


@ATTEMPTS
@given(
    st.lists(st.integers(0, 20), min_size=6, max_size=6), st.lists(st.integers(0, 20), min_size=6, max_size=6)
)
def test_binding_names_the_most_frequent_and_its_ties(us, cn):
    assume(sum(us) and sum(cn))
    names = ("none", "power", "chips", "capital", "demand", "parts")
    shares_of = {
        bloc: {name: n / sum(values) for name, n in zip(names, values, strict=True)}
        for bloc, values in (("us", us), ("cn", cn))
    }
    title = titles.binding(shares_of)
    assert not FORBIDDEN.search(title)
    for bloc, values in (("us", us), ("cn", cn)):
        assert percent(max(values) / sum(values)) in title
        assert BLOC_NAMES[bloc] in title
        for name, n in zip(names, values, strict=True):
            if n == max(values):
                assert ("no constraint" if name == "none" else name) in title.lower()
        if values.count(max(values)) > 1:
            assert "equally often" in title.lower()


def test_binding_titles_read_as_sentences():
    one = {"none": 0.1, "power": 0.62, "chips": 0.28}
    two = {"none": 0.1, "power": 0.35, "chips": 0.55}
    assert titles.binding({"us": one, "cn": two}).replace("\u202f", " ") == (
        "Power binds US + allies in 62 % of world-months, chips bind China in 55 %"
    )
    assert titles.binding({"us": one, "cn": one}).replace("\u202f", " ") == (
        "Power binds both blocs most often: US + allies in 62 % and China in 62 % of world-months"
    )
    tied = {"none": 0.0, "power": 0.5, "chips": 0.5}
    assert titles.binding({"us": tied, "cn": two}).replace("\u202f", " ") == (
        "Equally often chips or power binds US + allies in 50 % of world-months, chips bind China in 55 %"
    )
    free = {"none": 1.0, "power": 0.0}
    assert titles.binding({"us": free, "cn": two}).startswith("No constraint binds US + allies in 100")


def test_other_names_for_the_blocs_keep_their_grammar():
    title = leads("users", "in 2040", Tally(90, 0, 10), {"us": "The US", "cn": "China"})
    assert title.startswith("The US leads users in 2040")
