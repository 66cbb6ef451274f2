#!/bin/bash
# Putting devices out: revoked, suspended and lifted, by the kit, and leaving.
# The checklist of what was seen is kept, and what a device that is gone writes
# later does not count.
. "$(dirname "$0")/lib.sh"

declare -A at
start_at() {
	start_daemon "$1" --listen "127.0.0.1:${at[$1]-0}" \
		--passphrase-file "$work/pass"
	wait_for 20 fob "$1" unlocked
	at[$1]=$(address_of "$1")
	at[$1]=${at[$1]##*:}
}

add() {
	local name=$1 issuer=$2
	shift 2
	fob "$name" add --issuer "$issuer" --account me --secret-stdin "$@"
}

state_of() {
	fob "$1" devices --json |
		json "[x['state'] for x in d if x['name'] == '$2'][0]"
}

is_state() {
	[ "$(state_of "$1" "$2")" = "$3" ]
}

is_out() {
	bare "$1" status --json | grep -q 'was revoked by'
}

in_sync() {
	fob "$1" sync --wait
}

# a is device 0; b and c are let in by it, d by c.
start_daemon a
words=$(fob a init --name a --json | json 'd["words"]')
stop_daemon a
start_at a
for name in b c; do
	start_daemon "$name"
	pair a "$name"
done
secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
add a Bank <<<$secret >/dev/null
add a Mail <<<JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP >/dev/null
check "all in sync" in_sync a
check "c holds a code" wait_for 10 fob c code bank

# --- a junior is revoked, and hears it at once
exits 5 "revoking asks for the passphrase" bare a device revoke c
exits 3 "no such device" fob a device revoke nobody
exits 2 "not oneself" fob a device revoke a
answer=$(fob a device revoke C --json)
equal "the effect" "$(json 'd["effect"]' <<<"$answer")" revoked
equal "the checklist of two" \
	"$(json 'sorted(x["issuer"] for x in d["rotate"])' <<<"$answer")" \
	"['Bank', 'Mail']"
check "c hears it" wait_for 5 is_out c
matches "by whom, and when" "$(bare c status --json)" \
	"revoked by a on 20[0-9][0-9]-[01][0-9]-[0-3][0-9]"
check "c reads what it has" fob c code bank
exits 7 "c writes nothing" fob c edit bank --note late
check "b hears it" wait_for 5 is_state b c revoked
add a Later <<<MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK >/dev/null
check "b gets what comes after" wait_for 10 fob b code later
stop_daemon c
start_daemon c --passphrase-file "$work/pass"
check "c still knows" wait_for 20 is_out c
exits 3 "c never gets what came after" fob c code later

# --- the checklist is shared, and gets shorter
check "b has the checklist" wait_for 10 \
	bash -c "[ \$($FOB_BUILD/fob --socket $work/b/sock rotate | wc -l) = 2 ]"
fob b edit mail --secret-stdin <<<ONSWG4TFOQZTENJXGQ3TQOJQGEZDGNBV
check "the other is left" wait_for 10 \
	bash -c "[ \$($FOB_BUILD/fob --socket $work/a/sock rotate | wc -l) = 1 ]"
fob a rotate "done" bank
equal "nothing is left" "$(fob a rotate --json)" "[]"

# --- a senior is suspended, until it is settled
answer=$(fob b device revoke a --json)
equal "b may only suspend a" "$(json 'd["effect"]' <<<"$answer")" suspended
matches "what a could read" "$answer" Later
check "a is suspended" wait_for 5 is_state a a suspended
exits 7 "a cannot lift that itself" fob a device lift a
exits 0 "b lifts it" fob b device lift a
check "a is a member again" wait_for 10 is_state a a member
exits 3 "not suspended" fob b device lift a

# --- by the kit: wrong words change nothing
wrong=$(sed 's/[a-z]*$/zoo/' <<<"$words")
for text in "not words at all" "$wrong" "$words ability"; do
	fob b device revoke a --kit <<<"$text" 2>/dev/null
	equal "words that are none: 7" "$?" 7
done
other="abandon abandon abandon abandon abandon abandon abandon abandon"
other="$other $other abandon abandon abandon abandon abandon abandon"
message=$(fob b device revoke a --kit <<<"$other abandon art" 2>&1)
equal "another kit: 7" "$?" 7
matches "said as such" "$message" "do not open this vault"
equal "nothing was changed" "$(state_of b a)" member
answer=$(fob b device revoke a --kit --json <<<"$words")
equal "the kit stands above all" "$(json 'd["effect"]' <<<"$answer")" revoked
check "a hears it" wait_for 5 is_out a
matches "from the kit" "$(bare a status --json)" "revoked by the recovery key"
add b Last <<<NBSWY3DPO5XXE3DENBSWY3DPO5XXE3DE >/dev/null
exits 0 "b writes on" fob b code last

# --- leaving
start_daemon d
check "d joins" pair b d
exits 7 "leaving asks first" fob d device leave
pid=${pids[d]}
exits 0 "d leaves" fob d -y device leave
check "its daemon ends" wait_for 10 bash -c "! kill -0 $pid"
unset "pids[d]"
check "b hears it" wait_for 10 is_state b d revoked
start_daemon d
equal "its vault is gone" "$(bare d status --json | json 'd["state"]')" empty
finish
