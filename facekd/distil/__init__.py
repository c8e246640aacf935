"""Training of recognisers by distillation; the only part of the library that needs torch."""
