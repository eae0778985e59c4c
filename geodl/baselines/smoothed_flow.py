"""Advection by one flow, smoothed more at longer lead times: the strongest forecast without learning."""

import keras
from keras import ops

from geodl.baselines.cloud_persistence import class_indicators
from geodl.layers import GaussianBlur, LucasKanade, Warp
from geodl.models.cloud_nowcaster import FUTURE, CloudNowcaster, inside_image, latest_codes, motion_groups, pad_to_multiple


@keras.saving.register_keras_serializable(package="geodl")
class SmoothedFlow(CloudNowcaster):
    r"""Semi-Lagrangian advection of the latest classes by a multi-frame Lucas–Kanade flow, then a Gaussian of 1, 2, 3, 4 px.

    \(p_\tau = G_\tau * \mathrm{class}(\mathbf x - \tau \mathbf v)\): smoothing is what the mean forecast of an uncertain
    position is, and it turns classes into probabilities.

    Args:
        pixels_per_step: standard deviation of \(G_\tau\) per lead-time step; 0 for no smoothing.

    Call arguments:
        ct: cloud-type codes (batch, 6, y, x), 0 where missing.

    Returns:
        Probabilities (batch, 4, y, x, 16), float32.

    Raises:
        ValueError: if `pixels_per_step` is negative.

    Example:
        >>> codes = np.full((1, 6, 32, 32), 8, "uint8")
        >>> print(np.array(SmoothedFlow()(codes)).argmax(-1)[0, :, 0, 0])
        [8 8 8 8]
    """

    def __init__(self, pixels_per_step=1.0, **kwargs):
        super().__init__(**kwargs)
        if pixels_per_step < 0:
            raise ValueError(f"`pixels_per_step` must not be negative, found {pixels_per_step}.")
        self.pixels_per_step = float(pixels_per_step)
        self.motion = LucasKanade(window=16.0, ridge=0.1, iterations=2, dtype="float32")
        self.warp = Warp(dtype="float32")
        self.blurs = []
        if self.pixels_per_step:
            leads = range(1, FUTURE + 1)
            self.blurs = [GaussianBlur(lead * self.pixels_per_step, dtype="float32") for lead in leads]

    def call(self, ct):
        _, _, height, width = ops.shape(ct)
        ct = pad_to_multiple(ops.cast(ct, "int32"), self.multiple)
        flow = self.motion(motion_groups(ct), ops.cast(ct > 0, "float32"))
        # Frames older than the last one matter only where it is missing, and are taken unmoved there.
        source = class_indicators(latest_codes(ct))
        forecasts = []
        for lead in range(1, FUTURE + 1):
            forecast = self.warp(source, -lead * flow)
            if self.blurs:
                forecast = self.blurs[lead - 1](forecast)
            forecasts.append(forecast / ops.maximum(ops.sum(forecast, axis=-1, keepdims=True), 1e-6))
        return (ops.stack(forecasts, axis=1) * inside_image(ct))[:, :, :height, :width]

    def get_config(self):
        return {**super().get_config(), "pixels_per_step": self.pixels_per_step}
