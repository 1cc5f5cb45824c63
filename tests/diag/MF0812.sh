# More tests than a file may have.
dir=$(mktemp -d) && trap 'rm -r "$dir"' EXIT && cp MF08.yaml "$dir" && cd "$dir" || exit 9
{ printf 'moat-flow-test: 1\nflow: MF08.yaml\ntests:\n'
  for i in $(seq 10001); do printf '  - {name: t%d, steps: [{expect: {alarm: none}}]}\n' "$i"; done; } >many.test.yaml
"$1" test --only t1 many.test.yaml
