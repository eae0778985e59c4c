"""Generative trajectories: foraging trips of seabirds, from the colony and back to it, that no bird has made.

| | |
|---|---|
| cases | `peru` (every minute), `brazil` (every five minutes), `brazil_hourly`, `st_helena` (every four minutes) |
| input | noise, and how many trips |
| output | trips: positions at regular times, which start and end at the colony |
| dataset | `seabirds`, split by bird |
| criterion | periodogram score: mean squared logarithm of the ratio of mean periodograms |
| scores | periodogram score on training birds, held-out birds and all; KS of steps, turns, duration, range, straightness; map |
| | distance Σ; distance to training trips over that between birds (memorisation); diversity; means of 20 sets of 100 trips |
"""

import time
from dataclasses import dataclass

import numpy as np

from geodl import plotting
from geodl.baselines import CorrelatedWalk, HiddenMarkovWalk, OrnsteinUhlenbeckWalk, TripBootstrap
from geodl.errors import InputError
from geodl.metrics.periodogram_score import periodogram_score, published_series
from geodl.metrics.scores import rounded
from geodl.metrics.trajectory_scores import TRIPS, RealTrips, TrajectoryScores
from geodl.themes.cases import Case, Cases
from geodl.trips import split_by_bird

SETS = 20  # of 100 trips
TIMED = 1000  # trips


@dataclass(frozen=True, kw_only=True)
class TripCase(Case):
    """How the publication scales and maps the trips.

    Args:
        scale: that positions are divided by, m.
        window: west, east, south and north edge of the map, degrees.
    """

    scale: float
    window: tuple[float, float, float, float]


CONTROL = {"training trips again": TripBootstrap}  # not a rival: it copies
WALKS = {
    "correlated walk": CorrelatedWalk,
    "Ornstein–Uhlenbeck walk": OrnsteinUhlenbeckWalk,
    "hidden Markov walk": HiddenMarkovWalk,
}


def _case(place: str, scale: float, window: tuple[float, float, float, float]) -> TripCase:
    models = {"mixture-density network": f"seabird_mdn_{place}", "GAN": f"seabird_gan_{place}"}
    return TripCase(dataset="seabirds", config=place, baselines=tuple(WALKS), models=models, scale=scale, window=window)


CASES = Cases(
    peru=_case("peru", 5e4, (-77.7, -77.0, -12.1, -11.4)),
    brazil=_case("brazil", 2e5, (-33.0, -31.5, -4.5, -3.0)),
    brazil_hourly=_case("brazil_hourly", 2e5, (-34.4, -30.4, -5.8, -1.8)),
    st_helena=_case("st_helena", 2e5, (-6.6, -3.9, -17.0, -13.6)),
)


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the generator}."""

    def fitted(make):
        return lambda: make().estimate(CASES[case].open("train"))

    return {name: fitted(make) for name, make in (CONTROL | WALKS).items()} | CASES[case].published()


def evaluate(model, case: str | None = None, split: str = "test", seed: int = 0) -> TrajectoryScores:
    """Scores of twenty sets of 100 trips of a generator; by default in the case of its colony and time step.

    Args:
        model: any `TripGenerator`.
        case: one of `CASES`.
        split: of the birds that are held out, test or validation.
        seed: of the trips.

    Raises:
        InputError: there is no such case.
    """
    simulated = model.sample(SETS * TRIPS, seed=seed)
    start = time.perf_counter()
    model.sample(TIMED, seed=seed)
    seconds = (time.perf_counter() - start) * 1000 / TIMED
    return TrajectoryScores.of(simulated, real_trips(case or case_of(model), split), seconds)


def real_trips(case: str, split: str = "test") -> RealTrips:
    """Trips that simulated ones are compared with; those of `split` are held out."""
    train, held_out, every = (CASES[case].open(each) for each in ("train", split, "all"))
    return RealTrips(train, held_out, every, CASES[case].scale, CASES[case].window)


def scores_across_birds(fit, case: str = "peru", draws: int = 3) -> dict[str, list[float]]:
    """Spectrum on held-out birds, beside what the training trips themselves reach, for several draws of the birds.

    Args:
        fit: number of a draw → a generator that has learned from the birds that `geodl.trips.split_by_bird` draws to train,
            and has been chosen by those to validate.
        case: one of `CASES`.
        draws: number of them; the first one is that of the dataset's splits.

    Returns:
        "periodogram_held_out": of the longitude, the mean of twenty sets, for each draw; "floor": that of the training trips.
    """
    setting = CASES[case]
    every = setting.open("all")
    found = {"periodogram_held_out": [], "floor": []}
    for draw in range(draws):
        trips = split_by_bird(every, draw)
        simulated = fit(draw).sample(SETS * TRIPS, seed=0)
        test, train, sets = (
            published_series(ds, setting.scale, every.sizes["step"]) for ds in (trips["test"], trips["train"], simulated)
        )
        of_sets = [periodogram_score(test, part)[0] for part in np.split(sets, SETS)]
        found["periodogram_held_out"].append(rounded(np.mean(of_sets)))
        found["floor"].append(rounded(periodogram_score(test, train)[0]))
    return found


def case_of(model) -> str:
    """The case of the colony and the time step of a generator.

    Raises:
        InputError: there is none.
    """
    trips = model.sample(1, seed=0)
    found = [trips.attrs[name] for name in ("colony_lon", "colony_lat", "step_seconds")]
    for case in CASES:
        known = CASES[case].open("validation").attrs
        if [known[name] for name in ("colony_lon", "colony_lat", "step_seconds")] == found:
            return case
    lon, lat, seconds = found
    raise InputError(
        f"Expected a generator of one of the cases {', '.join(CASES)}; "
        f"found one for a colony at {lon:g}, {lat:g} every {seconds:g} s."
    )


def figure(compared: dict[str, TrajectoryScores], case: str):
    """Maps, distributions of steps and turns, periodograms, and score against memory."""
    return plotting.trip_comparison(compared, CASES[case].open("train"), CASES[case].scale)


def picture(observed, known, completed):
    """The user's own trips, their gaps filled."""
    return plotting.completed_trips(known, completed)
