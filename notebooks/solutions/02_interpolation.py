# %% [markdown]
# Solutions of `02_interpolation`.


# %%
def rmse_in_gaps(estimate, truth, observed):
    """RMSE of log10 in gaps; estimate and truth (time, y, x) in g m-3, observed (time, y, x) True where seen."""
    gaps = np.isfinite(truth) & ~observed
    return np.sqrt(np.mean((np.log10(estimate[gaps]) - np.log10(truth[gaps])) ** 2))


# %%
def analysis(background, B, H, R, observations):
    """Estimate (state,) and covariance (state, state) given a background (state,) and observations (observation,)."""
    gain = B @ H.T @ np.linalg.inv(H @ B @ H.T + R)
    return background + gain @ (observations - H @ background), B - gain @ H @ B


# %%
gaps = np.isfinite(test.truth.values) & ~observed
error = np.abs(np.log10(found.SPM.values) - np.log10(test.truth.values))
inside = np.mean((error < 1.645 * found.SPM_standard_deviation.values)[gaps])
