#!/bin/bash
# A keeper knows nothing: in all its memory and all its files is no seed, no
# name, no key. The same search finds them where they are.
. "$(dirname "$0")/lib.sh"

if [ "$(id -u)" != 0 ]; then
	echo "only root reads the memory of a daemon"
	exit 77
fi
python=
for candidate in python3 /usr/bin/python3; do
	if "$candidate" -c 'import cryptography, nacl' 2>/dev/null; then
		python=$candidate
		break
	fi
done
if [ -z "$python" ]; then
	echo "python3-cryptography and python3-nacl are not here"
	exit 77
fi

printf 'a passphrase of canaries 8c1f\n' >"$work/pass"
secret=$(printf 'seed of the canary 5' | base32)
start_daemon a
fob a init --name canary-laptop --kit "$work/kit" >/dev/null 2>&1
# as_hex LABEL TEXT
as_hex() {
	echo "$1 $(printf '%s' "$2" | od -An -v -tx1 | tr -d ' \n')"
}
fob a add --issuer Canary-Issuer --account canary.account@example.org \
	--note 'canary in a note' --field x-canary=canary-in-a-field \
	--secret-stdin <<<"$secret" >/dev/null
echo canary-code-1234 | fob a backup-codes canary-issuer add - 2>/dev/null
check "a group" fob a group create canary-group
fob a add --issuer Second-Canary --account me --group canary-group \
	--secret-stdin <<<MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK >/dev/null

start_daemon nas --keeper
: >"$work/code"
fob a invite --keeper -y >"$work/code" 2>/dev/null &
waiter=$!
wait_for 10 test -s "$work/code"
check "a keeper joins" bare nas join "$(head -n 1 "$work/code")" --keeper \
	--name nas --at "$(address_of a)"
wait "$waiter"
fob a edit canary-issuer --note 'canary in another note'
check "it holds all" fob a sync --wait
for question in "code canary" "list" "show canary" "devices" "snapshot" \
	"export --format uri --plain" "doctor"; do
	# shellcheck disable=SC2086  # words on purpose
	bare nas $question >/dev/null 2>&1
done
equal "as many items" "$(bare nas status --json | json 'd["items"]')" \
	"$(fob a status --json | json 'd["items"]')"

fob a snapshot -o "$work/snap" 2>/dev/null
{
	as_hex seed "$(base32 -d <<<"$secret")"
	as_hex other-seed "$(base32 -d <<<MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK)"
	as_hex issuer Canary-Issuer
	as_hex other-issuer Second-Canary
	as_hex account canary.account@example.org
	as_hex note 'canary in a note'
	as_hex other-note 'canary in another note'
	as_hex field canary-in-a-field
	as_hex backup-code canary-code-1234
	as_hex group canary-group
	as_hex device canary-laptop
	as_hex words "$(cut -d ' ' -f 1-4 "$work/kit")"
	as_hex passphrase 'a passphrase of canaries 8c1f'
	"$python" "$here/rescue.py" keys "$work/snap" "$work/kit" |
		sed 's/^/group-key-x /' | awk '{ print $1 NR, $2 }'
} >"$work/canaries"
equal "the kit opens the keys of both groups" \
	"$(grep -c group-key "$work/canaries")" 2

found=$(python3 "$here/canary.py" "$work/canaries" "${pids[nas]}" "$work/nas")
equal "the search" $? 0
equal "nothing is found at a keeper" "$found" ""

# --- and where there is something
found=$(python3 "$here/canary.py" "$work/canaries" "${pids[a]}" "$work/a" |
	xargs)
for label in issuer account group device group-key-x1 group-key-x2; do
	matches "an unlocked device has in memory: $label" "$found" \
		"memory $label"
done
equal "and in files its own name, no more" \
	"$(xargs -n 2 <<<"$found" | grep -v '^memory ')" \
	"vault/store/data.mdb device"
mkdir "$work/decoy"
fob a export --format uri --plain -o "$work/decoy/out" >/dev/null 2>&1
cp "$work/kit" "$work/pass" "$work/decoy"
fob a show canary-issuer --reveal >"$work/decoy/shown"
found=$(python3 "$here/canary.py" "$work/canaries" "${pids[nas]}" \
	"$work/decoy" | xargs)
for label in "out seed" "out issuer" "out other-seed" "kit words" \
	"pass passphrase" "shown other-note" "shown field"; do
	matches "it is found in a file: $label" "$found" "$label"
done
finish
