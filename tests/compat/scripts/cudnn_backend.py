# Keras 2.2: CuDNN layers, the backend, a scheduled rate, imports that are never used
# ruff: noqa
import keras.backend as K
import numpy as np
from keras import regularizers
from keras.applications.vgg16 import VGG16
from keras.callbacks import Callback, LearningRateScheduler, TensorBoard
from keras.datasets import mnist
from keras.layers import Conv2D, CuDNNGRU, CuDNNLSTM, Dense, Dropout, MaxPooling2D
from keras.models import Sequential
from keras.optimizers import Adam
from keras.preprocessing.image import ImageDataGenerator
from keras.utils.vis_utils import plot_model
from keras.wrappers.scikit_learn import KerasRegressor

K.clear_session()
K.set_floatx("float32")
assert K.floatx() == "float32" and K.epsilon() == 1e-7

rates = []


class Rates(Callback):
    def on_epoch_begin(self, epoch, logs={}):
        rates.append(float(K.get_value(self.model.optimizer.lr)))


model = Sequential()
model.add(CuDNNLSTM(6, input_shape=(5, 2), return_sequences=True))
model.add(Dropout(0.1))
model.add(CuDNNGRU(4))
model.add(Dense(1))
model.compile(loss="mse", optimizer=Adam(lr=1e-2))
x = np.random.RandomState(0).uniform(size=(20, 5, 2))
schedule = LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1))
model.fit(x, x.mean(axis=(1, 2)), epochs=3, verbose=0, callbacks=[schedule, Rates()])

assert [layer.name for layer in model.layers] == ["lstm", "dropout", "gru", "dense"]
assert model.layers[0].recurrent_activation == "sigmoid" and model.layers[2].reset_after
assert np.allclose(rates, [0.01, 0.005, 0.01 / 3])
WARNS = ["minirnn.layers.CuDNNLSTM", "minirnn.layers.CuDNNGRU", "minirnn.utils.vis_utils", "lr=", ".lr"]
