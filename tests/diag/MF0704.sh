# Nobody listens on port 1.
"$1" validate --env MF0704.yaml
