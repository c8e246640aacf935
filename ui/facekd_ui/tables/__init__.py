"""Qt table models over records of the store, and the delegates that paint them.

Models hold frozen records and know neither store nor widgets; what they lack they ask for by a signal.
"""
