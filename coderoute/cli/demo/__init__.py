"""`coderoute demo`: a whole run on a small repository that ships with the package, with recorded model replies."""
