"""The ground floor: clock, settings, signing and messages, for every floor but the domain (D16)."""
