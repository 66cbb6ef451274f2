#!/bin/bash
# Snapshots that fobd makes by itself: after changes, whole under their names,
# only the newest kept, none of another's touched, and recovered from.
. "$(dirname "$0")/lib.sh"

secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
folder=$work/snapshots
mkdir "$folder"

count() {
	find "$folder" -name 'fob-*.snapshot' | wc -l
}

# newest: its path; names tell the time.
newest() {
	find "$folder" -name 'fob-*.snapshot' | sort | tail -n 1
}

counted() {
	[ "$(count)" = "$1" ]
}

add() {
	fob a add --issuer "$1" --account me --secret-stdin --force \
		<<<$secret >/dev/null
}

options=(--snapshot-dir "$folder" --snapshot-keep 2 --snapshot-delay 1)
start_daemon a "${options[@]}"
fob a init --kit "$work/kit" >/dev/null 2>&1
add Shop
check "one is made after a change" wait_for 20 counted 1
equal "it is for its owner" "$(stat -c %a "$(newest)")" 600
check "it is whole" fob a snapshot verify "$(newest)" --kit <"$work/kit"
first=$(newest)
touch "$folder/.${first##*/fob-}" "$folder/fob-00000000-00000000-1.snapshot"
sleep 1.2
add Second
check "the next one" wait_for 20 counted 3
sleep 1.2
add Third
wait_for 20 test ! -e "$first"
equal "two are kept, and that of another" "$(count)" 3
equal "nothing half is left" "$(find "$folder" -name '*.part')" ""
fob a lock
sleep 2.5
last=$(newest)
stop_daemon a KILL
start_daemon a "${options[@]}"
sleep 7
equal "no new one without a change" "$(newest)" "$last"
stop_daemon a
start_daemon r
check "recover from it" fob r recover --from "$last" --name new <"$work/kit"
equal "all three are there" "$(fob r list | wc -l)" 3

# --- ways that are shut ---
start_daemon b --snapshot-dir "$work/none" --snapshot-delay 0
fob b init >/dev/null 2>&1
wait_for 10 grep -q 'none: No such file' "$work/b/log"
equal "a folder that is missing is told" $? 0
exits 0 "and nothing else suffers" fob b status
exits 2 "--snapshot-keep 0" "$FOB_BUILD/fobd" --snapshot-keep 0

finish
