#!/bin/bash
# Security keys as unlock slots: fob, fobd, and fob-fido with libfido2 over
# keys made of software (authenticator.py).
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
if [ ! -x "$FOB_BUILD/tests/fob-fido-soft" ]; then
	echo "built without libfido2"
	exit 77
fi

# A fob whose helper knows these keys: it finds it beside itself.
mkdir "$work/bin" "$work/drawer" "$work/plugged"
cp "$FOB_BUILD/fob" "$work/bin/fob"
cp "$FOB_BUILD/tests/fob-fido-soft" "$work/bin/fob-fido"
real=$FOB_BUILD
export FOB_TEST_KEYS=$work/plugged
python3 "$here/authenticator.py" "$work/drawer" "$work/touches" \
	blue red,protocol=1 green,pin=1234 gray,pin=4321,protocol=1,plain \
	deaf,untouched rusty,old >"$work/authenticator" 2>&1 &
pids[keys]=$!

FOB_BUILD=$real start_daemon a
FOB_BUILD=$work/bin
wait_for 10 test -S "$work/drawer/rusty"
plug() {
	mv "$work/drawer/$1" "$work/plugged/"
}
pull() {
	mv "$work/plugged/$1" "$work/drawer/"
}
touches() {
	tr '\n' ',' <"$work/touches"
	: >"$work/touches"
}
fob a init --kit "$work/kit" >"$work/out" 2>&1 || cat "$work/out"
fob a add --issuer GitHub --account ada --secret-stdin >"$work/out" \
	<<<JBSWY3DPEHPK3PXP

# --- adding ---
exits 5 "no key is plugged in" fob a passphrase --add-fido2
plug rusty
exits 1 "a key without hmac-secret" fob a passphrase --add-fido2
pull rusty
plug blue
exits 5 "it asks the passphrase first" bare a passphrase --add-fido2
equal "and nothing was touched" "$(touches)" ""
check "add a key" fob a passphrase --add-fido2 --label 'blue one'
equal "two touches" "$(touches)" "blue make,blue up,"
matches "it is listed" "$(fob a passphrase --list)" \
	$'fido2-2\tfido2\t20[^\t]*\tblue one'
equal "in JSON, too" "$(fob a passphrase --list --json |
	json 'd[1]["slot"] + d[1]["type"] + str("fido2" in d[1])')" \
	"fido2-2fido2False"
exits 9 "the same key again" fob a passphrase --add-fido2
plug red
exits 4 "one of two keys" fob a passphrase --add-fido2
pull blue
check "add a second, of the old protocol" fob a passphrase --add-fido2
pull red
touches >"$work/out"

# --- a fob that was built without libfido2 ---
mkdir "$work/alone"
cp "$real/fob" "$work/alone/fob"
fob a lock
output=$(FOB_BUILD=$work/alone bare a unlock --fido2 2>&1)
equal "without fob-fido" $? 1
matches "what it takes" "$output" 'fob-fido is missing.*with libfido2$'
matches "a passphrase opens it all the same" \
	"$(FOB_BUILD=$work/alone fob a code github)" '^[0-9]{6}'

# --- unlocking ---
fob a lock
exits 5 "none is plugged in" bare a unlock --fido2
matches "and it says so" "$(bare a unlock --fido2 --json)" \
	'"locked","message":"no security key is plugged in"'
plug blue
matches "a touch opens the vault" "$(bare a unlock --fido2 2>&1)" \
	'Touch the security key: blue'
exits 0 "it is open" bare a unlocked
equal "one touch" "$(touches)" "blue up,"
fob a lock
plug green
pull blue
exits 7 "a key that it does not know" bare a unlock --fido2
equal "which is not even touched" "$(touches)" ""
plug red
matches "the right one of two" "$(bare a unlock --fido2 2>&1)" ': red'
equal "a touch where a passphrase is asked again" \
	"$(bare a show github --reveal --field secret --fido2 \
		2>"$work/out")" \
	JBSWY3DPEHPK3PXP
equal "of that key" "$(touches)" "red up,red up,"
pull red
pull green

# --- at the terminal ---
fob a lock
plug blue
output=$(typing a 'Passphrase \(Enter: security key\): ' '' -- \
	show github --reveal --field secret)
matches "Enter is for the key" "$output" 'Touch the security key: blue'
matches "also when it is asked again" "$output" JBSWY3DPEHPK3PXP
equal "so it is touched twice" "$(touches)" "blue up,blue up,"
fob a lock
matches "the passphrase goes on" \
	"$(typing a 'Passphrase \(Enter' 'correct horse' -- code github)" \
	'[0-9]{6}'
pull blue

# --- a PIN ---
plug green
exits 5 "a PIN, and no terminal" fob a passphrase --add-fido2
typing a 'Present passphrase \(Enter' 'correct horse' 'PIN of' 1234 -- \
	passphrase --add-fido2 >"$work/out"
equal "add a key with a PIN" $? 0
equal "the key verifies" "$(touches)" "green make,green uv,"
fob a lock
matches "unlock with the PIN" \
	"$(typing a 'PIN of' 1234 -- unlock --fido2)" 'Touch'
exits 0 "so it is open" bare a unlocked
equal "and is asked to" "$(touches)" "green uv,"
fob a lock
output=$(typing a 'PIN of' 9999 -- unlock --fido2)
equal "a wrong PIN" $? 7
matches "and how many more" "$output" 'wrong PIN .*; 7 tries are left'
pull green
plug gray
typing a 'PIN of' 4321 -- --passphrase-file "$work/pass" \
	passphrase --add-fido2 >"$work/out"
fob a lock
typing a 'PIN of' 4321 -- unlock --fido2 >"$work/out"
equal "a key of CTAP 2.0" $? 0
pull gray
touches >"$work/out"

# --- time ---
plug deaf
exits 8 "nobody touches it" fob a passphrase --add-fido2 --timeout 1
equal "it stops asking" "$(touches)" "deaf cancelled,"
pull deaf

# --- removing ---
plug blue
check "remove a slot" bare a passphrase --remove fido2-2 --fido2
fob a lock
exits 7 "its key opens nothing now" bare a unlock --fido2
pull blue
plug red
for slot in fido2-4 fido2-5 passphrase; do
	check "remove $slot" bare a passphrase --remove "$slot" --fido2
done
fob a lock
matches "without a passphrase the key is asked at once" \
	"$(typing a -- code github)" '[0-9]{6}'
exits 7 "the last one stays" bare a passphrase --remove fido2-3 --fido2
stop_daemon a
FOB_BUILD=$real start_daemon a
FOB_BUILD=$work/bin
check "also after a restart" bare a unlock --fido2
finish
