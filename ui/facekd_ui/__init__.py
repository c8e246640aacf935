"""The application: services, window and command line."""
