"""Gates between the layers: a critical expectation that fails stops the night, a warning is reported."""
