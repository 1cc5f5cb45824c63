# A path that is not there.
"$1" validate nowhere.yaml
