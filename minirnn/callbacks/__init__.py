"""Callbacks: what may look on, and step in, while a model trains. Keras 3's names, arguments and behaviour."""

from minirnn.callbacks.callback import Callback, History, LambdaCallback
from minirnn.callbacks.callback_list import CallbackList
from minirnn.callbacks.early_stopping import EarlyStopping, TerminateOnNaN
from minirnn.callbacks.progbar_logger import ProgbarLogger

__all__ = [
    "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback", "ProgbarLogger", "TerminateOnNaN",
]  # fmt: skip
