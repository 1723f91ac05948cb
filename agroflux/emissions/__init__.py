"""From fluxes per area to county and state totals, and the IPCC Tier 1 figures beside them."""
