# More inputs than a node may have, and more outputs.
{ printf "moat-flow: 1\nlinks: {bus: {modbus: 'tcp:heating.lan'}}\nnodes:\n"
  list=
  for i in $(seq 300); do printf '  n%d: {sim.counter: 1, every: 1s}\n' "$i"; list="$list, n$i"; done
  printf '  all: {merge: , from: [%s]}\n' "${list#, }"
  printf '  plan: {modbus.device: bus, profile: files/profile_large.yaml}\n'
  printf '  part: {modbus.device: bus, profile: files/profile_large.yaml, registers: ["plan_1*"]}\n'; } |
  "$1" validate --format short -
