#!/bin/bash
# What the daemon does with bytes of strangers, with crowds, with clients of
# other users, and with a store that it cannot serve.
. "$(dirname "$0")/lib.sh"

start_daemon a
fob a init --name a >/dev/null
fob a add --issuer Shop --account me --secret-stdin \
	<<<GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ >/dev/null
port=$(address_of a)
port=${port##*:}
python3 "$here/strangers.py" "$port" "$work/a/sock" "${pids[a]}"
equal "strangers" $? 0
check "it still serves" fob a code shop

# --- a crowd of one stranger, and a device that wants in ---
start_daemon b
check "a pair" pair a b
stop_daemon b
python3 "$here/crowd.py" "$port" 60 >"$work/crowd" &
crowd=$!
wait_for 10 grep -q there "$work/crowd"
sleep 0.5
# gets_in: milliseconds from the start of b to its session with a.
gets_in() {
	local begin
	begin=$(date +%s%N)
	start_daemon b
	wait_for 10 sh -c "'$FOB_BUILD/fob' --socket '$work/b/sock' status |
		grep -q ', connected'" || return
	took+=("$((($(date +%s%N) - begin) / 1000000))")
}

took=()
for round in 1 2 3; do
	gets_in
	[ $round = 3 ] || stop_daemon b
done
mapfile -t took < <(printf '%s\n' "${took[@]}" | sort -n)
if [ "${took[1]:-9999}" -lt 2000 ]; then
	ok "a paired device gets in through 200 strangers: ${took[*]} ms"
else
	bad "a paired device gets in through 200 strangers" "${took[*]} ms"
fi
check "and what it writes comes" fob b add --issuer Crowd --account me \
	--secret-stdin --wait-copies 1 --timeout 5 < <(echo JBSWY3DPEHPK3PXP)
kill $crowd 2>/dev/null
wait $crowd 2>/dev/null
stop_daemon b

# --- other users ---
nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
if [ "$(id -u)" -eq 0 ] && nobody true 2>/dev/null; then
	equal "the socket is ours alone" "$(stat -c %a "$work/a/sock")" 600
	# The rights of the file are opened: who it is decides.
	chmod 755 "$work" "$work/a"
	chmod 666 "$work/a/sock"
	cp "$FOB_BUILD/fob" "$work/fob"
	nobody "$work/fob" --socket "$work/a/sock" status >"$work/said" 2>&1
	status=$?
	if [ $status -ne 0 ] && ! grep -q vault "$work/said"; then
		ok "another user is refused"
	else
		bad "another user is refused" "status $status" \
			"$(cat "$work/said")"
	fi
	chmod 700 "$work" "$work/a"
	chmod 600 "$work/a/sock"
else
	echo "skipped: another user needs root"
fi

# --- stores that cannot be served ---
# ends_badly LABEL NAME PATTERN: fobd must exit 1 with one line like that, and
# the store must be as it was.
ends_badly() {
	local label=$1 name=$2 pattern=$3 status sum said
	sum=$(cat "$work/$name"/vault/*/data.mdb | sha256sum)
	timeout 10 "$FOB_BUILD/fobd" --allow-root --vault "$work/$name/vault" \
		--socket "$work/$name/other" --no-listen \
		--log-level error >"$work/said" 2>&1 </dev/null
	status=$?
	said=$(cat "$work/said")
	equal "$label: exit 1" $status 1
	equal "$label: one line" "$(wc -l <"$work/said")" 1
	matches "$label: it says why" "$said" "$pattern"
	equal "$label: the store is untouched" \
		"$(cat "$work/$name"/vault/*/data.mdb | sha256sum)" "$sum"
}

ends_badly "a second daemon" a 'already running'
stop_daemon a
data=$(echo "$work"/a/vault/*/data.mdb)
cp "$data" "$work/good"
size=$(stat -c %s "$data")
truncate -s $((size / 2 / 4096 * 4096)) "$data"
ends_badly "a truncated store" a 'cut off'
: >"$data"
ends_badly "an empty store" a 'cut off'
head -c "$size" /dev/urandom >"$data"
ends_badly "a foreign file" a 'damaged|not a'
# A bit of an item that is there flips: found before it is served.
cp "$work/good" "$data"
python3 - "$data" <<'P'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
at = data.rindex(b"\x01\x01") + 60
for i in range(8192, len(data) - 4096, 97):
    if data[i]:
        data[i] ^= 4
open(sys.argv[1], "wb").write(data)
P
ends_badly "flipped bits" a 'damaged'
cp "$work/good" "$data"
start_daemon a
equal "the good one still opens" "$(fob a code shop --at 59)" "$(oathtool \
	--totp -b -N @59 GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ)"
finish
