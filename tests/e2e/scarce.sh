#!/bin/bash
# Memory that runs out in the client, at each of its allocations: it says so
# and ends; nothing is written by halves, and nothing is lost here.
. "$(dirname "$0")/lib.sh"

scarce=$FOB_BUILD/tests/fob-scarce
if [ ! -x "$scarce" ]; then
	echo "$scarce is not built"
	exit 77
fi
# Helpers are found beside the program.
mkdir "$work/bin"
cp "$scarce" "$work/bin/fob"
ln -s "$FOB_BUILD/fob-formats" "$work/bin"
scarce=$work/bin/fob
start_daemon a
fob a init >/dev/null
printf 'JBSWY3DPEHPK3PXP\n' |
	fob a add --issuer GitHub --account ada --secret-stdin >/dev/null
list=$(fob a list --json)

# What an edit leaves as it was.
unchanged() {
	sed 's/"changed":"[^"]*"//; s/"version":"[0-9a-f]*"//'
}

# ladder LABEL ARGUMENT...
ladder() {
	local label=$1
	shift
	check "$label" python3 "$here/scarce.py" "$scarce" "$work" \
		--socket "$work/a/sock" --passphrase-file "$work/pass" "$@"
}

ladder "as JSON" list --json
ladder "a code" code GitHub --at 59
ladder "an account edited" edit GitHub --note same
ladder "an export" export --format uri --plain -o "$work/out" --force
equal "all is there" "$(fob a list --json | unchanged)" \
	"$(unchanged <<<"$list")"
rm -f "$work/out"
export NOTED="$scarce --socket $work/a/sock --passphrase-file $work/pass"
ladder "an export's note" export --format uri -o "$work/out" --force
unset NOTED
equal "no file of an export is left by halves" \
	"$(find "$work" -maxdepth 1 -name 'out*' ! -name out)" ""
finish
