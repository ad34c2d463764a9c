"""Printed numbers beside our own: what a page says (`build`), and how it is written (`markdown`, `latex`, ...)."""
