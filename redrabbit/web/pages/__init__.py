"""The server-rendered pages; each renders one dataclass and decides nothing."""
