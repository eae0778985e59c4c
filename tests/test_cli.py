import json
import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from foraging_tracks import tracks, write

from geodl import datasets, zoo
from geodl.cli import main


def _run(monkeypatch, *arguments):
    """Exit code of the command."""
    monkeypatch.setattr(sys, "argv", ["geodl", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


def test_demo_writes_a_forecast_and_a_picture(monkeypatch, tmp_path, capsys):
    folder = tmp_path / "absent" / "demo"
    assert _run(monkeypatch, "demo", "-o", folder) == 0
    assert {path.name for path in folder.iterdir()} == {"geodl_demo.nc", "geodl_demo.png"}
    forecast = xr.open_dataset(folder / "geodl_demo.nc")
    assert str(forecast.forecast_reference_time.values)[:16] == "2016-01-01T02:00"
    assert [str(t)[11:16] for t in forecast.time.values] == ["02:15", "02:30", "02:45", "03:00"]
    assert (forecast.CT > 0).all() and (abs(forecast.cloud_probability - 0.5) <= 0.5).all()
    assert (folder / "geodl_demo.png").read_bytes()[:4] == b"\x89PNG"


def test_predict_reads_and_writes_files(monkeypatch, tmp_path, cloud_file_content):
    cloud_file_content.to_netcdf(tmp_path / "in.nc", engine="h5netcdf")
    assert _run(monkeypatch, "predict", "cloud_unet", tmp_path / "in.nc", "-o", tmp_path / "out.nc") == 0
    np.testing.assert_array_equal(xr.open_dataset(tmp_path / "out.nc").lat, cloud_file_content.lat)


def test_rollout_runs_a_coarse_solver_from_a_file(monkeypatch, tmp_path):
    x = np.arange(25) / 25
    xr.Dataset({"u": ("x", x * (1 - x) * (x < 0.9))}, {"x": x}).to_netcdf(tmp_path / "in.nc", engine="h5netcdf")
    arguments = ("-o", tmp_path / "out.nc", "--picture", tmp_path / "out.png", "--steps", 5)
    assert _run(monkeypatch, "rollout", "burgers_cnn", tmp_path / "in.nc", *arguments) == 0
    assert dict(xr.open_dataset(tmp_path / "out.nc").sizes) == {"time": 5, "x": 25}
    assert (tmp_path / "out.png").read_bytes()[:4] == b"\x89PNG"


def _bad_files(folder, ds):
    (folder / "text.nc").write_text("not NetCDF")
    ds.rename(CT="ct").to_netcdf(folder / "no_ct.nc", engine="h5netcdf")
    ds.isel(time=slice(2)).to_netcdf(folder / "short.nc", engine="h5netcdf")
    x = np.linspace(0, 1, 25)
    xr.Dataset({"u": ("x", x * (1 - x))}, {"x": x}).to_netcdf(folder / "wave.nc", engine="h5netcdf")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("predict", "cloud_unet", "absent.nc"), "there is no file absent.nc"),
        (("predict", "cloud_unet", "text.nc"), "Expected a NetCDF-4 or NetCDF-3 file; text.nc cannot be read"),
        (("predict", "cloud_unet", "no_ct.nc"), "Expected a variable 'CT'"),
        (("predict", "cloud_unet", "short.nc"), "at least 4 frames of CT; found 2"),
        (("predict", "cloud_net", "no_ct.nc"), "Did you mean 'cloud_unet'?"),
        (("predict", "cloud_unet", "no_ct.nc", "--time", "noon"), "found 'noon'"),
        (("card", "cloud_unit"), "Did you mean 'cloud_unet'?"),
        (
            ("compare", "clouds"),
            "assimilation, closure, forecasting, interpolation, segmentation, trajectories; found 'clouds'",
        ),
        (("predict", "cloud_unet", "short.nc", "--picture", "film.gif"), "such as film.png; films are for fields"),
        (("compare", "--all", "--case", "peru"), "--all compares all cases"),
        (("rollout", "cloud_unet", "short.nc"), "cloud_unet is one of segmentation: use geodl predict"),
        (("predict", "cloud_unet", "short.nc", "--steps", "3"), "cloud_unet has fixed lead times"),
        (("predict", "cloud_unet", "short.nc", "--weather", "short.nc"), "cloud_unet is none"),
        (("predict", "sediment_unet", "short.nc", "--flags", "quality"), "Expected --flags, "),
        (("predict", "cloud_unet", "short.nc", "--flags", "CT", "--refuse", "ice"), "--flags is for models that interpolate"),
        (("predict", "sediment_unet", "short.nc", "--variable", "CT", "--flags", "CT", "--refuse", "ice"), "`flag_meanings`"),
        (("compare", "forecasting", "--case", "lorenz84"), "Expected one of the cases lorenz63, "),
        (("train", "cloud_unet", "--strategy", "tpu"), "Expected strategy none or mirrored; found 'tpu'"),
        (("predict", "cloud_unet", "short.nc", "--output", "no/out.nc"), "directory to write out.nc in; there is no no"),
        (
            ("predict", "cloud_unet", "short.nc", "--picture", "out"),
            "a picture that ends in .png, .jpg, .jpeg, .pdf, .svg, .gif; found out",
        ),
        (("sample", "seabird_gan_peru", "--picture", "out.gif"), "in .png, .jpg, .jpeg, .pdf, .svg; found out.gif"),
        (("rollout", "burgers_cnn", "wave.nc", "--picture", "out.gif"), "in .png, .jpg, .jpeg, .pdf, .svg; found out.gif"),
        (("predict", "cloud_unet", "short.nc", "--picture", "out.nc"), "found out.nc"),
        (
            ("predict", "wind_convlstm", "short.nc", "-o", "out.csv"),
            "a NetCDF file that ends in .nc, .nc4, .netcdf; found out.csv",
        ),
        (("sample", "seabird_gan_peru", "-o", "trips"), "a NetCDF file that ends in .nc, .nc4, .netcdf; found trips"),
        (("evaluate", "./absent", "--write"), "--write is for the card of a published model; ./absent is none"),
        (("list", "--theme", "clouds"), "Expected one of the themes assimilation, "),
        (("report", "absent"), "Expected a folder with what geodl compare wrote; there is no absent"),
        (("predict", "burgers_cnn", "wave.nc", "--picture", "out.png"), "Expected a result with u or "),
    ],
)
def test_bad_input_ends_with_one_sentence_and_nothing_written(
    monkeypatch, tmp_path, capsys, cloud_file_content, arguments, message
):
    _bad_files(tmp_path, cloud_file_content)
    monkeypatch.chdir(tmp_path)
    before = set(os.listdir())
    assert _run(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("geodl: ") and message in error
    assert set(os.listdir()) == before


def test_a_warning_is_one_sentence(monkeypatch, tmp_path, capsys):
    table = tracks(2, trips=1)
    table.loc[70, "location-lat"] = np.nan
    path, arguments = write(tmp_path, table), ("-o", tmp_path / "out.nc")
    assert _run(monkeypatch, "predict", "seabird_gan_peru", path, *arguments) == 0
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("geodl: Fixes are left out: the place cannot be read or is not on Earth in 1 of ")


@pytest.mark.parametrize("arguments", [("sample", "seabird_gan_peru", "--seed", "-1"), ("train", "cloud_cnn", "--epochs", "0")])
def test_numbers_out_of_range_are_told(monkeypatch, tmp_path, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    assert _run(monkeypatch, *arguments) == 2
    assert f"Invalid value for '{arguments[-2]}'" in " ".join(capsys.readouterr().err.split())


def test_a_time_that_is_no_date_is_found_among_sums_of_steps(monkeypatch, tmp_path):
    states = datasets.open_dataset("lorenz63", "forecast", "test").isel(sample=0, time=slice(60))
    states.to_netcdf(tmp_path / "in.nc", engine="h5netcdf")
    arguments = ("--time", "0.57", "--steps", "1", "-o", tmp_path / "out.nc")
    assert _run(monkeypatch, "predict", "lorenz63_lstm", tmp_path / "in.nc", *arguments) == 0
    assert xr.open_dataset(tmp_path / "out.nc").time.item() == pytest.approx(0.58)


def test_a_model_with_classes_of_its_own_is_drawn(monkeypatch, tmp_path, cloud_file_content):
    cloud_file_content.to_netcdf(tmp_path / "in.nc", engine="h5netcdf")
    zoo.save(zoo.load("cloud_unet", classes=2), tmp_path / "two")
    written = ("-o", tmp_path / "out.nc", "--picture", tmp_path / "out.png")
    assert _run(monkeypatch, "predict", tmp_path / "two", tmp_path / "in.nc", *written) == 0
    assert (tmp_path / "out.png").read_bytes()[:4] == b"\x89PNG"


def test_list_and_card_do_not_import_tensorflow():
    code = """
import sys, geodl.cli
sys.argv = ["geodl", "list"]
try:
    geodl.cli.main()
except SystemExit:
    pass
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cloud_unet" in run.stdout


def test_datasets_are_listed_and_built(monkeypatch, capsys):
    assert _run(monkeypatch, "data", "list") == 0 and "clouds" in capsys.readouterr().out
    assert _run(monkeypatch, "data", "build", "clouds") == 0
    assert "meteonet_sample" in capsys.readouterr().out
    assert _run(monkeypatch, "data", "build", "waves") == 2


def test_card_is_json(monkeypatch, capsys):
    _run(monkeypatch, "card", "cloud_unet")
    assert json.loads(capsys.readouterr().out) == zoo.card("cloud_unet")


def test_training_in_mixed_precision_on_mirrored_devices(monkeypatch, tmp_path):
    import keras

    from geodl import datasets

    sample = datasets.load("clouds", batch_size=2, patch=64).take(2)
    monkeypatch.setattr(datasets, "load", lambda *args, **kwargs: sample)
    try:
        arguments = ("train", "cloud_cnn", "-o", tmp_path, "--epochs", 1, "--mixed-precision", "--strategy", "mirrored")
        assert _run(monkeypatch, *arguments) == 0
    finally:
        keras.mixed_precision.set_global_policy("float32")
    model = zoo.load(tmp_path / "cloud_cnn")
    assert model.dtype_policy.name == "mixed_bfloat16" and model.hidden[0].compute_dtype == "bfloat16"


def test_training_resumes_after_a_kill(tmp_path, monkeypatch):
    """A run stopped after its first epoch starts again at the second, with the weights it had."""
    import keras

    from geodl import datasets

    sample = datasets.load("clouds", batch_size=1, patch=64)
    monkeypatch.setattr(datasets, "load", lambda *args, **kwargs: sample.take(2))
    recipe = zoo.recipe("cloud_cnn")

    class Kill(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    class Watch(keras.callbacks.Callback):
        epochs = []

        def on_epoch_begin(self, epoch, logs=None):
            self.epochs.append(epoch)

    with pytest.raises(KeyboardInterrupt):
        recipe.train(tmp_path, epochs=2, callbacks=[Kill()])
    model = recipe.train(tmp_path, epochs=2, callbacks=[Watch()])
    assert Watch.epochs == [1]
    again = zoo.load(tmp_path)
    for mine, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
