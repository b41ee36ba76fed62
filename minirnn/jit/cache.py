"""placeholder"""
class KernelCache:
    def __init__(self, f): pass
    def load_overload(self, sig, ctx): return None
    def save_overload(self, sig, cres): pass
    def enable(self): pass
    def disable(self): pass
    def flush(self): pass
    cache_path = None
