"""Red Rabbit: proof, day after day, that the devices which catch bad parts still catch them."""

__version__ = "0.2.0"
