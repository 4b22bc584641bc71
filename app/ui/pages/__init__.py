"""Pages: what fills the window in place of the desk, such as rules, statistics or the mail that waits.

A page is a `page.Page`: it gets its facet of the station and a `page.Frame`, asks in the background and shows the
answer. `roll.make_pages` lists them all with the key that opens each; the window keeps one of each, made when first
wanted.
"""
