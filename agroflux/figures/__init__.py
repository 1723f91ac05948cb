"""Plotly figures: from data to picture. One module a family of figures; none opens a file."""
