# %% [markdown]
# Solutions of `04_assimilation`.


# %%
def observation_cost(state, observations, variance):
    """One value a sample, of states and observations (batch, time, component), NaN where missing."""
    seen = keras.ops.isfinite(observations)
    difference = keras.ops.where(seen, keras.ops.where(seen, observations, 0) - state, 0)
    return keras.ops.sum(difference**2, axis=(1, 2)) / variance


# %%
descended = guess
for _ in range(300):
    value, gradient = cost.value_and_gradient(keras.ops.convert_to_tensor(descended), observations)
    descended = descended - 0.01 * gradient

# %%
error, spread = estimate.state - sample.state, estimate.standard_deviation
ratio = float(np.sqrt((spread**2).mean() / (error**2).mean()))
