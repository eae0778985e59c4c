# %% [markdown]
# Solutions of `01_fine_tuning`.

# %%
frozen = geodl.zoo.load("cloud_cnn")
for layer in frozen.hidden:
    layer.trainable = False
frozen.compile(keras.optimizers.Adam(1e-3), CloudTypeLoss())
history = frozen.fit(train_past, train_future, batch_size=1, epochs=2, verbose=0)

# %%
tuned = geodl.zoo.load("lorenz63_neural_ode")
tuned.compile(keras.optimizers.Adam(3e-3), loss="mse", jit_compile=True)
history = tuned.fit(before, after, batch_size=100, epochs=10, verbose=0)
