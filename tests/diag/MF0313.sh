# More inputs than a node may have.
{ printf 'moat-flow: 1\nnodes:\n'
  list=
  for i in $(seq 300); do printf '  n%d: {sim.counter: 1, every: 1s}\n' "$i"; list="$list, n$i"; done
  printf '  all: {merge: , from: [%s]}\n' "${list#, }"; } | "$1" validate --format short -
