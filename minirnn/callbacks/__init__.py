"""Callbacks."""


class History:
    def __init__(self):
        self.history, self.epoch = {}, []


class CallbackList:
    wants_batches = False

    def __init__(self, callbacks, history, model=None, verbose=0, epochs=1, steps=1):
        self.history = history

    def __getattr__(self, name):
        return lambda *a: None

    def on_epoch_end(self, epoch, logs):
        self.history.epoch.append(epoch)
        for k, v in logs.items():
            self.history.history.setdefault(k, []).append(v)
