"""The app's own layer: the only part of the package that knows Streamlit.

``state`` what the user chose, in every page and in the URL; ``controls`` the pickers; ``cache`` cached
calls of the package; ``show`` banners, errors, figures and downloads.
"""
