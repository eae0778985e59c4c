"""The constant of a subgrid model from the resolved fields: the dynamic procedure."""

from collections.abc import Callable

import numpy as np
from keras import ops

from geodl.filters import filtered
from geodl.fourier_box import filter_width, largest_wavenumber


def germano_constant(state, product: Callable, shape: Callable):
    r"""Constant \(C\) of a model \(\overline{p(\mathbf x)} - p(\bar{\mathbf x}) = C \Delta^2 m(\mathbf x)\), one for each box.

    $$ C = \max\left(0, \frac{\overline{L \cdot M}}{\overline{M \cdot M}}\right), \qquad
       L = \widehat{p(\mathbf x)} - p(\hat{\mathbf x}), \qquad
       M = \hat\Delta^2 m(\hat{\mathbf x}) - \Delta^2 \widehat{m(\mathbf x)} $$

    The hat is the sharp filter of half the resolved wavenumbers: what happens between it and the grid is known, and is taken
    to happen in the same way below the grid.

    Args:
        state: \(\mathbf x\) (batch, field, x, y, z).
        product: \(p\), state → (batch, …, x, y, z).
        shape: \(m\), state → the same shape.

    Returns:
        \(C\) (batch,).

    References:
        Germano, Piomelli, Moin and Cabot (1991), A dynamic subgrid-scale eddy viscosity model, Physics of Fluids A 3. Lilly
        (1992), A proposed modification of the Germano subgrid-scale closure method, Physics of Fluids A 4.

    Example:
        >>> state = np.random.default_rng(0).standard_normal((2, 1, 16, 16, 16))
        >>> itself = lambda x: x**2
        >>> print(tuple(germano_constant(state, itself, itself).shape))
        (2,)
    """
    points = state.shape[-1]
    width = filter_width(points)
    test_width = np.pi / (largest_wavenumber(points) // 2)
    test = filtered(state, "sharp", test_width)
    leonard = filtered(product(state), "sharp", test_width) - product(test)
    model = test_width**2 * shape(test) - width**2 * filtered(shape(state), "sharp", test_width)
    axes = tuple(range(1, len(model.shape)))
    square = ops.maximum(ops.mean(model**2, axis=axes), np.finfo("float32").tiny)
    return ops.relu(ops.mean(leonard * model, axis=axes) / square)
