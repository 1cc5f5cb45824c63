# More bytes than a file may have.
{ printf 'moat-flow: 1\n'; head -c 17000000 /dev/zero | tr '\0' '#'; } | "$1" validate --format short -
