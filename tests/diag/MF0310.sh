# Notes are shown to those who ask.
"$1" validate -v MF0310.yaml
