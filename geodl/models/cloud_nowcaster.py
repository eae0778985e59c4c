"""What all cloud nowcasts share: their input and output, as arrays and as xarray."""

import keras
import numpy as np
import xarray as xr
from keras import ops

from geodl import cloud_types
from geodl.errors import InputError
from geodl.models.base import Variable
from geodl.models.gridded import GriddedModel

PAST, FUTURE = 6, 4
STEP = np.timedelta64(15, "m")
MAX_MISSING = 2


@keras.saving.register_keras_serializable(package="geodl")
class CloudNowcaster(GriddedModel):
    """Six past frames of cloud type, 15 minutes apart → probabilities of the 16 codes in the next four frames.

    Subclasses define `call(ct)`: codes (batch, 6, y, x), 0 where missing → probabilities (batch, 4, y, x, 16).

    `predict(ds)` reads the variable `CT` (time, y, x) or (time, lat, lon), optionally with a leading `sample`, at the six
    times that end with the last one of `ds`; up to two of them may be missing. It returns `CT`, the most probable code
    (uint8), and `cloud_probability`, the sum of the probabilities of codes 5–15, at the four following times.

    Raises:
        InputError: from `predict`: `CT` is missing, has other dimensions, no dates or dates that repeat, frames that are not
            15 minutes apart, too many missing ones, no data at all, or values that are no codes.
    """

    theme = "segmentation"
    input_variable = Variable(
        "CT", (("time", "y", "x"), ("time", "lat", "lon")), units=None, valid_range=(0, cloud_types.CODES - 1)
    )

    def encode(self, ds: xr.Dataset) -> np.ndarray:
        field = self.input_variable.select(ds)
        frames = last_frames(field)
        codes = _codes(field)
        present = codes.any(axis=(-1, -2))
        samples = np.zeros((codes.shape[0], PAST, *codes.shape[-2:]), "uint8")
        missing = PAST - np.zeros(codes.shape[0], int)
        for slot, index in enumerate(frames):
            if index >= 0:
                samples[:, slot] = codes[:, index]
                missing = missing - present[:, index]
        if not samples.any():
            raise InputError("Expected cloud-type codes 1-15; all pixels of CT are 0 (no data).")
        if missing.max() > MAX_MISSING:
            raise InputError(
                f"Expected at most {MAX_MISSING} missing frames among the {PAST} frames, 15 minutes apart, that end at "
                f"{_label(field.time.values[frames[-1]])}; {missing.max()} are missing or without data."
            )
        return samples

    def pairs(self, ds: xr.Dataset, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """All windows of six frames of a series (time, y, x) or of several (sample, time, y, x), and the next four frames.

        Up to two of the six may be missing, and three of the four: what is missing is 0.

        Raises:
            InputError: what `predict` refuses, or no such window.
        """
        field = self.input_variable.select(ds)
        last_frames(field)
        codes = _codes(field)
        index = {time: i for i, time in enumerate(field.time.values)}
        lags = STEP * np.arange(1 - PAST, FUTURE + 1)
        frames = np.array([[index.get(time + lag, -1) for lag in lags] for time in index])
        with_none = np.concatenate([codes, np.zeros_like(codes[:, :1])], axis=1)  # the last one stands for what is missing
        windows = with_none[:, frames].reshape(-1, PAST + FUTURE, *codes.shape[-2:])
        missing = ~windows.any(axis=(-1, -2))
        windows = windows[(missing[:, :PAST].sum(axis=1) <= MAX_MISSING) & ~missing[:, PAST:].all(axis=1)]
        if not len(windows):
            raise InputError(f"Expected {PAST + FUTURE} frames in a row, 15 minutes apart, to learn from; found none.")
        return windows[:, :PAST], windows[:, PAST:]

    def summarise(self, outputs: np.ndarray) -> dict[str, np.ndarray]:
        outputs = np.asarray(outputs, "float32")
        known = outputs.sum(axis=-1) > 0.5  # a pixel outside the image has no class at all
        most_probable = outputs.argmax(axis=-1).astype("uint8")
        if outputs.shape[-1] != cloud_types.CODES:  # classes of the user's own
            probability = np.where(known, outputs.max(axis=-1), np.float32(np.nan))
            return {"label": np.where(known, most_probable, np.uint8(0)), "label_probability": probability}
        cloud = outputs[..., cloud_types.FIRST_CLOUDY :].sum(axis=-1)
        return {
            "CT": np.where(known, most_probable, np.uint8(cloud_types.NO_DATA)),
            "cloud_probability": np.where(known, np.minimum(cloud, 1.0), np.float32(np.nan)),
        }

    def decode(self, fields: dict[str, np.ndarray], ds: xr.Dataset) -> xr.Dataset:
        field = self.input_variable.select(ds)
        last = np.sort(field.time.values)[-1]
        times = last + STEP * np.arange(1, FUTURE + 1)
        coordinates = {k: v for k, v in field.coords.items() if "time" not in v.dims and k != "time"}
        coordinates["time"] = ("time", times, {"standard_name": "time", **_attributes(field.time, "long_name")})
        if np.issubdtype(field.time.dtype, np.datetime64):
            coordinates["forecast_reference_time"] = ((), last, {"standard_name": "forecast_reference_time"})
        codes = np.arange(cloud_types.CODES, dtype="uint8")
        attributes = {
            "CT": {
                "long_name": "most probable cloud type",
                "flag_values": codes,
                "flag_meanings": " ".join(cloud_types.MEANINGS),
            },
            "cloud_probability": {"long_name": "probability of cloud cover", "units": "1", "valid_range": [0.0, 1.0]},
            "label": {"long_name": "most probable class, 0 where there is no data"},
            "label_probability": {"long_name": "probability of the most probable class", "units": "1"},
        }
        variables = {}
        for name, values in fields.items():
            variables[name] = (field.dims, values if "sample" in field.dims else values[0], attributes[name])
        return xr.Dataset(variables, coordinates, {**ds.attrs, "Conventions": "CF-1.11"})

    def compute_output_shape(self, input_shape):
        batch, _, height, width = input_shape
        return (batch, FUTURE, height, width, cloud_types.CODES)

    def compute_output_spec(self, ct, training=None):
        return keras.KerasTensor(self.compute_output_shape(ct.shape), dtype="float32")


def last_frames(field: xr.DataArray) -> np.ndarray:
    """Indices in `field` of the six frames ending with its last time, −1 where a frame is missing.

    Raises:
        InputError: if there is no time coordinate, times repeat, or frames are not 15 minutes apart.
    """
    if "time" not in field.coords:
        raise InputError("Expected a coordinate `time` for CT; the dataset has none.")
    times = field.time.values
    if not (np.issubdtype(times.dtype, np.datetime64) or np.issubdtype(times.dtype, np.timedelta64)):
        raise InputError(f"Expected dates in the coordinate `time`; found values of type {times.dtype}.")
    if len(np.unique(times)) < len(times):
        raise InputError("Expected distinct values of `time`; some times are repeated.")
    if len(times) < PAST - MAX_MISSING:
        raise InputError(f"Expected at least {PAST - MAX_MISSING} frames of CT; found {len(times)}.")
    last = times.max()
    window = np.sort(times[times > last - PAST * STEP])
    steps = np.diff(window)
    if np.any((last - window) % STEP != np.timedelta64(0)) or (len(steps) and steps.min() != STEP):
        found = sorted({float(step / np.timedelta64(1, "m")) for step in steps})
        raise InputError(f"Expected frames 15 minutes apart; found steps of {', '.join(f'{s:g}' for s in found)} minutes.")
    index = {time: i for i, time in enumerate(times)}
    return np.array([index.get(last - lag * STEP, -1) for lag in range(PAST - 1, -1, -1)])


def pad_to_multiple(ct, multiple: int):
    """Codes (batch, time, y, x) padded with 0, no data, to y and x that are multiples of `multiple`."""
    _, _, height, width = ops.shape(ct)
    return ops.pad(ct, [[0, 0], [0, 0], [0, -height % multiple], [0, -width % multiple]])


def inside_image(ct):
    """1 where a pixel has data in any of the frames, 0 outside the image: (batch, 1, y, x, 1), float32."""
    return ops.cast(ops.any(ct > 0, axis=1), "float32")[:, None, :, :, None]


def latest_codes(ct):
    """Latest code with data (batch, y, x) of the frames (batch, time, y, x); 0 where no frame has data."""
    latest = ct[:, 0]
    for frame in range(1, ct.shape[1]):
        latest = ops.where(ct[:, frame] > 0, ct[:, frame], latest)
    return latest


def motion_groups(ct, groups=cloud_types.MOTION_GROUPS):
    """Indicators (batch, time, y, x, group) of the cloud types that move together."""
    table = np.zeros((cloud_types.CODES, len(groups)), "float32")
    for group, codes in enumerate(groups):
        table[list(codes), group] = 1.0
    return ops.take(ops.convert_to_tensor(table), ct, axis=0)


def _codes(field: xr.DataArray) -> np.ndarray:
    """Codes (sample, time, y, x) as uint8, 0 where missing."""
    values = field.values if "sample" in field.dims else field.values[None]
    if not np.issubdtype(values.dtype, np.number):
        raise InputError(f"Expected integer cloud-type codes 0-15 in CT; found values of type {values.dtype}.")
    if np.issubdtype(values.dtype, np.floating):
        values = np.nan_to_num(values, nan=cloud_types.NO_DATA)
        if np.any(values != np.floor(values)):
            raise InputError("Expected integer cloud-type codes 0-15 in CT; found fractions (interpolated codes?).")
    return values.astype("uint8")


def _attributes(array: xr.DataArray, *names: str) -> dict:
    return {name: array.attrs[name] for name in names if name in array.attrs}


def _label(time) -> str:
    return str(np.datetime64(time, "m")) if np.issubdtype(time.dtype, np.datetime64) else str(time.astype("timedelta64[m]"))
