"""What each page shows, as one documented dataclass a page (style 37).

Plain functions `(reader, plant, …, now) -> …Page`: the same over memory and SQL, pure but for the
reader. Words are `Message`s, put into a language at the edge; templates decide nothing. Nothing
here writes.
"""
