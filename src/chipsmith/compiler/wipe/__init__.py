"""The wipe: instructions behind a Program's own, after which nothing but its outputs depends on the inputs."""
