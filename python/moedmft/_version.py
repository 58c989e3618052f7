"""The release; the same as VERSION in the Makefile (tests/test_package.py checks it)."""

__version__ = "0.1.0"
