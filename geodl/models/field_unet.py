"""Interpolation of fields by a U-Net that corrects the best linear estimate."""

from itertools import product

import keras
import numpy as np
from keras import ops

from geodl.cloud_masks import withheld_observations
from geodl.errors import InputError
from geodl.layers.covariance_likelihood import fit_likelihood
from geodl.layers.linear_analysis import LinearAnalysis
from geodl.layers.multiscale_analysis import MultiscaleAnalysis
from geodl.layers.unet import UNetDecoder, UNetEncoder
from geodl.layers.window_tokens import FieldTokens
from geodl.models.field import Field
from geodl.models.field_interpolator import FieldInterpolator
from geodl.models.gridded import GriddedModel

FEATURES = 5  # estimate, its standard deviation, observations, mean, sea
# This share of the observed values tells how far to trust the network on data that it has not learned, or is learned from.
WITHHELD = 0.1


@keras.saving.register_keras_serializable(package="geodl")
class FieldUNet(FieldInterpolator, GriddedModel):
    r"""Corrects the linear estimate, in units of its error.

    $$ \hat{\mathbf x} = \mathbf x_l + \sigma_l\, f_\theta, \quad \hat\sigma = \sigma_l\, \mathrm{softplus}(g_\theta) $$

    \(\mathbf x_l\) and \(\sigma_l\) are those of a `LinearAnalysis`, or with `scales` of a `MultiscaleAnalysis`. \(f, g\) come
    from one U-Net on pixels of 2×2 and the days of a window as channels, and start at 0 and at 1. On another grid than the one
    that it has learned, the analysis is fitted to the data, and withheld observations tell which part of the correction to
    keep and how large the errors are.

    Args:
        days: in a window.
        filters: channels of the U-Net on each level.
        blocks: residual blocks on each level.
        modes: of the `LinearAnalysis`.
        lags: likewise.
        grid: (rows, columns) that the analysis has learned.
        scales: of the `MultiscaleAnalysis`.
        variable: name of what it has learned, by default of whatever is on its grid.
        units: of what it has learned, by default those of whatever is on its grid.
        logarithmic: what it has learned are logarithms.

    Call arguments:
        inputs: (batch, day, feature, y, x): linear estimate and its standard deviation, observations (NaN where missing),
            mean, and 1 on sea, 0 on land, all but the last in the units of the field.

    Returns:
        (batch, day, y, x, 2): mean and standard deviation.

    References:
        Ronneberger et al. (2015), U-Net: convolutional networks for biomedical image segmentation, MICCAI.

    Example:
        >>> model = FieldUNet(days=5, filters=(8, 16), blocks=(1, 1))
        >>> print(tuple(model(np.ones((2, 5, 5, 12, 16), "float32")).shape))
        (2, 5, 12, 16, 2)
    """

    tile, margin, multiple = 256, 32, 8

    def __init__(
        self,
        days,
        filters,
        blocks,
        modes=0,
        lags=21,
        grid=None,
        scales=(),
        variable=None,
        units=None,
        logarithmic=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.days, self.filters, self.blocks = int(days), tuple(filters), tuple(blocks)
        self.modes, self.lags, self.grid = int(modes), int(lags), None if grid is None else tuple(grid)
        self.variable, self.units, self.logarithmic = variable, units, bool(logarithmic)
        dtype = self.dtype_policy
        self.scales = tuple(tuple(scale) for scale in scales)
        if self.scales and (self.modes or self.grid is None):
            raise ValueError("Scales need a `grid` and take no `modes`.")
        # What is left of the tolerance, the network corrects.
        settings = {"tolerance": 1e-3, "dtype": "float32"}
        if self.scales:
            self.analysis = MultiscaleAnalysis(self.scales, self.grid, **settings)
        else:
            self.analysis = LinearAnalysis(self.modes, self.lags, self.grid, **settings)
        self.tokens = FieldTokens(2, dtype=dtype)
        self.encoder = UNetEncoder(self.filters, self.blocks, dtype=dtype)
        self.decoder = UNetDecoder(self.blocks[:-1], dtype=dtype)
        self.head = keras.layers.Dense(2 * 4 * self.days, kernel_initializer="zeros", dtype="float32")

    def build(self, input_shape):
        self.scale = self.add_weight((), "ones", name="scale", trainable=False)
        rows, columns = self.grid or (1, 1)
        self.rows = self.add_weight((rows,), "zeros", name="rows", trainable=False)
        self.columns = self.add_weight((columns,), "zeros", name="columns", trainable=False)
        shape = (None, None, None, 4 * FEATURES * self.days)
        self.encoder.build(shape)
        shapes = self.encoder.compute_output_shape(shape)
        self.decoder.build(shapes)
        self.head.build(shapes[0])

    def call(self, inputs, training=None):
        inputs = ops.cast(inputs, self.variable_dtype)
        correction, factor = self.correction(inputs)
        return ops.stack([inputs[:, :, 0] + inputs[:, :, 1] * correction, inputs[:, :, 1] * factor], axis=-1)

    def correction(self, inputs):
        """Correction and factor of the standard deviation, each (batch, day, y, x)."""
        features = self._features(inputs)
        batch, _, height, width = ops.shape(features)
        step = 2 ** len(self.filters)
        features = ops.pad(features, ((0, 0), (0, 0), (0, -height % step), (0, -width % step)))
        image = self.tokens(ops.cast(features, self.compute_dtype))
        outputs = ops.cast(self.head(self.decoder(self.encoder(image))), self.variable_dtype)
        outputs = self.tokens.inverse(outputs, (batch, 2 * self.days, height, width))
        # softplus(.5413) = 1
        return outputs[:, : self.days], ops.softplus(outputs[:, self.days :] + 0.5413)

    def _features(self, inputs):
        """What the network sees, without units: (batch, day · feature, y, x)."""
        estimate, deviation, observations, mean, sea = ops.unstack(inputs, axis=2)
        seen = ops.isfinite(observations)
        innovation = ops.where(seen, ops.where(seen, observations, 0) - estimate, 0)
        seen = ops.cast(seen, inputs.dtype)
        quantities = [(estimate - mean) / self.scale, deviation / self.scale, innovation / self.scale, seen]
        # All of them are 0 on land; that sea is 1 shows the difference.
        return ops.concatenate([*(quantity * sea for quantity in quantities), sea], axis=1)

    def summarise(self, outputs):
        return {"mean": outputs[..., 0], "deviation": outputs[..., 1]}

    def adapt(self, series: np.ndarray, coordinates: tuple[np.ndarray, np.ndarray], noise: float | None = None) -> None:
        """Takes analysis and scale from a training series (day, y, x) on these rows and columns."""
        self.analysis.adapt(series, noise)
        self.scale.assign(np.nanstd(series - self.analysis.mean.numpy()))
        for weight, coordinate in zip((self.rows, self.columns), coordinates, strict=True):
            weight.assign(coordinate)

    def inputs(self, values: np.ndarray, sea: np.ndarray, analysis: keras.layers.Layer | None = None) -> np.ndarray:
        """Features (day, feature, y, x) of a series of observations (day, y, x), NaN where missing."""
        analysis = self.analysis if analysis is None else analysis
        estimate, deviation = analysis.of_series(values)
        mean = np.broadcast_to(analysis.mean.numpy(), values.shape)
        return np.stack([estimate, deviation, values, mean, np.broadcast_to(sea, values.shape)], axis=1).astype("float32")

    def pairs(self, ds, seed: int = 0, variable: str | None = None, patch: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and targets of windows of `days` days, one every third of that, in which there is something to find.

        Targets are the variable `truth` of `ds`; without it, observations that the inputs do not have, others with each seed.

        Args:
            ds: a series, with `truth` where it is known.
            seed: of what is withheld.
            variable: what is observed, as for `predict`.
            patch: side in pixels of squares that large fields are cut into, the last ones overlap; whole fields by default.

        Raises:
            InputError: what `predict` refuses, a series that is shorter than a window, nothing to find, or an empty patch.
        """
        if patch is not None and patch < 1:
            raise InputError(f"Expected a patch of one pixel or more; found {patch}.")
        field, target = self.with_truth(ds, variable)
        values = np.where(field.sea, field.values, np.nan)
        if len(values) < self.days:
            raise InputError(f"Expected a series of {self.days} days or more to learn from; found {len(values)}.")
        if target is None:
            withheld = withheld_observations(np.isfinite(values), WITHHELD, seed)
            values, target = np.where(withheld, np.nan, values), np.where(withheld, values, np.nan)
        learned = self._learned(field)
        if learned is None:
            analysis = _fitted(values)
            inputs = self.inputs(values, field.sea, analysis)
            mean, scale = self._variance(inputs, analysis)
            inputs, target = _standard(inputs, mean, scale), (target - mean) * scale
        else:
            order, (size, shift) = learned
            values, target = (size * series[:, order[0]][:, :, order[1]] + shift for series in (values, target))
            inputs = self.inputs(values, field.sea[np.ix_(*order)])
        sides = [size if patch is None else min(patch, size) for size in field.sea.shape]
        firsts = [
            np.unique([*range(0, size - side, side), size - side]) for size, side in zip(field.sea.shape, sides, strict=True)
        ]
        found = []
        for start, row, column in product(self._starts(len(inputs)), *firsts):
            place = (slice(start, start + self.days), ..., slice(row, row + sides[0]), slice(column, column + sides[1]))
            if np.isfinite(target[place]).any():
                found.append([series[place].astype("float32") for series in (inputs, target)])
        if not found:
            raise InputError(f"Expected values of {field.name} to find, withheld or of a variable `truth`; found none.")
        return tuple(map(np.stack, zip(*found, strict=True)))

    def analyse(self, field: Field) -> tuple[np.ndarray, np.ndarray]:
        values = np.where(field.sea, field.values, np.nan)
        learned = self._learned(field)
        if learned is None:
            return self._elsewhere(values, field.sea)
        order, (size, shift) = learned
        values = size * values[:, order[0]][:, :, order[1]] + shift
        mean, deviation = self._windows(self.inputs(values, field.sea[np.ix_(*order)]))
        rows, columns = map(np.argsort, order)
        return tuple(part[:, rows][:, :, columns] for part in ((mean - shift) / size, deviation / size))

    def _learned(self, field: Field):
        """Order of rows and columns, and factor and summand, that make a field one as was learned; None where none do."""
        if self.variable is not None and (field.name, field.logarithmic) != (self.variable, self.logarithmic):
            return None
        if self.grid != field.sea.shape:
            return None
        order = field.order_on(self.rows.numpy(), self.columns.numpy())
        unit = field.in_units(self.units)
        return None if order is None or unit is None else (order, unit)

    def _elsewhere(self, values, sea):
        analysis = _fitted(values)
        share, factor = self._trust(values, sea, analysis)
        inputs = self.inputs(values, sea, analysis)
        found, deviation = self._scaled(inputs, analysis)
        return inputs[:, 0] + share * (found - inputs[:, 0]), factor * deviation

    def _trust(self, values, sea, analysis) -> tuple[float, float]:
        """Part of the correction that withheld observations confirm, and the factor of the standard deviation."""
        withheld = withheld_observations(np.isfinite(values), WITHHELD)
        inputs = self.inputs(np.where(withheld, np.nan, values), sea, analysis)
        found, deviation = self._scaled(inputs, analysis)
        estimate = inputs[:, 0][withheld]
        correction, error = found[withheld] - estimate, values[withheld] - estimate
        share = np.clip((correction * error).sum() / ((correction**2).sum() + 1e-30), 0, 1)
        spread = ((error - share * correction) ** 2).mean()
        factor = np.sqrt(spread / (deviation[withheld] ** 2).mean())
        return float(share), float(analysis.calibration(factor, withheld.sum()))

    def _scaled(self, inputs, analysis):
        """Windows of data whose variance is another one than that of the training data."""
        mean, scale = self._variance(inputs, analysis)
        found, deviation = self._windows(_standard(inputs, mean, scale))
        return found / scale + mean, deviation / scale

    def _variance(self, inputs, analysis) -> tuple[float, float]:
        """Mean of other data, and the factor that gives their anomalies the variance of the training data."""
        mean = float(analysis.mean.numpy()[inputs[0, 4] > 0].mean())
        return mean, float(self.scale.numpy() / np.sqrt(analysis.local.covariance.numpy()[9]))

    def _starts(self, length: int) -> np.ndarray:
        return np.unique([*range(0, length - self.days, max(self.days // 3, 1)), length - self.days])

    def _windows(self, inputs):
        """Mean and standard deviation (day, y, x) of a series: windows overlap, their middle counts most."""
        known, days = len(inputs), self.days
        if known < days:  # the last day once more, without observations
            last = np.repeat(inputs[-1:], days - known, axis=0)
            last[:, 2] = np.nan
            inputs = np.concatenate([inputs, last])
        length = len(inputs)
        weight = np.minimum(np.arange(1, days + 1), np.arange(days, 0, -1))[:, None, None].astype("float32") ** 2
        total = np.zeros((length, 1, 1), "float32")
        blended = {name: np.zeros((length, *inputs.shape[-2:]), "float32") for name in ("mean", "deviation")}
        for start in self._starts(length):
            window = slice(start, start + days)
            for name, values in self.forward(inputs[None, window]).items():
                blended[name][window] += weight * values[0]
            total[window] += weight
        return tuple((values / total)[:known] for values in blended.values())

    def compute_output_shape(self, input_shape):
        batch, days, _, height, width = input_shape
        return (batch, days, height, width, 2)

    def compute_output_spec(self, inputs, training=None):
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.variable_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "days": self.days,
            "filters": self.filters,
            "blocks": self.blocks,
            "modes": self.modes,
            "lags": self.lags,
            "grid": self.grid,
            "scales": self.scales,
            "variable": self.variable,
            "units": self.units,
            "logarithmic": self.logarithmic,
        }


def _fitted(values: np.ndarray) -> LinearAnalysis:
    """What other data (day, y, x) tell of themselves."""
    analysis = LinearAnalysis(grid=values.shape[1:])
    analysis.adapt_with_gaps(values, fit_likelihood)
    return analysis


def _standard(inputs: np.ndarray, mean: float, scale: float) -> np.ndarray:
    """Inputs (day, feature, y, x) from which a mean is taken, times a factor."""
    scaled = inputs.copy()
    scaled[:, [0, 2, 3]] = (inputs[:, [0, 2, 3]] - mean) * scale
    scaled[:, 1] = inputs[:, 1] * scale
    return scaled
