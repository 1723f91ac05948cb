"""Transfer: what a pretrained model gains on real measurements, and an adaptation of one's own, live."""

from agroflux.ui import show, transfer, transfer_live, transfer_models, transfer_panels

show.title(
    "Transfer",
    "From simulations to measurements: adapt a pretrained model to real fields, and see whether that beats training "
    "on the measurements alone.",
)

view = transfer.pick_view()
if view == "gains":
    with show.guard("The comparison"):
        transfer_panels.show_gains()
elif view == "live":
    with show.guard("The adaptation"):
        transfer_live.show_live()
else:
    with show.guard("The adapted models"):
        transfer_models.show_models()
