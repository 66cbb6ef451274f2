#!/bin/bash
# Meeting a new device: nine digits, a URI, wrong and dead codes, a question
# at the terminal, joins that are cut, and what must not be joined.
. "$(dirname "$0")/lib.sh"

secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ

# invite NAME [OPTION...]: in the background; its code is in $code.
invite() {
	local name=$1
	shift
	: >"$work/code"
	fob "$name" invite -y "$@" >"$work/code" 2>"$work/notice" &
	inviting=$!
	wait_for 10 test -s "$work/code"
	code=$(head -n 1 "$work/code")
}

# invited STATUS LABEL: how that invite ended.
invited() {
	wait "$inviting"
	equal "$2" $? "$1"
}

start_daemon a
fob a init --name laptop >/dev/null
fob a add --issuer Shop --account me --secret-stdin <<<$secret >/dev/null
here_a=$(address_of a)
right=$(oathtool --totp -b -N @59 $secret)

# --- nine digits ---
start_daemon b
invite a
matches "nine digits" "$code" '^[0-9]{3}-[0-9]{3}-[0-9]{3}$'
equal "join prints the name" "$(fob b join "$code" --at "$here_a" \
	--name phone 2>"$work/joining")" phone
matches "four words" "$(cat "$work/joining")" ': [a-z]+ [a-z]+ [a-z]+ [a-z]+'
invited 0 "the invite ends well"
equal "and names the device" "$(tail -n 1 "$work/code")" phone
equal "codes work at once" "$(fob b code shop --at 59)" "$right"
equal "both list both" "$(fob b devices --json |
	json 'sorted(x["name"] for x in d)')" "['laptop', 'phone']"
exits 9 "init on a vault" fob b init
exits 9 "join on a vault" fob b join "$code" --at "$here_a"
equal "nothing changed" "$(fob b code shop --at 59)" "$right"

# --- a code is good once ---
start_daemon c
exits 8 "a used code" fob c join "$code" --at "$here_a" --timeout 3
invite a
wrong=$(tr '0-9' '1-90' <<<"$code")
exits 7 "a wrong code" fob c join "$wrong" --at "$here_a"
invited 7 "the inviter hears of it"
matches "and says so" "$(cat "$work/notice")" 'wrong|dead'
fob c join "$code" --at "$here_a" --timeout 3 >/dev/null 2>&1
matches "the right code is dead now" "$?" '^[78]$'
equal "still empty" "$(fob c status --json | json 'd["state"]')" empty
exits 2 "eight digits" fob c join 482-915-37 --at "$here_a"
exits 2 "no address" fob c join 482-915-377

# --- expired ---
fob a invite -y --no-wait --expires 1 >"$work/code" 2>/dev/null
equal "invite --no-wait" $? 0
sleep 1.3
fob c join "$(head -n 1 "$work/code")" --at "$here_a" --timeout 3 \
	>/dev/null 2>&1
matches "an expired code" $? '^[78]$'
invite a --expires 1
invited 8 "an invite that nobody takes"

# --- a URI, on standard input ---
invite a --long
matches "a URI" "$code" '^fob:[A-Z2-7]+@'
equal "join takes it from standard input" \
	"$(echo "$code" | fob c join - --name phone 2>/dev/null)" phone-2
invited 0 "the invite ends well"
equal "a second device of one name" "$(tail -n 1 "$work/code")" phone-2
equal "its code" "$(fob c code shop --at 59)" "$right"

# --- at two terminals ---
start_daemon d
seen=$(python3 "$here/meet.py" "$work/c/sock" "$work/d/sock" \
	"$(address_of c)" tablet y)
equal "the inviter is asked" "$(json 'd["asked"]' <<<"$seen")" True
equal "the same four words" "$(json 'd["guest_words"]' <<<"$seen")" \
	"$(json 'd["host_words"]' <<<"$seen")"
matches "it shows the name" "$(json 'd["host"]' <<<"$seen")" 'name: tablet'
matches "and what it can revoke" "$(json 'd["host"]' <<<"$seen")" \
	'can revoke: [a-z]'
equal "both end well" \
	"$(json '(d["host_status"], d["guest_status"])' <<<"$seen")" "(0, 0)"
equal "it joined by way of the third" "$(fob d code shop --at 59)" "$right"
check "the first knows it" wait_for 10 sh -c \
	"'$FOB_BUILD/fob' --socket '$work/a/sock' devices | grep -q tablet"
start_daemon e
seen=$(python3 "$here/meet.py" "$work/a/sock" "$work/e/sock" "$here_a" \
	stranger n)
equal "a no is a no" \
	"$(json '(d["host_status"], d["guest_status"])' <<<"$seen")" "(7, 7)"
equal "and no device" "$(fob a devices --json |
	json '"stranger" in [x["name"] for x in d]')" False

# --- a keeper ---
start_daemon k --keeper
invite a --keeper
exits 0 "a keeper joins" fob k join "$code" --at "$here_a" --name box
invited 0 "the invite ends well"
equal "it says so" "$(fob k status --json |
	json '(d["state"], d["device"]["role"])')" "('keeper', 'keeper')"
exits 0 "it holds all" wait_for 10 sh -c \
	"[ \"\$('$FOB_BUILD/fob' --socket '$work/k/sock' status --json |
		grep -o '\"root\":\"[0-9a-f]*')\" = \"\$('$FOB_BUILD/fob' \
		--socket '$work/a/sock' status --json |
		grep -o '\"root\":\"[0-9a-f]*')\" ]"
fob k code shop >/dev/null 2>&1
matches "and reads nothing" $? '^[57]$'
fob a add --issuer Kept --account me --secret-stdin --wait-copies 4 \
	--timeout 2 <<<JBSWY3DPEHPK3PXP >/dev/null 2>&1
equal "a keeper is no copy" $? 8
fob a add --issuer Kept --account too --secret-stdin --wait-copies 4 \
	--count-keepers <<<JBSWY3DPEHPK3PXQ >/dev/null
equal "unless it is asked for" $? 0
for name in b c d e k; do
	stop_daemon $name
done

# --- cut in the middle ---
check "joins that are cut" python3 "$here/cut.py" "$work" "$here_a" 8
finish
