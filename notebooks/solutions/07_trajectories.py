# %% [markdown]
# Solutions of `07_trajectories`.


# %%
def turning_angles(path):
    """Angles (step - 1,) between the steps of a path (step + 1, 2), in radians."""
    before, after = np.diff(path, axis=0)[:-1], np.diff(path, axis=0)[1:]
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return np.arctan2(cross, (before * after).sum(axis=1))


# %%
def bridge(n, size, random):
    """Positions (n + 1, 2) of a random walk that starts and ends at zero."""
    walk = np.concatenate([np.zeros((1, 2)), random.normal(0, size, (n, 2)).cumsum(axis=0)])
    return walk - np.arange(n + 1)[:, None] / n * walk[-1]


# %%
def nearest_distance(simulated, training):
    """Mean over simulated trips (n, step, 2) of the distance, in m, to the nearest training trip (m, step, 2)."""
    squares = ((simulated[:, None] - training) ** 2).sum(axis=-1).mean(axis=-1)
    return np.sqrt(squares).min(axis=1).mean()
