#!/bin/bash
# Two and three devices: what is written on one is on the others at once; what
# is written apart merges, or is a conflict that a person settles.
. "$(dirname "$0")/lib.sh"

# part NAME: stops a daemon. meet NAME: starts it where it was, unlocked.
declare -A at
start_at() {
	start_daemon "$1" --listen "127.0.0.1:${at[$1]-0}" \
		--passphrase-file "$work/pass"
	wait_for 20 fob "$1" unlocked
	at[$1]=$(address_of "$1")
	at[$1]=${at[$1]##*:}
}

root_of() {
	fob "$1" status --json | json 'd["root"]'
}

same_root() {
	local first name
	first=$(root_of "$1")
	shift
	for name in "$@"; do
		[ "$(root_of "$name")" = "$first" ] || return 1
	done
}

codes_of() {
	fob "$1" code "$2" --all --at 59 | cut -f 3 | sort | xargs
}

# add NAME ISSUER SECRET [OPTION...]
add() {
	local name=$1 issuer=$2 secret=$3
	shift 3
	fob "$name" add --issuer "$issuer" --account me --secret-stdin "$@" \
		<<<"$secret"
}

secret_a=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
secret_b=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
secret_c=MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK
code_b=$(oathtool --totp -b -N @59 $secret_b)
code_c=$(oathtool --totp -b -N @59 $secret_c)

start_daemon a
fob a init --name a >/dev/null
stop_daemon a
start_at a
exits 8 "sync --wait alone" fob a sync --wait --timeout 1
add a Shop $secret_a >/dev/null
start_daemon b
check "the second device joins" pair a b
stop_daemon b
start_at b
exits 0 "sync --wait with a peer" fob a sync --wait
equal "its code is right" "$(fob b code shop --at 59)" \
	"$(oathtool --totp -b -N @59 $secret_a)"

# --- live ---
python3 "$here/live.py" "$work" a b 20 >"$work/live" 2>&1
equal "live push" $? 0
cat "$work/live"
check "add --wait-copies 1" add b Copied $secret_c --wait-copies 1
equal "the other device has it" "$(fob a list copied | cut -f 2)" Copied
equal "copies elsewhere are told" \
	"$(fob b list copied --json | json 'd[0]["copies"]')" 1
add b Waits GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJA --wait-copies 2 --timeout 1
equal "--wait-copies 2 with one other device" $? 8
equal "and the entry stays" "$(fob b list waits | cut -f 2)" Waits

# --- apart: two fields ---
fob a sync --wait
stop_daemon b
fob a edit shop --issuer Store
stop_daemon a
start_at b
fob b edit shop --note "from b"
add b Alone GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJB --wait-copies 1 --timeout 1
equal "no peer, no copies" $? 8
exits 8 "sync --wait without a peer" fob b sync --wait --timeout 1
start_at a
check "they meet again" fob a sync --wait --timeout 20
check "equal roots" same_root a b
for name in a b; do
	equal "$name: the issuer of one" \
		"$(fob $name show store --field issuer)" Store
	equal "$name: the note of the other" \
		"$(fob $name show store --field note)" "from b"
	equal "$name: no conflict" "$(fob $name conflicts --json)" "[]"
done

# --- apart: two seeds ---
stop_daemon b
fob a edit store --secret-stdin <<<$secret_b >/dev/null
stop_daemon a
start_at b
fob b edit store --secret-stdin <<<$secret_c >/dev/null
start_at a
fob a sync --wait --timeout 20
both=$(printf '%s\n' "$code_b" "$code_c" | sort | xargs)
for name in a b; do
	equal "$name: both codes" "$(codes_of $name store)" "$both"
	exits 9 "$name: one code is not chosen" fob $name code store
	equal "$name: a conflict is told" \
		"$(fob $name conflicts --json | json 'len(d)')" 1
	equal "$name: list tells it" \
		"$(fob $name list store --json | json 'd[0]["conflict"]')" True
done
conflict=$(fob a conflicts --json)
seeds=$(json '" ".join(seed["id"] for seed in d[0]["seeds"])' <<<"$conflict")
matches "the conflict names two seeds" "$seeds" '^[0-9a-f]+ [0-9a-f]+$'
check "resolve" fob a resolve store --keep "${seeds%% *}"
fob a sync --wait
kept=$(fob a code store --at 59)
matches "one code is left" "$kept" "^($code_b|$code_c)$"
equal "and the same on the other" "$(fob b code store --at 59)" "$kept"
equal "no conflict any more" "$(fob b conflicts --json)" "[]"

# --- apart: a delete against an edit ---
stop_daemon b
fob a rm store
exits 3 "deleted here" fob a code store
stop_daemon a
start_at b
fob b edit store --note "still used"
start_at a
fob a sync --wait --timeout 20
for name in a b; do
	equal "$name: the edit won" "$(fob $name show store --field note)" \
		"still used"
	equal "$name: the code works" "$(fob $name code store --at 59)" \
		"$kept"
done
fob a rm store
fob a sync --wait
exits 3 "a delete alone deletes there" fob b code store
check "restore from the trash there" fob b trash restore \
	"$(fob b trash --json | json 'd[0]["id"]')"
fob b sync --wait
equal "and it is back here" "$(fob a code store --at 59)" "$kept"

# --- HOTP apart ---
add a Count GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJD --type hotp >/dev/null
fob a sync --wait
stop_daemon b
fob a code count >/dev/null
fob a code count >/dev/null
stop_daemon a
start_at b
fob b code count >/dev/null
start_at a
fob a sync --wait --timeout 20
for name in a b; do
	equal "$name: the higher counter" \
		"$(fob $name list count --json | json 'd[0]["counter"]')" 2
done

# --- two thousand entries, then a third device by way of the second ---
python3 - >"$work/uris" <<'P'
import base64
for i in range(2000):
    secret = base64.b32encode(i.to_bytes(20, "big")).decode()
    print(f"otpauth://totp/Many:user{i}?secret={secret}&issuer=Many")
P
begin=$(date +%s%N)
equal "import 2,000" "$(fob a import "$work/uris" --json | json 'd["added"]')" \
	2000
echo "    in $((($(date +%s%N) - begin) / 1000000)) ms"
check "the second device gets them" fob a sync --wait --timeout 30
start_daemon c
begin=$(date +%s%N)
check "the third joins by way of the second" pair b c
echo "    in $((($(date +%s%N) - begin) / 1000000)) ms"
equal "it has all" "$(fob c status --json | json 'd["entries"]')" \
	"$(fob a status --json | json 'd["entries"]')"
fob c sync --wait --timeout 20
check "three equal roots" wait_for 20 same_root a b c
secret=$(python3 -c 'import base64
print(base64.b32encode((1234).to_bytes(20, "big")).decode())')
equal "a code of the many, on the third" "$(fob c code many/user1234 --at 59)" \
	"$(oathtool --totp -b -N @59 "$secret")"
check "two copies elsewhere" add c Three GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJC \
	--wait-copies 2 --timeout 20
equal "all three have it" "$(fob a list three | cut -f 2)" Three

# --- a restart of all ---
for name in a b c; do
	stop_daemon $name
done
for name in a b c; do
	start_at $name
done
check "after a restart they meet by themselves" \
	fob a sync --wait --timeout 20
check "and are equal" wait_for 20 same_root a b c
finish
