#!/bin/bash
# What runs out, and who stops: a full disk, a limit of file sizes, no more
# descriptors, a peer that stands still for a while. What was acknowledged is
# there afterwards, both are equal, and hold no more than before.
if [ -z "${FOB_SMALL-}" ]; then
	# A small disk of our own, which goes with us, where that is permitted.
	export FOB_SMALL=no
	if unshare -rm mount -t tmpfs none /mnt 2>/dev/null; then
		export FOB_SMALL=yes
		exec unshare -rm "$0"
	fi
fi
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/acked.sh
. "$here/acked.sh"

unmount() {
	umount -l "$work/a/vault" 2>/dev/null
	cleanup
}
trap unmount EXIT

declare -A at
limits=()

# start_at NAME: where it was, unlocked, with the limits.
start_at() {
	local soft
	soft=$(ulimit -S -f)
	[ ${#limits[@]} = 0 ] || ulimit -S "${limits[@]}"
	start_daemon "$1" --listen "127.0.0.1:${at[$1]-0}" \
		--passphrase-file "$work/pass"
	ulimit -S -f "$soft"
	wait_for 20 fob "$1" unlocked
	at[$1]=$(address_of "$1")
	at[$1]=${at[$1]##*:}
}

# ended NAME: its exit status, once it has ended by itself.
ended() {
	wait "${pids[$1]}"
	status=$?
	unset "pids[$1]"
}

# --- no room ---
note=$(head -c 7000 /dev/zero | tr '\0' n)
large=(--note "$note" --field "x-more=$note")

# fill LABEL: adds until it fails. A code of a counter is not shown unless the
# counter is kept.
counter_of() {
	[[ $(fob "$1" code Counter --json) =~ \"counter\":([0-9]+) ]] &&
		echo "${BASH_REMATCH[1]}"
}

fill() {
	local label=$1 counter n=0
	shown=0
	while add a "$label$n" "${large[@]}"; do
		n=$((n + 1))
		counter=$(counter_of a 2>"$work/out") || break
		shown=$counter
		[ $n -lt 200 ] || break
	done
	ended a
	equal "$label: it stops" "$status" 1
	matches "$label: the last line says why" "$(tail -n 1 "$work/a/log")" \
		'full.*acknowledged is on disk$'
	equal "$label: a command has failed" "$(grep -c . "$work/out")" 1
}

# full LABEL: it starts and is read without any room, and stops again.
full() {
	local label=$1
	start_at a
	kept "$label" a
	matches "$label: codes" "$(fob a code "Fault/${label}0")" '^[0-9]{6}$'
	while add a "$label-more" "${large[@]}"; do :; done
	ended a
	equal "$label: it stops once more" "$status" 1
	add b "$label-meanwhile"
}

# again LABEL: with room.
again() {
	local label=$1
	start_at a
	check "$label: both are equal" wait_for 30 alike
	kept "$label" a b
	check "$label: the counter goes on" test "$(counter_of a)" -gt "$shown"
	check "$label: it takes more" add a "$label-after" --wait-copies 1
}

mkdir -m 700 "$work/a" "$work/a/vault"
if [ $FOB_SMALL = yes ]; then
	mount -t tmpfs -o size=256k,mode=700 none "$work/a/vault"
fi
start_daemon a
start_daemon b
fob a init --name a >/dev/null 2>&1
check "a pair" pair a b
fob a add --issuer Counter --account me --type hotp --secret-stdin \
	<<<GEZDGNBVGY3TQOJQ >/dev/null
for name in a b; do
	stop_daemon $name
	start_at $name
done
if [ $FOB_SMALL = yes ]; then
	fill disk
	full disk
	dd if=/dev/zero of="$work/a/vault/filler" bs=1k 2>/dev/null
	matches "disk: no room for a new vault" "$(timeout 10 \
		"$FOB_BUILD/fobd" --allow-root --no-listen \
		--vault "$work/a/vault/more" --socket "$work/a/more" 2>&1)" \
		'error: .*/more: No space left on device$'
	rm -r "$work/a/vault/filler" "$work/a/vault/more"
	mount -o remount,size=64m "$work/a/vault"
	again disk
else
	echo "no disk of our own here: only a limit of file sizes"
fi
limits=(-f $(($(du -k "$work/a/vault/store/data.mdb" | cut -f 1) + 64)))
stop_daemon a
start_at a
fill size
full size
limits=()
again size

# --- no more descriptors ---
fob a sync --wait
before_a=$(used a)
prlimit --pid "${pids[a]}" --nofile=$((${before_a% *} + 6)):
python3 "$here/faults.py" hold "$work/a/sock" "127.0.0.1:${at[a]}" 30 30 \
	>"$work/held" &
pids[crowd]=$!
wait_for 5 grep -q there "$work/held"
ticks() {
	awk '{ print $14 + $15 }' "/proc/${pids[a]}/stat"
}
wait_for 5 test "$(used a | cut -d ' ' -f 1)" -ge $((${before_a% *} + 5))
start=$(ticks)
stop_daemon b KILL
start_at b
add b crowd-b
sleep 1
ran=$(($(ticks) - start))
if [ $ran -le 50 ]; then
	ok "descriptors: it does not spin ($ran ticks)"
else
	bad "descriptors: it spins ($ran ticks)"
fi
add a crowd-a --timeout 2
stop_daemon crowd
check "descriptors: it answers when they are gone" wait_for 5 fob a list
check "descriptors: both are equal" wait_for 40 alike
kept descriptors a b
wait_for 12 test "$(used a | cut -d ' ' -f 1)" = "${before_a% *}"
no_more descriptors a "$before_a"

# --- a peer that stands still ---
still=20
[ -z "${FOB_LONG-}" ] || still=200
declare -A before
for name in a b; do
	before[$name]=$(used $name)
done
kill -STOP "${pids[b]}"
for i in 1 2 3; do
	add a "still$i" "${large[@]}"
done
fob a add --issuer Fault --account slow --force --secret-stdin \
	--wait-copies 1 --timeout 1 <<<JBSWY3DPEHPK3PXP >/dev/null 2>&1
equal "still: no copy in time" $? 8
acked[slow]=1
python3 "$here/accounts.py" 300 7 | cut -f 6 >"$work/uris"
fob a import "$work/uris" >/dev/null 2>&1
equal "still: 300 more are taken" $? 0
add b still-b --timeout "$still" &
adding=$!
if [ -n "${FOB_LONG-}" ]; then
	check "still: dead after two minutes" wait_for 130 \
		sh -c "! '$FOB_BUILD/fob' --socket '$work/a/sock' status | \
		grep -q connected"
fi
kill -CONT "${pids[b]}"
wait $adding
equal "still: who waited is answered" $? 0
acked[still-b]=1
check "still: both are equal" wait_for 60 alike
kept still a b
for name in a b; do
	no_more still $name "${before[$name]}"
done

# --- the file is cut off below it ---
truncate -s 8192 "$work"/a/vault/store/data.mdb
fob a show Fault/slow >/dev/null 2>&1
ended a
equal "cut off: status" $status 1
matches "cut off: the last line says why" "$(tail -n 1 "$work/a/log")" \
	'vault could not be read: .*cut off'
finish
