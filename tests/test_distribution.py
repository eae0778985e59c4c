import subprocess
import sys

import pytest

TWO_DEVICES = """
import keras, numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from geodl.metrics import ClassAccuracy, CloudTypeLoss
from geodl.models import CloudUNet
codes = np.random.default_rng(0).integers(1, 16, (4, 10, 32, 32)).astype("uint8")
losses = []
for strategy in (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = CloudUNet(filters=(4, 4, 4))
        model.build((None, 6, None, None))
        model.compile(keras.optimizers.SGD(0.1), CloudTypeLoss(), metrics=[ClassAccuracy()])
    data = tf.data.Dataset.from_tensor_slices((codes[:, :6], codes[:, 6:])).batch(4)
    losses.append(model.fit(data, epochs=3, verbose=0).history["loss"])
np.testing.assert_allclose(*losses, rtol=1e-3)
"""


@pytest.mark.slow
def test_two_devices_train_like_one():
    run = subprocess.run([sys.executable, "-c", TWO_DEVICES], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
