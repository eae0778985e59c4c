# %% [markdown]
# Solutions of `05_segmentation`.


# %%
def csi(observed, forecast):
    """CSI of codes (…); 0 is no data, 1–4 clear, 5–15 cloudy."""
    both = (observed > 0) & (forecast > 0)
    seen, said = observed[both] >= 5, forecast[both] >= 5
    return np.sum(seen & said) / np.sum(seen | said)


# %%
def advected(image, flow, steps):
    """Image (batch, y, x, channel) carried along by a flow (batch, y, x, 2) for so many steps."""
    return geodl.layers.Warp()(image, -steps * flow)


# %%
doubt = np.mean(cloudy_before != cloudy_after)
