"""Callbacks: what may look on, and step in, while a model trains. Keras 3's names, arguments and behaviour."""

from minirnn.callbacks.backup_and_restore import BackupAndRestore
from minirnn.callbacks.callback import Callback, History, LambdaCallback
from minirnn.callbacks.callback_list import CallbackList
from minirnn.callbacks.csv_logger import CSVLogger
from minirnn.callbacks.early_stopping import EarlyStopping
from minirnn.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from minirnn.callbacks.model_checkpoint import ModelCheckpoint
from minirnn.callbacks.monitor_check import check_monitors
from minirnn.callbacks.progbar_logger import ProgbarLogger
from minirnn.callbacks.terminate_on_nan import TerminateOnNaN
from minirnn.compat.modules import names_of

__all__ = [
    "BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback",
    "LearningRateScheduler", "ModelCheckpoint", "ProgbarLogger", "ReduceLROnPlateau", "TerminateOnNaN",
    "check_monitors",
]  # fmt: skip

__getattr__ = names_of(__name__)
