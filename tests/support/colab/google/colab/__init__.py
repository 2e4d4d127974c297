"""Stands for Colab's own module in tests, with folders for the browser, for Drive and for the Secrets panel.

Written after github.com/googlecolab/colabtools (google/colab/files.py, drive.py, userdata.py, runtime.py): the same names,
the same exceptions, the same places.
"""
