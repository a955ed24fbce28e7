"""Fit the hindcast to what was observed until the end of 2024: `uncontested calibrate`.

History matching first: a Sobol sample of all parameters, a quadratic emulator of the log summaries, and
what it rules out (Craig et al. 1997; Vernon, Goldstein and Bower 2010). Then an ensemble sampler on the
emulator (Goodman and Weare 2010, as emcee has it). What seeds and the parameters left to their prior add to
a summary is part of the emulator's spread and so of the likelihood (Kennedy and O'Hagan 2001). Work is done
on quantiles of the prior: a prior is uniform there, and a posterior shows what was learnt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.config.build import RunPlan
from experiments.config.design import all_quantiles, unit_points
from experiments.config.errors import ConfigError, RunError
from experiments.trust.hindcast import simulate_many
from experiments.trust.posterior import PosteriorTable
from experiments.trust.targets import Point, Target, Targets
from sim.units import Array, BoolArray, IntArray

IMPLAUSIBLE = 3.0
"""Standard deviations beyond which a value is ruled out (Pukelsheim 1994: three sigma)."""
CANDIDATES = 2**16
LEAST_PLAUSIBLE = 64
RIDGE = 1e-3
WALKERS_PER_PARAMETER = 8
STEPS, BURN_IN = 600, 200
JITTER = 1e-3
INFORMED = 0.8
"""A parameter is informed if its posterior deviation is below this share of the prior's."""
POSTERIOR_ROWS = 512


@dataclass(frozen=True)
class Evidence:
    """What was observed, as logs. Shapes: (summary,)."""

    ln_observed: Array
    ln_sd: Array
    """Of observation and model discrepancy; what seeds and other parameters add comes on top."""
    names: tuple[str, ...]


@dataclass(frozen=True)
class Emulator:
    """A quadratic in the quantiles of the calibrated parameters for every log summary."""

    weights: Array
    """(feature, summary)"""
    sd: Array
    """(summary,): what seeds, other parameters and the quadratic itself leave unexplained."""

    def __call__(self, points: Array) -> Array:
        """Return emulated log summaries. Shapes: (point, parameter) -> (point, summary)."""
        found: Array = features(points) @ self.weights
        return found


def evidence(targets: Targets) -> Evidence:
    """Collect the summaries that are fitted."""
    chosen = targets.summaries()
    return Evidence(
        np.log([point.centre for _, point in chosen]),
        np.array([np.hypot(point.ln_sd, target.discrepancy) for target, point in chosen]),
        tuple(f"{point.series} {point.date}" for _, point in chosen),
    )


def summaries_of(
    plan: RunPlan, targets: Targets, ids: IntArray, values: Array, on_month: Callable[[int], None]
) -> Array:
    """Simulate worlds and return their log summaries. Shapes: values (column, world) -> (world, summary)."""
    chosen: list[tuple[Target, Point]] = targets.summaries()
    names = tuple(dict.fromkeys(target.series for target, _ in chosen))
    series = simulate_many(plan, ids, values, names, on_month)
    first = plan.start.month
    rows = [point.read(series[names.index(target.series)], first) for target, point in chosen]
    with np.errstate(divide="ignore"):  # of nothing, minus infinity: left out below
        logs = np.log(np.stack(rows, axis=1))
    return np.where(np.isfinite(logs), logs, np.nan)


def places(plan: RunPlan, keys: Sequence[str]) -> IntArray:
    """Return the columns of calibrated parameters among all that are drawn.

    Raises: ConfigError if one is not drawn.
    """
    drawn = [column.key for column in plan.table.columns]
    for key in keys:
        if key not in drawn:
            raise ConfigError("targets.calibrated", key, "expected parameters that the hindcast draws")
    return np.array([drawn.index(key) for key in keys], np.int64)


def features(points: Array) -> Array:
    """Return constant, linear, square and cross terms. Shapes: (point, parameter) -> (point, feature)."""
    z = 2.0 * points - 1.0
    rows, columns = np.triu_indices(z.shape[1])
    return np.concatenate([np.ones((len(z), 1)), z, z[:, rows] * z[:, columns]], axis=1)


def fit_emulator(points: Array, summaries: Array) -> Emulator:
    """Fit a ridge-regularised quadratic to simulated summaries.

    Shapes: (point, parameter), (point, summary); points whose world had no feasible start are left out.
    Raises: RunError if too few are left.
    """
    sound = np.isfinite(summaries).all(1)
    terms, known = features(points[sound]), summaries[sound]
    if len(known) < 2 * terms.shape[1]:
        least = 2 * terms.shape[1]
        raise RunError(
            f"calibrate: {len(known)} sound worlds for an emulator that needs {least}; use more draws"
        )
    penalty = RIDGE * len(known) * np.eye(terms.shape[1])
    penalty[0, 0] = 0.0
    weights: Array = np.linalg.solve(terms.T @ terms + penalty, terms.T @ known).astype(np.float64)
    left = known - terms @ weights
    freedom = len(known) - terms.shape[1]
    return Emulator(weights, np.sqrt((left**2).sum(0) / freedom))


def implausibility(ln_values: Array, known: Evidence, extra_sd: Array) -> Array:
    """Return the second largest distance from the observations, in standard deviations.

    The largest is forgiven: one summary may be off for reasons of its own. Shapes: (point, summary) ->
    (point,).
    """
    distance = np.abs(ln_values - known.ln_observed) / np.hypot(known.ln_sd, extra_sd)
    second: Array = np.sort(distance, axis=1)[:, -2]
    return second


def plausible_points(
    emulator: Emulator, known: Evidence, parameters: int, wanted: int, generator: np.random.Generator
) -> tuple[Array, float]:
    """Return points that the emulator does not rule out, and their share of the space they were sought in.

    Where few are left, the bound is raised until enough are.
    """
    candidates = generator.random((CANDIDATES, parameters))
    far = implausibility(emulator(candidates), known, emulator.sd)
    kept = np.flatnonzero(far < IMPLAUSIBLE)
    share = kept.size / CANDIDATES
    if kept.size < LEAST_PLAUSIBLE:
        kept = np.argsort(far)[:LEAST_PLAUSIBLE]
    return candidates[generator.choice(kept, wanted, replace=kept.size < wanted)], share


def ln_likelihood(ln_values: Array, known: Evidence, extra_sd: Array | float) -> Array:
    """Return the log likelihood of log summaries, normal around what was observed.

    Shapes: (point, summary) -> (point,).
    """
    sd = np.hypot(known.ln_sd, extra_sd)
    found: Array = -0.5 * (((ln_values - known.ln_observed) / sd) ** 2).sum(1) - np.log(sd).sum()
    return found


def sample(
    emulator: Emulator, known: Evidence, begin: Array, seed: int, steps: int = STEPS
) -> tuple[Array, float]:
    """Sample the posterior on the emulator; return its points and the effective number of them.

    Shapes: begin (walker, parameter) -> (point, parameter).
    """
    import emcee

    def ln_posterior(points: Array) -> Array:
        inside = ((points > 0.0) & (points < 1.0)).all(1)
        found = np.full(len(points), -np.inf)
        found[inside] = ln_likelihood(emulator(points[inside]), known, emulator.sd)
        return found

    sampler = emcee.EnsembleSampler(
        len(begin),
        begin.shape[1],
        ln_posterior,
        vectorize=True,
        moves=[(emcee.moves.StretchMove(), 0.5), (emcee.moves.DEMove(), 0.5)],
    )
    random = np.random.RandomState(seed)
    sampler.random_state = random.get_state()
    # No two walkers may begin at one point: their difference is what moves them.
    apart = np.clip(begin + random.normal(scale=JITTER, size=begin.shape), JITTER, 1.0 - JITTER)
    sampler.run_mcmc(apart, steps, skip_initial_state_check=True)
    chain = sampler.get_chain(discard=min(BURN_IN, steps // 3))
    with np.errstate(invalid="ignore"):  # nothing over nothing, see below
        times = emcee.autocorr.integrated_time(chain, quiet=True, tol=0)
    # A parameter that never moved counts as one draw a walker.
    time = float(np.nan_to_num(times, nan=len(chain)).max())
    thin = max(1, int(time))
    kept: Array = chain[::thin].reshape(-1, begin.shape[1])
    return kept, float(chain.shape[0] * chain.shape[1] / max(time, 1.0))


def importance(emulator: Emulator, known: Evidence, points: Array, summaries: Array) -> Array:
    """Return the weights of simulated worlds against draws from the emulator's posterior, truncated.

    A world's luck and other parameters are in its own summaries, so that only observation error and
    discrepancy stand between them and what was observed; averaged over luck that is the emulator's
    likelihood.
    Shapes: (point, parameter), (point, summary) -> (point,). Source: Ionides 2008 (truncation).
    """
    ln_weight = ln_likelihood(summaries, known, 0.0) - ln_likelihood(emulator(points), known, emulator.sd)
    ln_weight = np.where(np.isfinite(ln_weight), ln_weight, -np.inf)
    weights = np.exp(ln_weight - ln_weight.max())
    truncated: Array = np.minimum(weights, weights.mean() * np.sqrt(weights.size))
    return truncated


def effective(weights: Array) -> float:
    """Return the effective number of weighted draws (Kish 1965). Shapes: (draw,)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def resampled(weights: Array, rows: int, generator: np.random.Generator) -> IntArray:
    """Return which draws stand for equal shares of weight (systematic resampling). Shapes: -> (rows,)."""
    edges = (generator.random() + np.arange(rows)) / rows
    return np.searchsorted(np.cumsum(weights) / weights.sum(), edges).clip(0, weights.size - 1)


@dataclass(frozen=True)
class Posterior:
    """What calibration found."""

    keys: tuple[str, ...]
    parameters: PosteriorTable
    """The informed parameters alone, as any run may draw them: the others keep their prior."""
    worlds: PosteriorTable
    """Worlds of the hindcast that fitted, luck and other parameters included, to be run on into 2025."""
    effective_draws: float
    """Of the parameters, on the emulator: draws over their autocorrelation time."""
    effective_worlds: float
    """Of the simulated worlds, whose luck and other parameters are weighted too."""
    informed: BoolArray
    """(parameter,)"""
    plausible_share: tuple[float, ...]
    """Share of the space left by each wave."""
    simulated: int
    chain_points: Array
    """(draw, parameter): the posterior of the parameters alone, on the emulator."""


def calibrate(
    plan: RunPlan, targets: Targets, draws: int, on_stage: Callable[[str, int], Callable[[int], None]]
) -> tuple[Posterior, Emulator, tuple[Array, Array]]:
    """Fit the calibrated parameters; return the posterior, the last emulator and the worlds simulated last.

    `on_stage` is told what begins and how many months it takes, and returns what is told the progress.
    """
    generator = np.random.default_rng(plan.seed)
    known, at = evidence(targets), places(plan, targets.calibrated)
    ids = np.arange(draws)
    points = unit_points(plan.seed, plan.table.columns, ids)[at].T
    months = plan.months * -(-draws // 256)
    found = summaries_of(plan, targets, ids, plan.values_for(ids), on_stage("Sobol sample", months))
    emulator, shares = fit_emulator(points, found), []
    simulated, wave = draws, max(draws // 4, 2048)
    all_points, all_found = points, found
    for place in range(2):
        more, share = plausible_points(emulator, known, at.size, wave, generator)
        shares.append(share)
        next_ids = np.arange(simulated, simulated + wave)
        got = at_points(plan, targets, at, next_ids, more, on_stage(f"wave {place + 2}", months // 4))
        simulated += wave
        all_points, all_found = np.concatenate([all_points, more]), np.concatenate([all_found, got])
        near = implausibility(np.nan_to_num(all_found, nan=1e3), known, emulator.sd) < 2.0 * IMPLAUSIBLE
        if near.sum() > 3 * features(points[:1]).shape[1]:
            emulator = fit_emulator(all_points[near], all_found[near])
    begin, _ = plausible_points(emulator, known, at.size, WALKERS_PER_PARAMETER * at.size, generator)
    chain, effective_draws = sample(emulator, known, begin, plan.seed)
    chosen = chain[generator.choice(len(chain), draws // 2, replace=len(chain) < draws // 2)]
    last_ids = np.arange(simulated, simulated + len(chosen))
    checked = at_points(plan, targets, at, last_ids, chosen, on_stage("worlds that fit", months // 2))
    simulated += len(chosen)
    weights = importance(emulator, known, chosen, checked)
    rows = resampled(weights, POSTERIOR_ROWS, generator)
    spread = np.arange(POSTERIOR_ROWS) * len(chosen) // POSTERIOR_ROWS
    prior_sd = np.sqrt(1.0 / 12.0)
    fitted = tuple(plan.table.columns[place] for place in at)
    informed = chain.std(0) < INFORMED * prior_sd
    learnt = tuple(column for column, told in zip(fitted, informed, strict=True) if told)
    posterior = Posterior(
        keys=targets.calibrated,
        parameters=PosteriorTable(
            learnt, all_quantiles(learnt, chosen[spread][:, informed].T).T, last_ids[spread]
        ),
        worlds=PosteriorTable(fitted, all_quantiles(fitted, chosen[rows].T).T, last_ids[rows]),
        effective_draws=effective_draws,
        effective_worlds=effective(weights),
        informed=informed,
        plausible_share=tuple(shares),
        simulated=simulated,
        chain_points=chain,
    )
    return posterior, emulator, (chosen, checked)


def at_points(
    plan: RunPlan,
    targets: Targets,
    at: IntArray,
    ids: IntArray,
    points: Array,
    on_month: Callable[[int], None],
) -> Array:
    """Simulate worlds whose calibrated parameters are given, the others drawn. Shapes: (point, parameter)."""
    values = plan.values_for(ids)
    values[at] = all_quantiles([plan.table.columns[place] for place in at], points.T)
    return summaries_of(plan, targets, ids, values, on_month)


def recoveries(
    emulator: Emulator,
    known: Evidence,
    worlds: tuple[Array, Array],
    informed: BoolArray,
    count: int,
    seed: int,
) -> Array:
    """Fit worlds whose parameters are known; return whether their 90 % interval holds each informed one.

    The observations are a world's own summaries with the errors that are assumed of real ones.
    Shapes: -> (recovery, informed parameter).
    """
    generator = np.random.default_rng([seed, 1])
    points, summaries = worlds
    sound = np.flatnonzero(np.isfinite(summaries).all(1))
    chosen = generator.choice(sound, count, replace=False)
    held = []
    for place, world in enumerate(chosen):
        noisy = summaries[world] + generator.normal(size=known.ln_sd.size) * known.ln_sd
        pretended = Evidence(noisy, known.ln_sd, known.names)
        walkers = WALKERS_PER_PARAMETER * points.shape[1]
        begin, _ = plausible_points(emulator, pretended, points.shape[1], walkers, generator)
        chain, _ = sample(emulator, pretended, begin, seed + place, STEPS // 2)
        low, high = np.quantile(chain, [0.05, 0.95], axis=0)
        held.append(((points[world] >= low) & (points[world] <= high))[informed])
    return np.stack(held)
