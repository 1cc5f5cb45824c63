# More values than a file may hold, in a file that is not too large.
{ printf 'moat-flow: 1\nx-a: ['; yes '1,' | head -n 4010000 | tr -d '\n'; yes '2,' | head -n 4010000 | tr -d '\n'; printf '3]\n'; } | "$1" validate --format short -
