"""Halving and doubling of an image, of any size known or unknown when the graph is built."""

from keras import ops


def halve(image):
    """Means over 2×2 pixels: (batch, y, x, channel) → (batch, y / 2, x / 2, channel), y and x even.

    Example:
        >>> print(np.array(halve(np.float32([[[[0], [2]], [[4], [6]]]])))[0, :, :, 0])
        [[3.]]
    """
    batch, height, width, channels = ops.shape(image)
    return ops.mean(ops.reshape(image, (batch, height // 2, 2, width // 2, 2, channels)), axis=(2, 4))


def double(image):
    """Bilinear interpolation to twice as many pixels: (batch, y, x, channel) → (batch, 2 y, 2 x, channel).

    The centres of the new pixels lie a quarter of a pixel from those of the old ones; the edge is repeated.

    Example:
        >>> print(np.array(double(np.float32([[[[0], [4]]]])))[0, 0, :, 0])
        [0. 1. 3. 4.]
    """
    batch, height, width, channels = ops.shape(image)
    padded = ops.concatenate([image[:, :1], image, image[:, -1:]], axis=1)
    rows = [0.75 * image + 0.25 * padded[:, :height], 0.75 * image + 0.25 * padded[:, 2:]]
    image = ops.reshape(ops.stack(rows, axis=2), (batch, 2 * height, width, channels))
    padded = ops.concatenate([image[:, :, :1], image, image[:, :, -1:]], axis=2)
    columns = [0.75 * image + 0.25 * padded[:, :, :width], 0.75 * image + 0.25 * padded[:, :, 2:]]
    return ops.reshape(ops.stack(columns, axis=3), (batch, 2 * height, 2 * width, channels))
