# %% [markdown]
# Solutions of `03_forecasting`.

# %%
W = np.linalg.lstsq(np.concatenate([np.ones((len(now), 1)), now], axis=1), following, rcond=None)[0]


# %%
def valid_time(forecast, truth, deviation, dt):
    """Time for which one forecast (time, component) is valid; its first state is one `dt` ahead."""
    error = np.sqrt(np.mean((forecast - truth) ** 2, axis=1) / np.mean(deviation**2))
    wrong = error > 0.4
    return dt * (np.argmax(wrong) if wrong.any() else len(wrong))


# %%
tendency = keras.Sequential(
    [
        keras.Input((3,)),
        keras.layers.Rescaling(0.1),
        keras.layers.Dense(32, activation="tanh"),
        keras.layers.Dense(3),
        keras.layers.Rescaling(50.0),
    ]
)
neural = keras.Sequential([keras.Input((3,)), ODEIntegrator(tendency, dt=0.01, steps=1)])
neural.compile(keras.optimizers.Adam(5e-3), loss="mse", jit_compile=True)
history = neural.fit(starts, nexts, batch_size=256, epochs=25, verbose=0)
