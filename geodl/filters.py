"""Filters that split turbulence into what a coarse grid resolves and what it does not, and the subgrid terms that are left."""

import math

import numpy as np
from keras import ops

from geodl.errors import InputError
from geodl.fourier_box import divergence, filter_width, regridded, to_fields, to_modes, wavenumbers

FILTERS = ("sharp", "box", "gaussian")
STRESSES = ("xx", "xy", "xz", "yy", "yz", "zz")


def transfer_function(points: int, kind: str, width: float) -> np.ndarray:
    r"""What a filter leaves of each mode (n, n, n/2 + 1).

    $$ G_{sharp} = 1_{|k_i| \le \pi / \Delta}, \qquad G_{box} = \prod_i \frac{\sin(k_i \Delta / 2)}{k_i \Delta / 2}, \qquad
       G_{gaussian} = e^{-|\mathbf k|^2 \Delta^2 / 24} $$

    Args:
        points: of the grid, along each side of the box.
        kind: one of `FILTERS`.
        width: \(\Delta\).

    Raises:
        InputError: no such filter, or a width that is not positive or larger than the box.

    References:
        Pope (2000), Turbulent flows, Cambridge University Press, table 13.2.

    Example:
        >>> print(transfer_function(16, "gaussian", width=0.5)[0, 0, :3].round(4))
        [1.     0.9896 0.9592]
    """
    if kind not in FILTERS:
        raise InputError(f"Expected one of the filters {', '.join(FILTERS)}; found {kind!r}.")
    if not 0 < width <= 2 * np.pi:
        raise InputError(f"Expected the width of a filter between 0 and that of the box, {2 * np.pi:.4g}; found {width:.4g}.")
    along = {
        "sharp": lambda k: 1.0 * (np.abs(k) * width <= np.pi + 1e-9),
        "box": lambda k: np.sinc(k * width / (2 * np.pi)),
        "gaussian": lambda k: np.exp(-((k * width) ** 2) / 24),
    }[kind]
    return math.prod(along(k) for k in wavenumbers(points))


def filtered(fields, kind: str, width: float):
    """Fields (…, n, n, n) after a filter, on their own grid.

    Raises:
        InputError: as `transfer_function`.
    """
    modes = to_modes(fields)
    return to_fields(ops.cast(transfer_function(fields.shape[-1], kind, width), modes.dtype) * modes)


def coarsened(fields: np.ndarray, points: int, kind: str = "sharp") -> np.ndarray:
    """Fields (…, n, n, n) filtered to what a grid of `points` a side resolves, on that grid.

    Raises:
        InputError: no such filter, or a grid that is not coarser than that of the fields or has fewer than four points.
    """
    if not 4 <= points < fields.shape[-1]:
        raise InputError(
            f"Expected a grid of at least 4 and fewer than {fields.shape[-1]} points to filter the fields to; found {points}: "
            f"the filter would be wider than the box, or would leave all as it is."
        )
    return regridded(np.asarray(filtered(fields, kind, filter_width(points))), points)


def subgrid_terms(state: np.ndarray, points: int, kind: str = "sharp") -> dict[str, np.ndarray]:
    r"""What a coarse grid sees of a state \((\mathbf u, \theta)\) (…, 4, n, n, n), and what it misses.

    $$ \tau_i = \overline{u_i \theta} - \bar u_i \bar \theta, \qquad \tau_{ij} = \overline{u_i u_j} - \bar u_i \bar u_j $$

    Products of what is resolved are themselves cut to what the coarse grid resolves, as its solver does.

    Args:
        state: without aliases, as `NavierStokes3D` keeps it.
        points: of the coarse grid.
        kind: one of `FILTERS`.

    Returns:
        `state` (…, 4, m, m, m), `subgrid_flux` (…, 3, m, m, m) and its divergence `subgrid_flux_divergence` (…, m, m, m),
        `subgrid_stress` (…, 6, m, m, m), in the order of `STRESSES`.

    Raises:
        InputError: as `coarsened`.

    Example:
        >>> x = 2 * np.pi * np.arange(32) / 32
        >>> wave = np.broadcast_to(np.sin(6 * x)[:, None, None], (32, 32, 32))  # too short for 16 points
        >>> terms = subgrid_terms(np.stack([wave, 0 * wave, 0 * wave, wave]), 16)
        >>> print(np.allclose(terms["state"], 0), np.allclose(terms["subgrid_flux"][0], 0.5))
        True True
    """
    coarse = coarsened(state, points, kind)
    velocity, scalar = (state[..., :3, :, :, :], state[..., 3:, :, :, :])
    resolved_velocity, resolved_scalar = coarse[..., :3, :, :, :], coarse[..., 3:, :, :, :]
    flux = coarsened(velocity * scalar, points, kind) - regridded(resolved_velocity * resolved_scalar, points)
    first, second = np.triu_indices(3)
    stress = coarsened(velocity[..., first, :, :, :] * velocity[..., second, :, :, :], points, kind) - regridded(
        resolved_velocity[..., first, :, :, :] * resolved_velocity[..., second, :, :, :], points
    )
    return {
        "state": coarse,
        "subgrid_flux": flux,
        "subgrid_flux_divergence": np.asarray(divergence(flux)),
        "subgrid_stress": stress,
    }
