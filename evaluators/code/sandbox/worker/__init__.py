"""The far side of the sandbox: a stand-alone process with nothing but the standard library.

The modules import each other relatively, because the process has this package alone on its path.
"""
