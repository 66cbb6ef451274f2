#!/bin/bash
# A recovery from a keeper that is cut: the daemon killed, the client gone, the
# connection lost. Run again with the same words, it goes on from what came.
. "$(dirname "$0")/lib.sh"

entries=3000

# turn VALVE: from now on; what came is counted anew.
turn() {
	rm -f "$work/came"
	echo "$1" >"$work/valve.next"
	mv "$work/valve.next" "$work/valve"
}

# came BYTES: have as many come through?
came() {
	[ "$(cat "$work/came" 2>/dev/null || echo 0)" -ge "$1" ]
}

# status_of NAME: its state and how many items it has.
status_of() {
	bare "$1" status --json | json 'd["state"], d["items"]'
}

# begin NAME: in the background; the client is $client.
begin() {
	"$FOB_BUILD/fob" --socket "$work/$1/sock" recover --name "$1" -y \
		--from "127.0.0.1:$(cat "$work/port")" \
		--passphrase-file "$work/pass" <"$work/kit" \
		>"$work/$1.out" 2>"$work/$1.err" &
	client=$!
}

# --- a vault, and a keeper behind the valve ---
python3 - $entries >"$work/uris" <<'EOF'
import base64, hashlib, sys
for i in range(int(sys.argv[1])):
    secret = base64.b32encode(hashlib.sha1(b"%d" % i).digest()).decode()
    print(f"otpauth://totp/site{i}:me?secret={secret}&issuer=site{i}")
EOF
start_daemon a
fob a init --name laptop --kit "$work/kit" >/dev/null 2>&1
check "a vault of $entries" fob a import -y "$work/uris"
start_daemon nas --keeper
fob a invite --keeper -y >"$work/code" 2>/dev/null &
wait_for 10 test -s "$work/code"
check "a keeper joins" bare nas join "$(head -n 1 "$work/code")" --keeper \
	--name nas --at "$(address_of a)"
check "it has all" fob a sync --wait --timeout 30
whole=$(bare nas status --json | json 'd["items"]')
stop_daemon a KILL
turn open
python3 "$here/valve.py" "$(address_of nas)" "$work" &
pids[valve]=$!
wait_for 10 test -s "$work/port"

# --- how much all of it is; and the device is made of what was kept ---
start_daemon r0
begin r0
wait "$client"
equal "a whole recovery" $? 0
all=$(cat "$work/came")
stop_daemon r0

# --- the daemon is killed ---
start_daemon r
turn "hold $((all / 3))"
begin r
wait_for 20 came $((all / 3))
wait_for 5 eval "status_of r | grep -q recovering"
stop_daemon r KILL
wait "$client"
equal "its client says that the daemon has gone" $? 1
matches "in words" "$(cat "$work/r.err")" 'fobd ended|connection'
start_daemon r
kept=$(status_of r | tr -cd 0-9)
matches "what came is kept" "$(status_of r)" "^\('recovering', [0-9]{3,}\)$"
check "it is a part ($kept of $whole)" test "$kept" -lt "$whole"
python3 - "$here/../../client/kit/bip39_words.c" "$work/kit" >"$work/list" <<'EOF'
import hashlib, re, sys
words = re.findall(r'"([a-z]+)"', open(sys.argv[1], encoding="utf-8").read())
bits = 0
for word in open(sys.argv[2], encoding="utf-8").read().split():
    bits = bits << 11 | words.index(word)
seed = (bits >> 8).to_bytes(32, "big")
print("seed", seed.hex())
for name in "sign", "wrap":
    text = f"fob/1 recovery {name}\0".encode()
    print(name, hashlib.blake2b(text, digest_size=32, key=seed).hexdigest())
EOF
equal "no key of the kit is on its disk, nor in its memory" \
	"$(python3 "$here/canary.py" "$work/list" "${pids[r]}" \
		"$work/r/vault")" ""

# --- the client goes ---
turn "hold $((all / 3))"
begin r
wait_for 20 came $((all / 3))
matches "it says that it goes on" "$(cat "$work/r.err")" \
	"Going on with a recovery that was cut: $kept items"
kill -TERM "$client"
wait "$client"
wait_for 5 eval "[ \$(status_of r | tr -cd 0-9) -gt $kept ]"
more=$(status_of r | tr -cd 0-9)
check "more of it came ($more of $whole)" test "$more" -gt "$kept"

# --- the connection is lost, and made again ---
turn "cut 30000"
begin r
wait "$client"
equal "the same run goes on by itself" $? 0
check "what was here did not come again ($(cat "$work/came") of $all bytes)" \
	test "$(cat "$work/came")" -lt $((all * 2 / 3))
equal "it is a device of the vault" "$(bare r status --json | json 'd["state"]')" \
	unlocked
equal "all entries are there" "$(bare r list --json | json 'len(d)')" $entries
secret=$(sed -n '$s/.*secret=\([A-Z2-7]*\).*/\1/p' "$work/uris")
equal "and their codes" "$(bare r code site$((entries - 1)) --at 59)" \
	"$(oathtool --totp -b -N @59 "$secret")"

finish
