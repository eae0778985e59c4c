"""The forecast that the wind stays as it is."""

import keras
from keras import ops

from geodl.models.wind_field_forecaster import FUTURE, WindFieldForecaster, wind_of


@keras.saving.register_keras_serializable(package="geodl")
class WindPersistence(WindFieldForecaster):
    r"""The last wind at every lead time: \(\mathbf u(\mathbf x, t + \tau) = \mathbf u(\mathbf x, t)\).

    Call arguments:
        samples: (batch, 16, y, x), as `WindFieldForecaster` describes them.

    Returns:
        Wind (batch, 6, y, x, 2), m s⁻¹.

    Example:
        >>> samples = np.zeros((1, 16, 2, 2), "float32")
        >>> samples[:, 5] = 3.0  # the last u10
        >>> print(np.array(WindPersistence()(samples))[0, :, 0, 0, 0])
        [3. 3. 3. 3. 3. 3.]
    """

    margin = 0

    def call(self, samples):
        return ops.repeat(wind_of(samples)[:, -1:], FUTURE, axis=1)
