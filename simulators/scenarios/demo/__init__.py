"""The demo's story: a plant in seconds, in which everything that matters happens once."""
