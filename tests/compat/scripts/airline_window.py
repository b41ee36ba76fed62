# Keras 1: a window over a series, one LSTM, nb_epoch
# ruff: noqa
import math

import numpy
from keras.layers import LSTM, Dense
from keras.models import Sequential

numpy.random.seed(7)
series = numpy.array([112 + t + 20 * math.sin(t / 2.0) for t in range(80)], dtype="float32")
series = (series - series.min()) / (series.max() - series.min())


def create_dataset(dataset, look_back=1):
    dataX, dataY = [], []
    for i in range(len(dataset) - look_back - 1):
        dataX.append(dataset[i : (i + look_back)])
        dataY.append(dataset[i + look_back])
    return numpy.array(dataX), numpy.array(dataY)


look_back = 3
trainX, trainY = create_dataset(series[:60], look_back)
testX, testY = create_dataset(series[60:], look_back)
trainX = numpy.reshape(trainX, (trainX.shape[0], 1, trainX.shape[1]))
testX = numpy.reshape(testX, (testX.shape[0], 1, testX.shape[1]))

model = Sequential()
model.add(LSTM(4, input_dim=look_back))
model.add(Dense(1))
model.compile(loss="mean_squared_error", optimizer="adam")
before = model.evaluate(trainX, trainY, verbose=0)
model.fit(trainX, trainY, nb_epoch=5, batch_size=1, verbose=2)

assert model.evaluate(trainX, trainY, verbose=0) < before
assert model.predict(testX).shape == (len(testX), 1)
WARNS = ["nb_epoch="]
