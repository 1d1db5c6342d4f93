"""Reports: one page with pictures that needs nothing beside itself."""
