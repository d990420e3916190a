"""Commands over the domain, and the ports and queries they need of the floor above (D15)."""
