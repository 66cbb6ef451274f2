#!/bin/bash
# A passphrase that is forgotten: new keys in place, approved by another
# device, refused by a junior one, cut in the middle, or by the kit alone.
. "$(dirname "$0")/lib.sh"

secret_a=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
secret_b=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP

printf 'another horse\n' >"$work/pass2"
printf 'third horse\n' >"$work/pass3"
chmod 600 "$work/pass2" "$work/pass3"

code_of() {
	oathtool --totp -b -N @59 "$1"
}

# with FILE NAME ARGUMENT...: the client with another passphrase.
with() {
	local file=$1 name=$2
	shift 2
	setsid -w "$FOB_BUILD/fob" --socket "$work/$name/sock" \
		--passphrase-file "$work/$file" "$@"
}

# ask FILE NAME: b asks for new keys in the background; its words.
ask() {
	: >"$work/$2/words"
	with "$1" "$2" passphrase --reset >"$work/$2/words" \
		2>"$work/$2/notes" </dev/null &
	asking=$!
	wait_for 10 test -s "$work/$2/words" && words=$(head -n 1 "$work/$2/words")
}

start_daemon a
fob a init --name laptop --kit "$work/kit" >/dev/null 2>&1
start_daemon b
start_daemon c
check "b joins" pair a b
check "c joins" pair a c
fob a add --issuer Shop --account me --secret-stdin <<<$secret_a >/dev/null
fob b add --issuer Mail --account me --secret-stdin <<<$secret_b >/dev/null
fob b sync --wait >/dev/null
fob a sync --wait >/dev/null
old=$(fob b status --json | json 'd["device"]["id"]')

# --- with another device ---
ask pass2 b
equal "six words" "$(wc -w <<<"$words")" 6
exits 5 "it is locked meanwhile" bare b code shop
exits 5 "approving asks for the passphrase" bare a device approve b "$words"
exits 7 "other words are refused" fob a device approve b oak oak oak oak oak oak
exits 7 "a junior may not" fob c device approve b "$words"
exits 7 "nor may anybody for the first" fob c device approve laptop "$words"
exits 3 "no such device" fob a device approve nobody "$words"
kill -9 "${pids[b]}"
wait "${pids[b]}" "$asking" 2>/dev/null
start_daemon b
first=$words
ask pass2 b
equal "with the same words" "$words" "$first"
shown=$(typing a 'hands' "$words" 'assphrase' 'correct horse' -- \
	device approve b 2>&1)
matches "a person types them at a" "$shown" 'b has new keys'
wait "$asking"
equal "b is done" $? 0
equal "its code" "$(bare b code shop --at 59)" "$(code_of $secret_a)"
equal "its own code" "$(bare b code mail --at 59)" "$(code_of $secret_b)"
renewed=$(bare b status --json | json 'd["device"]["id"], d["device"]["name"]')
matches "another device, the same name" "$renewed" ", 'b'"
equal "the old keys are out" "$(fob a devices --json | json \
	"[x['state'] for x in d if x['id'] == '$old']")" "['revoked']"
equal "nothing is to be changed at the sites" "$(fob a rotate --json)" "[]"
check "c hears it" wait_for 10 eval "fob c devices --json | json \
	\"[x['state'] for x in d if x['id'] == '$old']\" | grep revoked"
bare b edit mail --note changed
check "and what b writes" wait_for 10 \
	eval "fob c show mail --field note | grep changed"
stop_daemon b
start_daemon b
exits 7 "the old passphrase opens nothing" fob b unlock
check "the new one does" with pass2 b unlock

# --- only the kit ---
port=$(address_of a)
stop_daemon a
stop_daemon c
other="abandon abandon abandon abandon abandon abandon abandon abandon"
with pass3 b passphrase --reset --kit <<<"$other $other \
abandon abandon abandon abandon abandon abandon abandon art" 2>/dev/null
equal "other words are refused" $? 7
check "the kit alone" with pass3 b passphrase --reset --kit <"$work/kit"
equal "its code" "$(bare b code shop --at 59)" "$(code_of $secret_a)"
start_daemon a --listen "$port" --passphrase-file "$work/pass"
check "a hears it" wait_for 10 eval "bare a devices --json | json \
	\"[x['rank'] for x in d if x['name'] == 'b' and x['state'] == 'member']\" |
	grep -- -1"
exits 7 "and the first device has nobody above it but b, and the kit" \
	fob a device approve b "$words"
start_daemon k --keeper
exits 1 "a keeper without a vault" with pass3 k passphrase --reset
finish
