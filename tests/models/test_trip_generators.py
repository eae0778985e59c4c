"""Generators of foraging trips: they sample, learn, and fill gaps."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import xarray as xr
from loop_trips import COLONY, STEPS, gan, loops, mdn
from scipy.stats import ks_2samp

from geodl import zoo
from geodl.errors import InputError
from geodl.metrics import StepLikelihood, TripLoss, trip_statistics
from geodl.models import TrajectoryGAN, TripCompletion, TripSelection
from geodl.models.trip_selection import TRIPS
from geodl.plotting import completed_trips
from geodl.trips import closed_trips


def ks_of_steps(model, real):
    """Distance of the lengths of simulated steps from real ones, and the trips."""
    ds = model.sample(300, seed=3)
    return ks_2samp(trip_statistics(closed_trips(ds, STEPS), 60.0)["step_length"], real).statistic, ds


def criterion(model):
    return TripLoss() if isinstance(model, TrajectoryGAN) else StepLikelihood()


@pytest.fixture(scope="module", params=[gan, mdn])
def model(request):
    keras.utils.set_random_seed(0)
    made = request.param()
    made.adapt(loops())
    return made


# What both can do


def test_trips_start_and_end_at_the_colony(model):
    ds = model.sample(30, seed=1)
    distance = np.hypot(ds.x, ds.y).values
    length = ds.mask.values.sum(axis=1)
    assert (distance[:, 0] == 0).all() and (distance[np.arange(30), length - 1] == 0).all()
    assert (np.isfinite(distance) == ds.mask.values).all() and np.nanmax(distance) > 100
    np.testing.assert_allclose(ds.lon[:, 0], COLONY[0])


def test_durations_are_those_of_the_trips_it_has_learned_from(model):
    steps = model.sample(300).mask.values.sum(axis=1) - 1
    real = loops().mask.values.sum(axis=1) - 1
    assert steps.min() >= real.min() and steps.max() <= real.max()
    assert steps.mean() == pytest.approx(real.mean(), rel=0.05)


def test_the_same_seed_gives_the_same_trips(model):
    first, again, other = (model.sample(3, seed=seed) for seed in (5, 5, 6))
    xr.testing.assert_identical(first, again)
    assert not np.array_equal(first.x, other.x)


def test_samples_are_trajectories_of_the_cf_conventions(model):
    ds = model.sample(2)
    assert ds.attrs["featureType"] == "trajectory" and ds.trip.attrs["cf_role"] == "trajectory_id"
    assert ds.lon.dims == ("trip", "step") and ds.attrs["step_seconds"] == 60
    assert (np.diff(ds.time[0, :5]) == np.timedelta64(60, "s")).all()


def test_weights_and_config_are_saved_and_read(model, tmp_path):
    model.compile("adam", loss=criterion(model))
    zoo.save(model, tmp_path)
    xr.testing.assert_identical(zoo.load(tmp_path).sample(3), model.sample(3))


def test_trips_in_degrees_are_learned_from_like_those_in_metres(model):
    trips = loops(5)
    (expected,), (found,) = model.pairs(trips), model.pairs(trips.drop_vars(["x", "y"]))
    np.testing.assert_allclose(found, expected, atol=1)


def test_learning_twenty_trips_of_another_colony_lowers_the_loss(model):
    keras.utils.set_random_seed(0)
    clone = type(model).from_config(model.get_config())
    clone.build((None, STEPS + 1, 2))
    clone.set_weights(model.get_weights())
    there = loops(20, seed=3, reach=30_000, colony=(-5.7, -15.9), seconds=240)
    clone.adapt(there)
    clone.compile(keras.optimizers.Adam(3e-3), loss=criterion(model))
    trips = clone.pairs(there)[0]
    before = clone.evaluate(trips, verbose=0, return_dict=True)["loss"]
    clone.fit(tf.data.Dataset.from_tensors(trips).repeat(20), verbose=0)
    assert clone.evaluate(trips, verbose=0, return_dict=True)["loss"] < 0.97 * before
    ds = clone.sample(20)
    assert (ds.attrs["colony_lon"], ds.attrs["step_seconds"]) == (-5.7, 240) and np.nanmax(np.hypot(ds.x, ds.y)) > 5000


def test_calibrated_steps_have_the_lengths_of_those_of_birds(model):
    real = trip_statistics(closed_trips(loops(200), STEPS), 60.0)["step_length"]
    before, _ = ks_of_steps(model, real)
    model.calibrate(loops(200))
    after, calibrated = ks_of_steps(model, real)
    assert after < min(0.1, 0.5 * before) and np.isfinite(calibrated.x).equals(calibrated.mask)
    assert (np.hypot(calibrated.x, calibrated.y).where(calibrated.mask.sum("step") - 1 == calibrated.step).max() == 0).all()
    model.adapt(loops())
    assert ks_of_steps(model, real)[0] == before


def test_trips_of_another_colony_are_not_learned_without_adapting(model):
    with pytest.raises(InputError, match=r"colony at -77.264, -11.773 every 60 s; found the one at -5.7, -15.9 every 240 s"):
        model.training_data(loops(colony=(-5.7, -15.9), seconds=240))


def test_trips_that_are_too_long_are_left_out_of_learning_and_named(model):
    ds = loops()
    longer = ds.pad(step=(0, 20)).assign(ds.drop_dims("step").data_vars)
    for name in "xy":
        longer[name][3] = np.linspace(0, 100, STEPS + 20)
    kept = np.arange(20) != 3
    with pytest.warns(UserWarning, match=r"Trips are left out: 1 of 20 have more than 24 steps, 0003 \(44\)\.$"):
        found = model.pairs(longer)[0]
    np.testing.assert_allclose(found, model.pairs(ds.isel(trip=kept))[0], atol=1)
    with pytest.raises(InputError, match="at most 24 steps; the shortest one has 44: resample"):
        model.training_data(longer.isel(trip=~kept))


def test_birds_turn_in_gaps_of_the_trips_to_learn_from(model):
    ds = loops(20)
    hidden = (ds.step > 4) & (ds.step < 9) & (ds.trip.astype(int) % 4 == 0)
    known = ds.assign(x=ds.x.where(~hidden), y=ds.y.where(~hidden))
    turns = [abs(trip_statistics(trips, 60.0)["turning_angle"]) for trips in (closed_trips(known), model.pairs(known)[0])]
    straight, filled = ((each < 1e-3).mean() for each in turns)
    assert straight > 0.02 and filled == 0
    np.testing.assert_array_equal(model.pairs(ds)[0], closed_trips(ds, STEPS).astype("float32"))


def test_a_number_of_trips_is_positive(model):
    with pytest.raises(InputError, match="positive number of trips; found 0"):
        model.sample(0)


def test_the_selection_brings_back_the_weights_of_the_best_epoch():
    model = mdn()
    model.adapt(loops())
    model.compile(keras.optimizers.Adam(1e-2), loss=StepLikelihood())
    selection = TripSelection(loops(), loops(6, seed=1))
    trips = model.training_data(loops()).repeat()
    history = model.fit(trips, steps_per_epoch=2, epochs=3, verbose=0, callbacks=[selection]).history
    best = int(np.argmin(history["val_score"]))
    found = selection.scores(model.sample(TRIPS, seed=0))
    assert found["val_score"] == pytest.approx(history["val_score"][best], rel=1e-6)


def test_the_selection_of_a_killed_training_is_taken_up_again(tmp_path):
    model = mdn()
    model.adapt(loops())
    model.compile("adam", loss=StepLikelihood())
    selection = TripSelection(loops(), loops(6, seed=1), backup=tmp_path / "best.npz")
    selection.set_model(model)
    selection.on_epoch_end(0)
    again = TripSelection(loops(), loops(6, seed=1), backup=tmp_path / "best.npz")
    again.set_model(mdn())
    again.on_train_begin()
    assert again.best == selection.best
    for ours, theirs in zip(again.weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    selection.on_train_end()
    assert not list(tmp_path.iterdir())


# Gaps


def gappy(seed=0, share=0.5):
    ds = loops(6, seed=seed)
    hidden = np.random.default_rng(seed).random(ds.x.shape) < share
    hidden[:, 5] = False
    return ds, ds.assign(x=ds.x.where(~hidden), y=ds.y.where(~hidden)), hidden & ds.mask.values


def test_completed_trips_pass_through_the_fixes_and_have_no_gaps(model):
    _, known, hidden = gappy()
    found = model.complete(known)
    assert (np.isfinite(found.x) == known.mask).all() and (np.isfinite(found.lat) == known.mask).all()
    np.testing.assert_array_equal(found.x.where(~hidden), known.x)
    assert (found.position_deviation.values[hidden] >= 0).all() and (found.position_deviation.where(~hidden).max() == 0)
    xr.testing.assert_identical(found.bird, known.bird)


def test_members_differ_in_the_gaps_only(model):
    _, known, hidden = gappy()
    found = model.complete(known, members=5, seed=1)
    assert found.x.dims == ("member", "trip", "step")
    spread = (found.x.max("member") - found.x.min("member")).values
    assert np.nanmax(spread[~hidden]) == 0 and np.nanmean(spread[hidden]) > 0
    xr.testing.assert_identical(found, model.complete(known, members=5, seed=1))


def test_predict_completes_and_lon_lat_alone_will_do(model):
    _, known, hidden = gappy()
    there = known.drop_vars(["x", "y"])
    there = there.assign(lon=there.lon.where(~hidden), lat=there.lat.where(~hidden)).reset_coords(["lon", "lat"])
    np.testing.assert_allclose(model.predict(there).x, model.complete(known).x, atol=0.1)


@pytest.mark.parametrize("names", [("lon", "lat"), ("lat",), ("x",)])
def test_a_position_is_hidden_where_any_of_its_coordinates_is(names):
    model = mdn()
    model.adapt(loops())
    ds, known, hidden = gappy()
    partly = ds.reset_coords(["lon", "lat"])
    partly = partly.assign({name: partly[name].where(~hidden) for name in names}).set_coords(["lon", "lat"])
    expected = model.complete(known)
    xr.testing.assert_allclose(model.complete(partly)[["x", "y", "lon", "lat"]], expected[["x", "y", "lon", "lat"]])
    drawn = completed_trips(partly, expected).axes[0].lines[-1].get_xdata()
    assert np.isnan(drawn.reshape(hidden.shape)[hidden]).all()


def test_trips_at_another_time_step_are_completed_too(model):
    ds, known, _ = gappy()
    found = model.complete(known.assign_attrs(step_seconds=30.0))
    assert (np.isfinite(found.x) == ds.mask).all()


def test_gaps_in_the_mask_are_not_part_of_a_trip(model):
    _, known, _ = gappy()
    holes = known.assign(mask=known.mask.where(known.x.notnull()))
    expected = model.complete(known.drop_vars("mask"))
    np.testing.assert_array_equal(model.complete(holes).x, expected.x)


def test_without_a_mask_a_trip_ends_with_its_last_fix(model):
    _, known, _ = gappy()
    found = model.complete(known.drop_vars("mask"))
    last = known.x.notnull().values[:, ::-1].argmax(axis=1)
    assert (found.x.notnull().values[:, ::-1].argmax(axis=1) == last).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ds: ds.drop_vars(["x", "lon"]), "Expected a variable 'x'"),
        (lambda ds: ds.isel(trip=0), "dimensions"),
        (lambda ds: ds.assign(x=ds.x.where(ds.trip != "0002")), "trip 0002 has none"),
        (lambda ds: ds.assign(x=ds.x.assign_attrs(units="km"), y=ds.y.assign_attrs(units="km")), "Expected x in m; found km"),
        (lambda ds: ds.drop_attrs(deep=False), "attribute colony_lon"),
    ],
)
def test_trips_that_cannot_be_completed_are_told(change, message):
    model = mdn()
    model.adapt(loops())
    with pytest.raises(InputError, match=message):
        model.complete(change(loops(4)))


def test_a_negative_number_of_members_is_told(model):
    with pytest.raises(InputError, match="or 0 for their mean; found -1"):
        model.complete(loops(2), members=-1)


def circles(count=20):
    """Trips of 100 steps around circles of different sizes, from the colony and back to it."""
    phase = 2 * np.pi * np.arange(101) / 100
    return [r * np.stack([1 - np.cos(phase), np.sin(phase)], axis=-1) for r in np.linspace(4000, 6000, count)]


def hidden_part(truth, first, last):
    """Errors of the completed positions, of a straight line, and the deviation, (step,), between two steps."""
    trip = truth.copy()
    trip[first:last] = np.nan
    mean, deviation = TripCompletion(circles()).mean(trip)
    gap, known = np.arange(first, last), np.flatnonzero(np.isfinite(trip[:, 0]))
    straight = np.stack([np.interp(gap, known, truth[known, i]) for i in range(2)], axis=-1)
    assert (deviation[first:last] > 0).all() and (deviation[known] == 0).all()
    return *(np.hypot(*(found - truth[gap]).T) for found in (mean[gap], straight)), deviation[gap]


def test_gaps_of_a_circle_are_filled_better_by_pieces_of_circles_than_by_straight_lines():
    error, straight, _ = hidden_part(circles()[7], 30, 45)
    assert error.mean() < 0.1 * straight.mean()


@pytest.mark.parametrize(("first", "last"), [(1, 16), (24, 39)])
def test_a_gap_beside_the_only_fix_at_an_end_of_a_piece_at_sea_is_filled_better_than_by_a_straight_line(first, last):
    error, straight, deviation = hidden_part(circles()[7][30:70], first, last)
    assert error.mean() < 0.5 * straight.mean() and (error < 3 * deviation).all()


@pytest.mark.parametrize(("first", "last"), [(0, 10), (30, 40)])
def test_a_piece_that_is_too_far_away_does_not_begin_or_end_at_the_colony(first, last):
    truth = circles()[7][30:70]
    error, straight, deviation = hidden_part(truth, first, last)
    assert error.max() < 0.2 * np.hypot(*truth.T).min() and error.mean() < straight.mean() and (error < 3 * deviation).all()


@pytest.mark.parametrize("last", [True, False])
def test_a_trip_whose_first_or_last_fix_is_in_reach_begins_or_ends_at_the_colony(last):
    truth = circles()[7][1:-1]
    error, straight, _ = hidden_part(truth, *((89, 99) if last else (0, 10)))
    assert error.mean() < 0.1 * straight.mean() and error[-1 if last else 0] < 100


def test_a_single_fix_far_away_is_continued_by_pieces_of_all_trips():
    trip = np.full((9, 2), np.nan)
    trip[4] = [60_000, 0]
    mean, deviation = TripCompletion(circles()).mean(trip)
    assert np.isfinite(mean).all() and (np.diff(deviation[4:]) > 0).all() and (np.diff(deviation[:5]) < 0).all()


def test_a_gap_that_is_longer_than_any_simulated_trip_is_bridged_by_a_straight_line():
    trip = np.full((30, 2), np.nan)
    trip[0], trip[29] = [0, 0], [2900, 0]
    mean, deviation = TripCompletion([np.zeros((5, 2))]).mean(trip)
    np.testing.assert_allclose(mean[:, 0], 100.0 * np.arange(30))
    assert np.isnan(deviation[1:29]).all()
