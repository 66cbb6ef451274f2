#!/bin/bash
# Two devices as programs see them: JSON of invite and join, of the devices,
# of copies and who holds them, and events.
. "$(dirname "$0")/lib.sh"

start_daemon a
start_daemon b
fob a init --name a >/dev/null
printf 'otpauth://totp/GitHub:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' |
	fob a add - >/dev/null
at=$(address_of a)

invite() {
	rm -f "$work/invite"
	fob a invite -y --json >"$work/invite" 2>/dev/null &
	waiter=$!
	wait_for 10 test -s "$work/invite"
}

named() {
	fob a devices | grep -q "$1"
}

# A code is shown, then the command waits; the code is all that is needed.
exits 2 "join without a code" fob b join
exits 2 "join, no HOST:PORT" fob b join 111-222-333 --at host:port
exits 5 "join without a passphrase" bare b join 111-222-333 --at "$at"
invite
code=$(head -n 1 "$work/invite" | json 'd["code"]')
matches "nine digits" "$code" '^[0-9]{3}-[0-9]{3}-[0-9]{3}$'
wrong=000-000-000
[ "$code" = $wrong ] && wrong=111-111-111
exits 7 "a wrong code" fob b join "$wrong" --at "$at"
wait $waiter
equal "ends the invitation" $? 7
exits 8 "and nobody answers to the right one" fob b join "$code" --at "$at" --timeout 5
equal "b is still empty" "$(fob b status --json | json 'd["state"]')" empty

invite
code=$(head -n 1 "$work/invite" | json 'd["code"]')
joined=$(fob b join - --at "localhost:${at##*:}" --name b --json <<<"$code")
equal "join" $? 0
id=$(json 'd["joined"]["id"]' <<<"$joined")
wait $waiter
equal "the invitation ends well" $? 0
equal "it names the device" "$(tail -n 1 "$work/invite" |
	json 'd["joined"]["name"]')" b
equal "codes work at once" "$(fob b code ada --at 59)" 287082
exits 9 "a second join" fob b join "$code" --at "$at"
check "they agree" fob b sync --wait --timeout 10
equal "the devices" "$(fob a devices --json | json '[(x["name"], x["rank"],
	x["self"], x["state"], x["added_by"]) for x in d]')" \
	"[('a', '0', True, 'member', ''), ('b', '0.1', False, 'member', 'a')]"
equal "the new one's id" "$(fob a devices --json | json 'd[1]["id"]')" "$id"
equal "connected, in sync" "$(fob a status --json | json '[(p["name"],
	p["connected"], p["in_sync"]) for p in d["peers"]]')" \
	"[('b', True, True)]"
equal "equal roots" "$(fob a status --json | json 'd["root"]')" \
	"$(fob b status --json | json 'd["root"]')"
check "an added entry is on the other one's disk" \
	fob b add --wait-copies 1 - \
	< <(echo 'otpauth://totp/Mail:eve?secret=JBSWY3DP')
equal "and is read there" "$(fob a code eve --at 59)" \
	"$(fob b code eve --at 59)"
equal "who holds it" "$(fob b list eve --json | json '(d[0]["copies"],
	d[0]["holders"])')" "(1, ['a'])"
late=$(fob b add --wait-copies 2 --timeout 1 - \
	<<<'otpauth://totp/Mail:bob?secret=JBSWY3DPEE' 2>/dev/null)
equal "two other devices are not to be had" $? 8
equal "the entry stays" "$(fob b list "$late" --json | json 'len(d)')" 1
check "a new name" fob b device rename 'the desk'
check "is seen on the other one" wait_for 10 named 'the desk'
exits 7 "of oneself only" fob b device rename a other

# --- events ---
bare a events >"$work/events" &
listener=$!
sleep 0.3
fob b edit ada --note 'from b' >/dev/null
wait_for 10 grep -q '"event":"entry"' "$work/events"
equal "an event for the other one's edit" $? 0
kill $listener
wait $listener 2>/dev/null
finish
