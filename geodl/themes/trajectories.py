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

from geodl import datasets, plotting, zoo
from geodl.baselines import CorrelatedWalk, HiddenMarkovWalk, OrnsteinUhlenbeckWalk, TripBootstrap
from geodl.errors import InputError
from geodl.metrics.periodogram_score import periodogram_score, published_series
from geodl.metrics.rounded import rounded
from geodl.metrics.trajectory_scores import TRIPS, RealTrips, TrajectoryScores
from geodl.trips import split_by_bird

SETS = 20  # of 100 trips
TIMED = 1000  # trips


@dataclass(frozen=True)
class Case:
    """A config of the dataset, how the publication scales and maps it, and the published models.

    Args:
        scale: that positions are divided by, m.
        window: west, east, south and north edge of the map, degrees.
        models: {label: name}.
    """

    scale: float
    window: tuple[float, float, float, float]
    models: dict[str, str]


def _models(place: str) -> dict[str, str]:
    return {"mixture-density network": f"seabird_mdn_{place}", "GAN": f"seabird_gan_{place}"}


CASES = {
    "peru": Case(5e4, (-77.7, -77.0, -12.1, -11.4), _models("peru")),
    "brazil": Case(2e5, (-33.0, -31.5, -4.5, -3.0), _models("brazil")),
    "brazil_hourly": Case(2e5, (-34.4, -30.4, -5.8, -1.8), _models("brazil_hourly")),
    "st_helena": Case(2e5, (-6.6, -3.9, -17.0, -13.6), _models("st_helena")),
}
CONTROL = {"training trips again": TripBootstrap}  # not a rival: it copies
BASELINES = {
    "correlated walk": CorrelatedWalk,
    "Ornstein–Uhlenbeck walk": OrnsteinUhlenbeckWalk,
    "hidden Markov walk": HiddenMarkovWalk,
}


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the generator}."""
    published = zoo.list_models(theme="trajectories")
    models = {label: name for label, name in CASES[case].models.items() if name in published}

    def fitted(make):
        return lambda: make().fit(datasets.open_dataset("seabirds", case, "train"))

    walks = {label: fitted(make) for label, make in (CONTROL | BASELINES).items()}
    return walks | {label: lambda name=name: zoo.load(name) for label, name in models.items()}


def evaluate(model, case: str | None = None, seed: int = 0) -> TrajectoryScores:
    """Scores of twenty sets of 100 trips of a generator; by default in the case of its colony and time step.

    Raises:
        InputError: there is no such case.
    """
    simulated = model.sample(SETS * TRIPS, seed=seed)
    start = time.perf_counter()
    model.sample(TIMED, seed=seed)
    seconds = (time.perf_counter() - start) * 1000 / TIMED
    return TrajectoryScores.of(simulated, real_trips(case or _case_of(simulated)), seconds)


def real_trips(case: str) -> RealTrips:
    """Trips that simulated ones are compared with."""
    train, held_out, every = (datasets.open_dataset("seabirds", case, split) for split in ("train", "test", "all"))
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
    every, setting = datasets.open_dataset("seabirds", case, "all"), CASES[case]
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


def card_scores(model, progress=lambda work: work) -> dict[str, list[float]]:
    """Scores of a model as a card keeps them."""
    (scores,) = [evaluate(each) for each in progress([model])]
    return scores.result()


def baseline_scores(model) -> dict[str, dict[str, list[float]]]:
    """Scores of the baselines in the case of a model, as a card keeps them."""
    case = _case_of(model.sample(1, seed=0))
    return {name: evaluate(approaches(case)[name](), case).result() for name in BASELINES}


def compare(case: str = "peru", progress=lambda names: names) -> dict[str, TrajectoryScores]:
    """Scores of every approach.

    Args:
        case: one of `CASES`.
        progress: wraps the list of approaches.
    """
    made = approaches(case)
    return {name: evaluate(made[name](), case) for name in progress(list(made))}


def rows(table: dict[str, TrajectoryScores]) -> list[dict]:
    """The comparison as flat rows, for CSV."""
    return [{"approach": name, **scores.row()} for name, scores in table.items()]


def figure(table: dict[str, TrajectoryScores], case: str):
    """Maps, distributions of steps and turns, periodograms, and score against memory."""
    return plotting.trip_comparison(table, datasets.open_dataset("seabirds", case, "train"), CASES[case].scale)


def picture(observed, known, completed):
    """The user's own trips, their gaps filled."""
    return plotting.completed_trips(known, completed)


def _case_of(trips) -> str:
    """Name of the case with the colony and the time step of trips."""
    found = [trips.attrs[name] for name in ("colony_lon", "colony_lat", "step_seconds")]
    for case in CASES:
        known = datasets.open_dataset("seabirds", case, "validation").attrs
        if [known[name] for name in ("colony_lon", "colony_lat", "step_seconds")] == found:
            return case
    lon, lat, seconds = found
    raise InputError(
        f"Expected a generator of one of the cases {', '.join(CASES)}; "
        f"found one for a colony at {lon:g}, {lat:g} every {seconds:g} s."
    )
