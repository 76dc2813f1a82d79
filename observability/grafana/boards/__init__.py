"""Roomlog's dashboards, one module each; `parts` holds the words they are made of."""
