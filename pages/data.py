"""Data: what there is, files of your own, and how the fields were managed."""

from agroflux.ui import data, data_import, data_management, data_monthly, show

show.title(
    "Data",
    "What the other pages draw on, each with its source and licence. Bring measurements of your own as downloaded.",
)

view = data.pick_view()
if view == "sets":
    with show.guard("The data set"):
        data.show_sets()
    with show.guard("The monthly comparison"):
        data_monthly.show_monthly()
elif view == "bring":
    with show.guard("The import"):
        data_import.show_import()
else:
    with show.guard("The management table"):
        data_management.show_management()
