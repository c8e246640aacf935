"""The pages of the window, one a file. Each is given what it needs and knows neither the store nor other pages.

Read `context` (what a page is given) and `failures` (errors in words), then any page.
"""
