def print_summary(model, **kw):
    print(model)
