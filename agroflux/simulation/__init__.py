"""From a scenario to a contract data set: DSSAT-CSM 4.8 over counties, nitrogen rates and rotation phases."""
