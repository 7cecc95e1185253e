#!/bin/sh
# Derives again what design.json claims, by commands that run alone too; prints claims, figures, differences and bars.
#
#   sh verify.sh [LIBERTY [SRAM]]
#
# LIBERTY: the liberty file of standard cells at @NODE@ nm, @VOLTAGE@ V; SRAM: a folder of liberty files of memories. They may
# be environment variables too; without them the checks at the gates are NOT RUN. CHIPSMITH: the command, if it is not
# chipsmith. Exit codes: 0 all is as claimed, 1 something is beyond its bar, 2 something was not run.
set -u
absolute() { # PATH: from the folder that the script was called in
    case $1 in "" | /*) printf '%s' "$1" ;; *) printf '%s' "$PWD/$1" ;; esac
}
LIBERTY=$(absolute "${1:-${LIBERTY:-}}")
SRAM=$(absolute "${2:-${SRAM:-}}")
cd "$(dirname "$0")" || exit 1
CHIPSMITH=${CHIPSMITH:-chipsmith}
mkdir -p verify
rm -f verify/*.json

derive() { # NAME COMMAND...: what the command prints goes to verify/NAME.json
    name=$1
    shift
    echo "+ $* > verify/$name.json"
    "$@" > "verify/$name.json" || echo "  exit code $?"
}

@PLAIN@
if [ -n "$LIBERTY" ]; then
@GATES@
fi
exec "${PYTHON:-python3}" compare.py
