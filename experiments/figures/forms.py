"""How numbers are written: percentages, significant digits, money, ranges and months."""

import calendar
import math
from collections.abc import Callable
from typing import Final, NamedTuple

from experiments.figures.manner import language, say

# A narrow no-break space keeps "83 %" on one line.
NARROW: Final = "\u202f"
DASH: Final = "\u2013"


def percent(share: float, digits: int = 0) -> str:
    """Write a share between 0 and 1 as a percentage; 0 % and 100 % are kept for exactly none and all."""
    value = 100.0 * share
    step = 10.0**-digits
    if 0.0 < value < 0.5 * step:
        return say("under {value}", value=f"{_local(f'{step:.{digits}f}')}{NARROW}%")
    if 100.0 - 0.5 * step <= value < 100.0:
        return say("over {value}", value=f"{_local(f'{100.0 - step:.{digits}f}')}{NARROW}%")
    return f"{_local(f'{value:.{digits}f}')}{NARROW}%"


def _local(text: str) -> str:
    """Write a number's comma and point as the language does."""
    return text if language() == "en" else text.translate({ord(","): ".", ord("."): ","})


def percent_pair(first: float, second: float) -> tuple[str, str]:
    """Write two different shares with as many decimals, up to three, as tell them apart."""
    texts = ("", "")
    for digits in range(4):
        texts = (percent(first, digits), percent(second, digits))
        if first == second or texts[0] != texts[1]:
            break
    return texts


def number(value: float, significant: int = 3) -> str:
    """Write a number to some significant digits with thousands separators."""
    if not math.isfinite(value):
        return say("no value")
    if value == 0.0:
        return "0"
    digits = significant - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    if abs(rounded) < 0.001:
        return _local(f"{rounded:.1e}".replace("-", "\u2212"))
    text = f"{rounded:,.{max(0, digits)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return _local(text.replace("-", "\u2212"))


def month_name(month: str) -> str:
    """Write a month such as 2040-12 as December 2040."""
    year, number_of_month = month.split("-")[:2]
    return f"{say(calendar.month_name[int(number_of_month)])} {year}"


def money(value: float) -> str:
    """Write dollars to two significant digits, cents only below ten dollars."""
    return dollars(number(value, 2)) if math.isfinite(value) else say("no value")


def dollars(amount: str) -> str:
    """Put the sign of the dollar where the language has it."""
    return f"${amount}" if language() == "en" else f"{amount}\u00a0$"


def robots(value: float) -> str:
    """Write a number of robots to two significant digits with k, M or bn."""
    for size, suffix in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{number(value / size, 2)}{NARROW}{say(suffix)}"
    return number(value, 2)


def large(value: float) -> str:
    """Write a number to two significant digits with M, bn or tn from ten thousands up."""
    if math.isfinite(value):
        for size, suffix in ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k")):
            if abs(value) >= max(size, 1e4) * 0.9995:
                return f"{number(value / size, 2)}{NARROW}{say(suffix)}"
    return number(value, 2)


class Form(NamedTuple):
    """How a quantity is written: one value, and a range of two."""

    one: Callable[[float], str]
    span: Callable[[float, float], str]


def _percent_span(low: float, high: float) -> str:
    """Write a range of shares."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return say("no value")
    return f"{100.0 * low:.0f}{DASH}{100.0 * high:.0f}{NARROW}%"


# Two digits: more would promise a precision that the sample of worlds does not have.
PLAIN: Final = Form(
    lambda value: number(value, 2), lambda low, high: f"{number(low, 2)}{DASH}{number(high, 2)}"
)
MONEY: Final = Form(money, lambda low, high: dollars(f"{number(low, 2)}{DASH}{number(high, 2)}"))
ROBOTS: Final = Form(robots, lambda low, high: f"{robots(low)}{DASH}{robots(high)}")
PERCENT: Final = Form(percent, _percent_span)
