# %% [markdown]
# Solutions of `06_closure`.


# %%
def smagorinsky_tendency(u, spacing, coefficient):
    """Tendency (batch, x) of u (batch, x) by Smagorinsky's stress; `np.roll(u, -1, axis=-1)` is the next point."""
    gradient = (np.roll(u, -1, axis=-1) - u) / spacing
    stress = -2 * (coefficient * spacing) ** 2 * np.abs(gradient) * gradient
    return -(stress - np.roll(stress, 1, axis=-1)) / (2 * spacing)


# %%
true = np.array(Burgers(ends="zero")(fine))[:, ::8]
state = fine[:, ::8].copy()
state[:, -1] = 0
subgrid = true - np.array(Burgers(ends="zero")(state))
subgrid[:, [0, -1]] = 0

# %%
start = keras.Input((25,))
model = keras.Model(start, geodl.layers.HybridIntegrator(black_box, learned, dt=0.02, steps=10)(start))
rate = keras.optimizers.schedules.CosineDecay(3e-3, 150)
model.compile(keras.optimizers.Adam(rate, global_clipnorm=0.1), RelativeError())
history = model.fit(windows, steps_per_epoch=15, epochs=10, shuffle=False, verbose=0)
