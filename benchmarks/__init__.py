"""What `./course bench` runs: one module a part, each writes its figures under results/."""
