"""What all trainings do: they go on where a killed run stopped, and keep a log."""

from pathlib import Path

import keras


def resuming(output: Path, run: str) -> list[keras.callbacks.Callback]:
    """Callbacks with which `fit` goes on where a killed one stopped, and that log losses to `log_RUN.csv`.

    Args:
        output: folder of backup and log; the backup goes when the training ends.
        run: name of the training; one of another name, such as that of another seed, begins anew.

    Example:
        >>> [type(callback).__name__ for callback in resuming(Path("runs"), "seed_0")]
        ['BackupAndRestore', 'CSVLogger']
    """
    return [
        keras.callbacks.BackupAndRestore(output / f"backup_{run}"),
        keras.callbacks.CSVLogger(output / f"log_{run}.csv", append=True),
    ]
