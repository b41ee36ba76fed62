# multi-output: losses, metrics forms
def ml(loss, metrics=None, y=None, **kw):
    def f():
        m=two(); m.compile("sgd",loss,metrics=metrics,**kw)
        h=m.fit(X,y if y is not None else [Yoh,Yb[:,:1]],epochs=2,verbose=0,shuffle=False,batch_size=5).history
        e=m.evaluate(X,y if y is not None else [Yoh,Yb[:,:1]],verbose=0)
        d=m.evaluate(X,y if y is not None else [Yoh,Yb[:,:1]],verbose=0,return_dict=True)
        return h,e,list(d),list(map(float,[d[k] for k in d])), m.metrics_names
    return f
show("list",ml(["categorical_crossentropy","bce"]))
show("dict",ml({"a":"categorical_crossentropy","b":"bce"},{"a":["acc"],"b":["mse","accuracy"]}))
show("lw list",ml(["mse","mse"],[["mae"],["mae"]],loss_weights=[.3,.7]))
show("lw dict",ml(["mse","mse"],["mae","mae"],loss_weights={"a":.3,"b":.7}))
show("lw dict partial",ml(["mse","mse"],["mae","mae"],loss_weights={"a":.3}))
show("lw scalar",ml("mse","mae",loss_weights=.3))
show("flat metrics",ml("mse",["mae"]))
show("flat metrics2",ml("mse",["mae","mse","acc"]))
show("str metrics",ml("mse","mae"))
show("none loss",ml(["mse",None],[["mae"],["mae"]]))
show("none loss dict",ml({"a":"mse","b":None},[["mae"],["mae"]]))
show("partial loss dict",ml({"a":"mse"},{"b":["mae"]}))
show("weighted",ml("mse",[["mae"],["mae"]],weighted_metrics=[["mae"],["mse"]]))
show("classes",ml([keras.losses.MeanSquaredError,keras.losses.MeanAbsoluteError()],[[keras.metrics.MeanSquaredError,keras.metrics.AUC()],[keras.metrics.AUC(),keras.metrics.Precision()]]))
show("funcs",ml([keras.losses.mean_squared_error,keras.losses.mean_absolute_error],[[keras.metrics.mean_squared_error],[keras.metrics.binary_accuracy]]))
show("metric None",ml("mse",[None,["mae"]]))
show("metric empty",ml("mse",[[],["mae"]]))
show("metric dict str",ml("mse",{"b":"mae"}))
show("metric obj dict",ml("mse",{"b":keras.metrics.RootMeanSquaredError(name="rr")}))
show("ydict",ml("mse",{"b":"mae"},y={"a":Yoh,"b":Yb[:,:1]}))
show("dup",ml("mse",[["mae","mae"],["mae"]]))
show("y tuple",ml("mse",None,y=(Yoh,Yb[:,:1])))
show("sparse",ml({"a":"sparse_categorical_crossentropy","b":"bce"},{"a":["acc"],"b":["acc"]},y=[Ys,Yb[:,0]]))
sm=keras.metrics.MeanAbsoluteError()
show("unknown name",ml({"zz":"mse"}))
show("unknown metric name",ml("mse",{"zz":"mse"}))
def sw(**kw):
    def f():
        m=two(); m.compile("sgd","mse",weighted_metrics=[["mae"],["mae"]])
        return m.fit(X,[Yoh,Yb[:,:1]],epochs=2,verbose=0,shuffle=False,batch_size=5,**kw).history
    return f
w=np.linspace(0,1,10); v=np.linspace(1,0,10)
show("sw list",sw(sample_weight=[w,v])); show("sw dict",sw(sample_weight={"a":w,"b":v})); show("sw one",sw(sample_weight=w)); show("sw dict one",sw(sample_weight={"a":w}))
show("cw",sw(class_weight={0:1.,1:2.}))
show("val",sw(validation_split=.4)); show("val sw",sw(validation_data=(X,[Yoh,Yb[:,:1]],[w,v])))
show("tob",lambda: (lambda m:(m.compile("sgd","mse",metrics=[["mae"],["mae"]]),m.train_on_batch(X,[Yoh,Yb[:,:1]]),m.test_on_batch(X,[Yoh,Yb[:,:1]],return_dict=True)))(two())[1:])
def single(**kw):
    def f():
        m=one(); m.compile("sgd",kw.pop("loss","categorical_crossentropy"),metrics=["acc"],weighted_metrics=["acc","mse"])
        return m.fit(X,kw.pop("y",Yoh),epochs=2,verbose=0,shuffle=False,batch_size=4,**kw).history
    return f
show("s cw",single(class_weight={0:1.,1:2.,2:.5})); show("s cw sparse",single(loss="sparse_categorical_crossentropy",y=Ys,class_weight={0:1.,1:2.}))
show("s cw+sw",single(class_weight={0:1.,1:2.,2:.5},sample_weight=w))
show("s cw val",single(class_weight={0:1.,1:2.,2:.5},validation_split=.3))
show("s sw val",single(sample_weight=w,validation_split=.3))
show("s steps",single(steps_per_epoch=2)); show("s valsteps",single(validation_data=(X,Yoh),validation_steps=1)); show("s vf",single(validation_data=(X,Yoh),validation_freq=2)); show("s vfl",single(validation_data=(X,Yoh),validation_freq=[1]))
show("s init",single(initial_epoch=1))
