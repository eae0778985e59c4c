"""What all generators of foraging trips share: their colony, how they are sampled, and how they fill a partly observed trip."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
import xarray as xr
from keras import ops

from geodl.errors import InputError
from geodl.layers.step_matching import StepMatching
from geodl.models.base import GeoModel, Variable
from geodl.models.trip_completion import TripCompletion
from geodl.trips import Colony, closed_trips, colony_of, fixes, in_metres, not_longer, trips_dataset, unproject

QUANTILES = 64  # of the durations that are kept
SHORTEST = 3  # steps of a trip
LIBRARY = 1000  # trips simulated to fill gaps
CALIBRATION = 2000  # trips simulated to match turns and lengths of steps
AT_ONCE = 1000  # trips


@keras.saving.register_keras_serializable(package="geodl")
class TripGenerator(GeoModel):
    """Trips of central-place foragers: simulated, from the colony and back to it.

    Subclasses define `walk(durations, seed)`: numbers of steps (trip,) and a seed of two integers → positions
    (trip, steps + 1, 2), metres to the east and north of the colony, zero at the start and from step number `duration` on.

    `sample(n, seed)` gives trips as a dataset (trip, step). `complete(ds)` fills the gaps of partly observed trips;
    `predict(ds)` is the same. To learn another colony: `adapt(ds)` to some of its trips, `fit(model.training_data(ds))`, then
    `calibrate(ds)`.

    Args:
        colony_lon: longitude of the colony, degrees east.
        colony_lat: its latitude, degrees north.
        step_seconds: time between two positions, seconds.
        steps: most steps of a trip.
    """

    theme = "trajectories"
    input_variable = Variable("x", (("trip", "step"),), units="m", valid_range=(-5e6, 5e6), samples=False)

    def __init__(self, colony_lon, colony_lat, step_seconds, steps=200, **kwargs):
        super().__init__(**kwargs)
        signature = (tf.TensorSpec((None,), "float32"), tf.TensorSpec((2,), "int32"))
        # Not compiled by XLA: that takes ten seconds, and the loop runs as fast without.
        self._graph = tf.function(self._matched_walk, input_signature=signature)
        self.matching = StepMatching(dtype="float32")
        self.colony = Colony(float(colony_lon), float(colony_lat))
        self.step_seconds, self.steps = float(step_seconds), int(steps)

    def build(self, input_shape):
        add = lambda name, shape, value: self.add_weight(shape, value, name=name, trainable=False, autocast=False)  # noqa: E731
        self.length, self.step_length = add("length", (), "ones"), add("step_length", (), "ones")
        self.durations = add("durations", (QUANTILES,), keras.initializers.Constant(self.steps / 2))
        self.matching.build((None, self.steps + 1, 2), (None,))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of what `call` takes, without the batch."""
        return (self.steps + 1, 2)

    def walk(self, durations, seed):
        """Positions (trip, steps + 1, 2) of trips of these durations (trip,)."""
        raise NotImplementedError(f"{type(self).__name__} does not define `walk`.")

    def _matched_walk(self, durations, seed):
        return self.matching(self.walk(durations, seed), durations)

    def simulate(self, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Positions (trip, steps + 1, 2) of n trips, in m from the colony, and their durations (trip,), in steps."""
        durations = np.asarray(self.duration_of(np.random.default_rng(seed).random(n)))
        parts = [self._graph(durations[i : i + AT_ONCE], (seed, i)).numpy() for i in range(0, n, AT_ONCE)]
        return np.concatenate(parts), durations.astype(int)

    def sample(self, n: int, seed: int = 0) -> xr.Dataset:
        """Simulated trips (trip, step), as `geodl.trips.trips_dataset` lays them out; they start and end at the colony.

        Raises:
            InputError: n is not positive.
        """
        if n < 1:
            raise InputError(f"Expected a positive number of trips; found {n}.")
        positions, durations = self.simulate(n, seed)
        return trips_dataset(positions, self.colony, self.step_seconds, lengths=durations + 1)

    def complete(self, ds: xr.Dataset, members: int = 0, seed: int = 0) -> xr.Dataset:
        """Trips without gaps: each step until the end of its trip gets a position; fixes are kept as they are.

        The gaps are filled by `TripCompletion` from pieces of simulated trips. Trips of another colony or time step are
        allowed; a trip ends with its last fix or, if there is a `mask`, where that ends. It may be a piece of a longer one:
        gaps before its first fix begin at the colony, and those behind its last one end there, if a bird gets so far in time.

        Args:
            ds: trips as `geodl.trips.trips_dataset` lays them out, `x` and `y`, `lon` and `lat`, or all NaN in the gaps.
            members: number of simulations, along a leading dimension `member`; 0 gives the mean of all that may fill a gap,
                which is nearest to the truth but smoother than it, with its `position_deviation` (m), NaN in gaps that are
                longer than any simulated trip.
            seed: of the simulations.

        Raises:
            InputError: no positions, or with other dimensions or units; no colony; a trip without a fix; a negative number of
                members.
        """
        trips = self.encode(ds)
        return self.decode(self.forward(trips, ds.attrs["step_seconds"], members, seed), ds)

    def predict(self, x, **options):
        """Completes the trips of an `xarray.Dataset`, as `complete` does; arrays are treated as in Keras."""
        return self.complete(x, **options) if isinstance(x, xr.Dataset) else super().predict(x, **options)

    def encode(self, ds: xr.Dataset) -> np.ndarray:
        """Positions (trip, step, 2), in m from the colony: NaN in gaps, infinite after the end of a trip."""
        colony_of(ds)  # it has to tell where that is
        ds = in_metres(ds)
        fields = [dataclasses.replace(self.input_variable, name=name).select(ds) for name in "xy"]
        positions = np.stack([field.values for field in fields], axis=-1).astype("float64")
        known = np.isfinite(positions).all(axis=-1) & fixes(ds).transpose("trip", "step").values
        if not known.any(axis=1).all():
            trip = ds["x"]["trip"].values[np.argmin(known.any(axis=1))]
            raise InputError(f"Expected a fix in every trip; trip {trip} has none: drop it.")
        number = np.arange(known.shape[1])
        inside = number <= (known * number).max(axis=1)[:, None]
        if "mask" in ds:
            # `Dataset.where` makes gaps in a mask, too.
            inside |= ds["mask"].fillna(0).transpose("trip", "step").values.astype(bool)
        return np.where(inside[..., None], np.where(known[..., None], positions, np.nan), np.inf)

    def forward(self, samples: np.ndarray, step_seconds: float, members: int = 0, seed: int = 0) -> dict[str, np.ndarray]:
        if members < 0:
            raise InputError(f"Expected a number of members, or 0 for their mean; found {members}.")
        simulated = zip(*self.simulate(LIBRARY, seed), strict=True)
        completion = TripCompletion([_resampled(*trip, step_seconds / self.step_seconds) for trip in simulated])
        if members:
            random = np.random.default_rng(seed)
            drawn = np.stack([completion.draw(trip, members, random) for trip in samples], axis=1)
            return {"positions": drawn}
        mean, deviation = zip(*(completion.mean(trip) for trip in samples), strict=True)
        return {"positions": np.stack(mean), "deviation": np.stack(deviation)}

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset) -> xr.Dataset:
        positions = np.where(np.isfinite(fields["positions"]), fields["positions"], np.nan)
        dims = ("member", "trip", "step")[-(positions.ndim - 1) :]
        lon, lat = unproject(*np.moveaxis(positions, -1, 0), colony_of(ds))
        metres = [{"units": "m", "long_name": f"distance to the {way} of the colony"} for way in ("east", "north")]
        found = {name: (dims, positions[..., i], metres[i]) for i, name in enumerate("xy")}
        if "deviation" in fields:
            attributes = {"units": "m", "long_name": "standard deviation of the position"}
            found["position_deviation"] = (dims, fields["deviation"], attributes)
        found["lon"] = (dims, lon, {"units": "degrees_east", "standard_name": "longitude"})
        found["lat"] = (dims, lat, {"units": "degrees_north", "standard_name": "latitude"})
        return ds.drop_vars(set(found) & set(ds.variables)).assign(found).set_coords(["lon", "lat"])

    def training_data(self, ds: xr.Dataset, batch_size: int | None = None, seed: int = 0) -> tf.data.Dataset:
        """Batches for `fit`, by default one of all trips, because distributions are compared."""
        return super().training_data(ds, batch_size or ds.sizes["trip"], seed)

    def pairs(self, ds: xr.Dataset, seed: int = 0) -> tuple[np.ndarray]:
        """Positions (trip, steps + 1, 2) alone: in m from the colony and back to it, NaN after the end.

        A `TripCompletion` fills gaps by pieces of all trips, their own included: on straight lines birds would not turn. Trips
        of more steps than the model's are left out, with a warning.

        Raises:
            InputError: another colony or time step than the model's, which `adapt` would take; all trips of too many steps.
        """
        found, expected = (*colony_of(ds), ds.attrs["step_seconds"]), (*self.colony, self.step_seconds)
        if not np.allclose(found, expected, rtol=1e-6):
            raise InputError(
                "Expected trips of the colony at {:g}, {:g} every {:g} s; ".format(*expected)
                + "found the one at {:g}, {:g} every {:g} s: call adapt(ds) first.".format(*found)
            )
        return (closed_trips(not_longer(self._without_gaps(ds, seed), self.steps), self.steps).astype("float32"),)

    def _without_gaps(self, ds: xr.Dataset, seed: int) -> xr.Dataset:
        samples = self.encode(ds)
        if not np.isnan(samples).any():
            return ds
        completion = TripCompletion([trip[~np.isinf(trip[:, 0])] for trip in samples])
        random = np.random.default_rng(seed)
        filled = [completion.draw(trip, 1, random)[0] for trip in samples]
        return self.decode({"positions": np.stack(filled)}, ds)

    def adapt(self, ds: xr.Dataset) -> None:
        """Takes colony, time step, scales and durations from trips; weights of the network stay, a calibration is forgotten.

        Raises:
            InputError: no colony; all trips of too many steps.
        """
        self.colony, self.step_seconds = colony_of(ds), float(ds.attrs["step_seconds"])
        (trips,) = self.pairs(ds)
        if not self.built:
            self.build((None, *self.sizes))
        self.matching.reset()
        self.length.assign(np.sqrt(np.nanmean(trips**2)))
        self.step_length.assign(np.sqrt(np.nanmean(np.diff(trips, axis=1) ** 2)))
        durations = np.isfinite(trips[..., 0]).sum(axis=1) - 1
        self.durations.assign(np.quantile(durations, (np.arange(QUANTILES) + 0.5) / QUANTILES))

    def calibrate(self, ds: xr.Dataset, turns: bool = True, seed: int = 0) -> None:
        """Matches turns and lengths of simulated steps to those of trips, by a `StepMatching`; `fit` comes before.

        Args:
            ds: trips of the colony and time step of the model.
            turns: without them only lengths are matched.
            seed: of the trips that are simulated for it.

        Raises:
            InputError: another colony or time step than the model's; all trips of too many steps.
        """
        self.matching.reset()
        self.matching.adapt(*self.simulate(CALIBRATION, seed), *self.pairs(ds), turns)

    def duration_of(self, probability):
        """Durations, in steps, at probabilities (trip,) of their distribution."""
        place = ops.clip(ops.cast(probability, "float32") * QUANTILES - 0.5, 0, QUANTILES - 1)
        below = ops.cast(ops.floor(place), "int32")
        weight = place - ops.cast(below, "float32")
        low, high = (ops.take(self.durations, ops.minimum(below + i, QUANTILES - 1)) for i in (0, 1))
        return ops.clip(ops.round((1 - weight) * low + weight * high), SHORTEST, self.steps)

    def get_config(self):
        colony = {"colony_lon": self.colony.lon, "colony_lat": self.colony.lat}
        return {**super().get_config(), **colony, "step_seconds": self.step_seconds, "steps": self.steps}


def stretched_turns(trips, turn: float, stretch: float, random: keras.random.SeedGenerator):
    """Trips, each turned about the colony and stretched at random.

    Args:
        trips: (trip, step, 2).
        turn: standard deviation of the angle, radians.
        stretch: standard deviation of the logarithm of the factor.
        random: source of both.
    """
    count = (ops.shape(trips)[0],)
    angle = turn * keras.random.normal(count, seed=random)
    factor = ops.exp(stretch * keras.random.normal(count, seed=random))
    cosine, sine = factor * ops.cos(angle), factor * ops.sin(angle)
    matrix = ops.reshape(ops.stack([cosine, sine, -sine, cosine], axis=-1), (-1, 2, 2))
    return ops.matmul(trips, matrix)


def _resampled(trip: np.ndarray, duration: int, rate: float) -> np.ndarray:
    """Positions (step, 2) of a trip at steps that are `rate` times as long, its end included."""
    steps = np.arange(int(np.ceil(duration / rate)) + 1) * rate
    return np.stack([np.interp(steps, np.arange(duration + 1), trip[: duration + 1, i]) for i in range(2)], axis=-1)
