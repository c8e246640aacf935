"""The store: operators, people, templates, events. Its tables come with the store issue; nothing imports it yet."""
