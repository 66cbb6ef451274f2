#!/bin/bash
# What may go wrong, found and mended; groups with chosen readers; backup codes.
. "$(dirname "$0")/lib.sh"

secret_a=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
secret_b=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
secret_c=MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK

add() {
	local name=$1 issuer=$2
	shift 2
	fob "$name" add --issuer "$issuer" --account me --secret-stdin "$@"
}

# found NAME CHECK: severities of the findings of that check.
found() {
	fob "$1" doctor --json |
		json "' '.join(x['severity'] for x in d if x['check'] == '$2')"
}

is_found() {
	[ "$(found "$1" "$2")" = "$3" ]
}

start_daemon a
words=$(fob a init --name a --json | json 'd["words"]')
add a Bank <<<$secret_a >/dev/null

# --- alone
exits 10 "one device needs attention" fob a doctor
equal "it is the only one" "$(found a copies)" bad
equal "worst first" "$(fob a doctor --json | json \
	"[x['severity'] for x in d] == sorted((x['severity'] for x in d),
		key=['bad', 'warn', 'info'].index)")" True
equal "each says what mends it" "$(fob a doctor --json |
	json "all(x['fix'] and x['message'] for x in d)")" True
equal "the kit is not proven" "$(found a kit)" warn
fob a kit verify <<<"$words" >/dev/null 2>&1
equal "now it is" "$(found a kit)" ""
equal "no snapshot" "$(found a snapshot)" warn
fob a snapshot -o "$work/snapshot" >/dev/null 2>&1
equal "now there is" "$(found a snapshot)" ""

# --- with others
for name in b c; do
	start_daemon $name
	check "$name joins" pair a $name
done
fob a sync --wait
check "nothing on one device only" wait_for 20 is_found a copies ""

# --- backup codes
equal "no codes yet" "$(found a backup-codes)" info
printf '%s\n' 1111-aaaa ' 2222-bbbb ' '' 1111-aaaa |
	fob a backup-codes bank add - 2>/dev/null
equal "two are in" "$(fob a backup-codes bank list --json | json \
	"[(x['code'], x['used']) for x in d]")" \
	"[('(hidden)', False), ('(hidden)', False)]"
exits 5 "seeing them asks for the passphrase" bare a backup-codes bank --reveal
equal "that is well" "$(found a backup-codes)" ""
first=$(fob a backup-codes bank use)
matches "one is used" "$first" '^(1111-aaaa|2222-bbbb)$'
has_used() {
	[ "$(fob b backup-codes bank --json |
		json "sum(x['used'] for x in d)")" = "$1" ]
}
check "b knows" wait_for 10 has_used 1
second=$(fob b backup-codes bank use)
check "each once" test "$first" != "$second"
exits 3 "none is left" fob b backup-codes bank use
equal "all are used" "$(found b backup-codes)" warn
equal "what shows keeps them hidden" \
	"$(fob a show bank --json | grep -c 1111)" 0

# --- groups
exits 2 "a group has a name" fob a group create
exits 3 "of known devices" fob a group create root --device nobody
exits 0 "a group of a and b" fob a group create aws-root --device b
exits 9 "names are taken once" fob a group create AWS-root --device c
exits 3 "no such group" fob a edit bank --group nobody
add a AWS --group aws-root <<<$secret_b >/dev/null
check "b reads it" wait_for 20 fob b code aws
equal "b knows its name" "$(fob b list aws --json | json 'd[0]["group"]')" \
	aws-root
check "c holds all that a does" fob c sync --wait
equal "c has it all" "$(fob c status --json | json 'd["items"]')" \
	"$(fob a status --json | json 'd["items"]')"
exits 3 "c reads nothing of it" fob c code aws
equal "nor its name" "$(fob c group --json | grep -c aws)" 0
exits 3 "nor writes to it" fob c edit bank --group aws-root
equal "list by group" "$(fob b list --group aws-root --json | json 'len(d)')" 1
exits 0 "c is let in" fob b group grant aws-root c
check "c reads what was before" wait_for 20 fob c code aws
exits 0 "c is put out" fob a group deny aws-root c
add a Later --group aws-root <<<$secret_c >/dev/null
check "b reads on" wait_for 20 fob b code later
fob c sync --wait
exits 3 "c reads no more" fob c code later
exits 7 "nobody leaves main so" fob a group deny main c

# --- apart
add a Admin <<<ONSWG4TFOQZTENJXGQ3TQOJQGEZDGNBV >/dev/null
exits 0 "the rule" fob a apart aws admin
equal "a and b break it" "$(found a apart)" "bad bad"
exits 0 "a group of a alone" fob a group create admins
id=$(fob a edit admin --group admins --json | json 'd["id"]')
matches "a new entry there" "$id" '^[0-9a-f]{32}$'
exits 0 "the rule for it" fob a apart aws "$id"
equal "a alone breaks it" "$(found a apart)" bad
equal "so it is listed" "$(fob a apart --json |
	json "[x['both'] for x in d if x['b'].startswith('Admin')]")" "[['a']]"
exits 0 "taken back" fob a apart "$id" aws --remove
equal "no rule is broken" "$(found a apart)" ""

# --- resets in a circle
exits 0 "bank resets later" fob a edit bank --resets later
equal "that is fine" "$(found a resets)" ""
exits 0 "later resets bank" fob a edit later --resets bank
equal "now it is a circle" "$(found a resets)" "warn warn"
echo 3333-cccc | fob a backup-codes bank add - 2>/dev/null
equal "a code is a way out" "$(found a resets)" ""
exits 0 "contact details" fob a edit bank --contact-checked
finish
