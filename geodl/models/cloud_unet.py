"""Cloud nowcasting by a U-Net that follows the clouds."""

import keras
from keras import layers, ops

from geodl import cloud_types
from geodl.layers import GaussianBlur, LucasKanade, UNetDecoder, UNetEncoder, Warp
from geodl.layers.resample import double, halve
from geodl.models.cloud_nowcaster import (
    FUTURE,
    PAST,
    CloudNowcaster,
    inside_image,
    latest_codes,
    motion_groups,
    pad_to_multiple,
)

# The network tells clear sky from 11 types of cloud, first those of the low layer; which surface shows in clear sky is
# read from the past frames.
_CLEAR = cloud_types.FIRST_CLOUDY - 1
_ORDER = (_CLEAR, *cloud_types.LOW, *cloud_types.HIGH)
_CATEGORIES, _BELOW = len(_ORDER), 1 + len(cloud_types.LOW)


@keras.saving.register_keras_serializable(package="geodl")
class CloudUNet(CloudNowcaster):
    r"""A U-Net in the moving frame of the clouds, on top of smoothed advection.

    1. `LucasKanade` estimates one flow \(\mathbf v\) from the six frames, which are carried to the last time; and one each for
       high and low cloud, whose velocities \(\mathbf v_l\) are half their own and half the common one.
    2. Classes of the latest valid frame are smoothed by a Gaussian of 1 pixel per step and carried to each lead time
       \(\tau\), the mean forecast of an uncertain position: \(p_\tau(\mathbf x) = (G_\tau * \mathrm{class})(\mathbf x - \tau
       \mathbf v_l)\), high cloud over what lies below it.
    3. A residual U-Net sees the aligned frames, at half resolution, and gives a correction \(\delta_\tau\) of the logits,
       carried along with the clouds: \(\mathrm{softmax}((1 + M_\tau) \log(p_\tau + \varepsilon) + \delta_\tau(\mathbf x -
       \tau \mathbf v_l))\) over clear sky and 11 cloud types, \(M_\tau\) a matrix. Both corrections start at zero.
    4. Clear sky is shared among land, sea, snow and ice as the past frames show them at that place: surfaces do not move.

    Args:
        classes: number of classes, coded from 1; code 0 is no data. 15 for cloud types; with another number, a new head on
            the body's features and class probabilities.
        filters: channels of the U-Net at 1/2, 1/4 and 1/8 of the resolution.
        embedding: channels a cloud-type code is embedded in.

    Call arguments:
        ct: cloud-type codes (batch, 6, y, x), any integer or float dtype, 0 where missing.

    Returns:
        Probabilities (batch, 4, y, x, classes + 1), float32. All are zero where no frame has data.

    References:
        Berthomier et al. (2020), Cloud cover nowcasting with deep learning, IPTA.
        Ronneberger et al. (2015), U-Net: convolutional networks for biomedical image segmentation, MICCAI.

    Example:
        >>> model = CloudUNet(filters=(4, 4, 4))
        >>> print(tuple(model(np.ones((1, 6, 32, 48), "uint8")).shape))
        (1, 4, 32, 48, 16)
    """

    def __init__(self, classes=cloud_types.CODES - 1, filters=(32, 64, 112), embedding=8, **kwargs):
        super().__init__(**kwargs)
        self.classes, self.filters, self.embedding = int(classes), tuple(filters), int(embedding)
        policy = self.dtype_policy

        # === Motion and spreading, nothing learned: float32, because probabilities and positions need it ===
        self.motion = LucasKanade(window=16.0, ridge=0.1, iterations=2, dtype="float32")
        self.layer_motion = LucasKanade(window=24.0, ridge=0.3, iterations=2, dtype="float32")
        self.neighbourhood = GaussianBlur(8.0, dtype="float32")
        self.warp = Warp(dtype="float32")
        self.align = Warp(interpolation="nearest", dtype="float32")
        # In pixels of the half grid, on which a pixel itself spreads over half a pixel.
        self.spread = [GaussianBlur(max(lead / 2, 0.5), dtype="float32") for lead in range(1, FUTURE + 1)]
        self.surface_spread = GaussianBlur(8.0, dtype="float32")

        # === Learned correction ===
        self.embed = layers.Embedding(
            cloud_types.CODES, self.embedding, keras.initializers.RandomNormal(stddev=1.0), dtype=policy
        )
        self.encoder = UNetEncoder(self.filters, blocks=(1, 1, 2), dtype=policy)
        self.decoder = UNetDecoder(blocks=(1, 1), dtype=policy)
        self.normalization = layers.LayerNormalization(dtype=policy)
        self.correction = layers.Conv2D(FUTURE * _CATEGORIES, 3, padding="same", kernel_initializer="zeros", dtype="float32")
        # A linear map of the log-probabilities: how classes turn into one another on average, whatever the place.
        self.transition = [layers.Dense(_CATEGORIES, kernel_initializer="zeros", dtype="float32") for _ in self.spread]
        self.head = None
        if self.classes != cloud_types.CODES - 1:
            self.head = layers.Dense(self.classes, dtype="float32")

    def build(self, input_shape):
        batch = input_shape[0]
        channels = 4 * PAST * self.embedding + FUTURE * _CATEGORIES + 2
        self.embed.build((batch, PAST, None, None))
        self.encoder.build((batch, None, None, channels))
        features = self.encoder.compute_output_shape((batch, None, None, channels))
        self.decoder.build(features)
        self.normalization.build(features[0])
        self.correction.build(features[0])
        for layer in self.transition:
            layer.build((batch, None, None, _CATEGORIES))
        if self.head is not None:
            self.head.build((batch, FUTURE, None, None, cloud_types.CODES - 1))

    def call(self, ct):
        _, _, height, width = ops.shape(ct)
        ct = pad_to_multiple(ops.cast(ct, "int32"), self.multiple)
        flow = self.motion_of(ct)
        aligned = self._align(ct, flow)
        spread = self._spread(aligned)
        features = self.decoder(self.encoder(self._trunk_input(aligned, spread, flow)))
        correction = self.correction(self.normalization(features))
        probability = self._probability(spread, correction, self._velocities(ct, flow))
        clear = probability[..., :1] * self._surface(ct)
        types = ops.concatenate([clear, probability[..., 1:]], axis=-1)
        if self.head is not None:
            types = ops.softmax(self.head(ops.log(types + 1e-4)))
        outside = ops.zeros_like(types[..., :1])
        types = ops.concatenate([outside, types * inside_image(ct)], axis=-1)
        return types[:, :, :height, :width]

    def motion_of(self, ct):
        """Flow (batch, y, x, 2) of codes (batch, 6, y, x), in pixels per 15 minutes."""
        return ops.stop_gradient(self.motion(motion_groups(ct), ops.cast(ct > 0, "float32")))

    def _align(self, ct, flow):
        """All frames carried to the time of the last one."""
        batch, time, height, width = ops.shape(ct)
        age = ops.reshape(ops.arange(time - 1, -1, -1, dtype="float32"), (1, time, 1, 1, 1))
        displacement = ops.reshape(-age * flow[:, None], (batch * time, height, width, 2))
        aligned = self.align(ops.reshape(ct, (batch * time, height, width, 1)), displacement)
        return ops.reshape(aligned, (batch, time, height, width))

    def _spread(self, aligned):
        """Smoothed shares (batch, y, x, 12) of clear sky and cloud types at half resolution, one tensor a lead time."""
        # −1 is no data, which has no category.
        table = [_ORDER.index(max(code, _CLEAR)) if code else -1 for code in range(cloud_types.CODES)]
        category = ops.take(ops.convert_to_tensor(table, "int32"), latest_codes(aligned), axis=0)
        source = halve(ops.one_hot(category, _CATEGORIES, dtype="float32"))
        means = [spread(source) for spread in self.spread]
        return [mean / (ops.sum(mean, axis=-1, keepdims=True) + 1e-3) for mean in means]

    def _trunk_input(self, aligned, spread, flow):
        batch, time, height, width = ops.shape(aligned)
        squares = ops.reshape(self.embed(aligned), (batch, time, height // 2, 2, width // 2, 2, self.embedding))
        squares = ops.transpose(squares, (0, 2, 4, 1, 3, 5, 6))
        squares = ops.reshape(squares, (batch, height // 2, width // 2, 4 * PAST * self.embedding))
        smooth = ops.concatenate([*spread, halve(flow) / 8], axis=-1)
        return ops.concatenate([squares, ops.cast(smooth, squares.dtype)], axis=-1)

    def _velocities(self, ct, flow):
        """Velocities of low and high cloud on the half grid: half of one flow for all, half of each layer's own."""
        high, low = motion_groups(ct, cloud_types.HIGH_GROUPS), motion_groups(ct, cloud_types.LOW_GROUPS)
        valid = ops.cast(ct > 0, "float32")
        below = valid * (1.0 - high[..., 0])  # low cloud is seen only where there is none above
        flows = self.layer_motion(ops.concatenate([low, high]), ops.concatenate([below, valid]))
        layers_seen = halve(motion_groups(latest_codes(ct), (cloud_types.LOW, cloud_types.HIGH)))
        share = self.neighbourhood(layers_seen)
        weight = 0.5 * share / (share + 0.05)
        velocity = halve(flow) / 2
        return [
            velocity + weight[..., i : i + 1] * (halve(own) / 2 - velocity)
            for i, own in enumerate(ops.split(ops.stop_gradient(flows), 2))
        ]

    def _probability(self, spread, correction, velocities):
        """Probabilities (batch, 4, y, x, 12) of clear sky and each cloud type: high cloud over what lies below it."""
        batch, height, width, _ = ops.shape(correction)
        hidden = self.spread[-1](spread[0][..., :_BELOW]) + 1e-4  # what may appear where high cloud has left
        logits = []
        for lead, delta in enumerate(ops.split(correction, FUTURE, axis=-1), start=1):
            share = spread[lead - 1]
            below, high = slice(_BELOW), slice(_BELOW, None)
            carried = [
                ops.split(
                    self.warp(ops.concatenate([share[..., part], delta[..., part]], axis=-1), -lead * velocity), 2, axis=-1
                )
                for part, velocity in zip((below, high), velocities, strict=True)
            ]
            (low, low_delta), (high, high_delta) = carried
            low = low + 0.05 * hidden
            low = low / ops.sum(low, axis=-1, keepdims=True)
            open_sky = 1.0 - ops.sum(high, axis=-1, keepdims=True)
            prior = ops.log(ops.concatenate([open_sky * low, high], axis=-1) + 0.002)
            logits.append(prior + self.transition[lead - 1](prior) + ops.concatenate([low_delta, high_delta], axis=-1))
        logits = ops.reshape(ops.stack(logits, axis=1), (batch * FUTURE, height, width, _CATEGORIES))
        probability = ops.softmax(double(logits))
        probability = ops.reshape(probability, (batch, FUTURE, 2 * height, 2 * width, _CATEGORIES))
        codes = sorted(_ORDER)
        return ops.take(probability, [_ORDER.index(code) for code in codes], axis=-1)

    def _surface(self, ct):
        """Shares (batch, 1, y, x, 4) of land, sea, snow and ice in clear sky, as seen there or nearby in the past."""
        seen = ops.sum(ops.one_hot(ct, cloud_types.FIRST_CLOUDY, dtype="float32")[..., 1:], axis=1)
        seen = seen + 0.1 * double(self.surface_spread(halve(seen))) + 1e-4
        return (seen / ops.sum(seen, axis=-1, keepdims=True))[:, None]

    def compute_output_shape(self, input_shape):
        return (*super().compute_output_shape(input_shape)[:-1], self.classes + 1)

    def get_config(self):
        return {
            **super().get_config(),
            "classes": self.classes,
            "filters": self.filters,
            "embedding": self.embedding,
        }
