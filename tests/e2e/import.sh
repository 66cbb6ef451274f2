#!/bin/bash
# Importing lists of URIs and Google's exports: what goes in, what does not.
. "$(dirname "$0")/lib.sh"

start_daemon a
fob a init >/dev/null
cat >"$work/list" <<'EOF'
# a list with faults
otpauth://totp/One:a?secret=JBSWY3DPEHPK3PXP&issuer=One

not a URI
otpauth://totp/Two:b?secret=&issuer=Two
otpauth://totp/Three:c?secret=GEZDGNBVGY3TQOJQ&period=0
otpauth://hotp/Four:d?secret=GEZDGNBVGY3TQOJQ&counter=3
otpauth://totp/Five:e?secret=JBSWY3DPEHPK3PXP
otpauth://totp/Six:f?secret=GEZDGNBVGY3TQOJQGEZA&digits=11
EOF
report=$(fob a import "$work/list" --dry-run --json)
equal "a dry run counts" "$(json '(d["format"], d["found"], d["added"])' \
	<<<"$report")" "('uri', 7, 2)"
equal "and adds nothing" "$(fob a list --json)" "[]"
equal "or shows each account" "$(fob a import "$work/list" --dry-run \
	2>/dev/null | cut -f 1,2 | sort | tr '\t\n' ' ,')" \
	"$(printf 'add %s,' Four/d One/a)$(printf 'skip %s,' '' Five/e Six:f \
	Three:c Two:b)"
matches "a duplicate with what it is of" "$(fob a import "$work/list" \
	--dry-run 2>/dev/null | grep Five)" 'duplicate of One/a$'
cat >"$work/icon" <<'EOF'
{"version":1,"header":{"slots":null,"params":null},"db":{"version":3,"groups":
[],"entries":[{"type":"totp","issuer":"Icon","name":"i","icon":"iVBORw0KGgo=",
"info":{"secret":"MFRGG2LDN5XA","algo":"SHA1","digits":6,"period":30}}]}}
EOF
equal "and what of one gets lost" "$(fob a import "$work/icon" --dry-run \
	2>/dev/null | sort | tr '\t\n' ' ,')" \
	"add Icon/i ,lost Icon/i without its icon, which is a picture,"
report=$(fob a import "$work/list" --tag web --tag old --json)
equal "the good ones go in" "$(json '(d["found"], d["added"],
	len(d["skipped"]))' <<<"$report")" "(7, 2, 5)"
equal "the bad ones have positions" "$(json 'sorted(s["position"]
	for s in d["skipped"] if "position" in s)' <<<"$report")" \
	"[4, 5, 6, 9]"
equal "they have the tags" "$(fob a list --json | json 'sorted(
	tuple(sorted(e["tags"])) for e in d)')" \
	"[('old', 'web'), ('old', 'web')]"
report=$(fob a import - --json <"$work/list")
equal "again: all are duplicates" "$(json 'd["added"]' <<<"$report")" 0
matches "in words" "$(fob a import "$work/list" 2>/dev/null)" \
	'^7 found, 0 added, 7 skipped$'
matches "with the line on stderr" "$(fob a import "$work/list" 2>&1)" \
	'(^|
)4: '

exits 1 "what is no file of any application" fob a import - </dev/null
exits 1 "no such file" fob a import "$work/none"
exits 2 "no file at all" fob a import
matches "the formats" "$(fob a import --formats | tr '\n' ' ')" 'google.*uri'

# --- Google: the account of the format's description ---
google='otpauth-migration://offline?data=CjEKCkhello'
exits 1 "a damaged export" fob a import - < <(echo "$google")
python3 "$here/migration.py" >"$work/google"
report=$(fob a import "$work/google" --json)
equal "Google's export" "$(json '(d["format"], d["added"])' \
	<<<"$report")" "('google', 2)"
equal "its codes" "$(fob a code 'Example:alice' --at 59)" 287082
head -n 1 "$work/google" >"$work/half"
matches "one picture of two is missing" \
	"$(fob a import "$work/half" --json)" '2'

# --- many ---
for i in $(seq 300); do
	printf 'otpauth://totp/Many:m%s?secret=%s\n' "$i" \
		"$(printf 'secret number %s' "$i" | base32 | tr -d =)"
done >"$work/many"
report=$(fob a import "$work/many" --json)
equal "300 in batches" "$(json 'd["added"]' <<<"$report")" 300
equal "all are listed" "$(fob a list Many --json | json 'len(d)')" 300

# --- one that is cut can be repeated ---
thousands() {
	python3 - "$1" <<'EOF'
import base64, sys
for i in range(3000):
    secret = base64.b32encode(f"{sys.argv[1]} {i:06}".encode()).decode()
    print(f"otpauth://totp/{sys.argv[1]}:c{i}?secret={secret.rstrip('=')}")
EOF
}
count() {
	fob a list "$1" --json | json 'len(d)'
}
# begin ISSUER: imports 3,000, and returns as soon as the first of them are in.
begin() {
	local watcher
	thousands "$1" >"$work/$1"
	mkfifo "$work/$1-events"
	"$FOB_BUILD/fob" --socket "$work/a/sock" events >"$work/$1-events" &
	watcher=$!
	exec 9<"$work/$1-events"
	"$FOB_BUILD/fob" --socket "$work/a/sock" import "$work/$1" \
		>/dev/null 2>"$work/$1-said" &
	importing=$!
	read -r -t 20 -u 9
	kill -STOP $importing
	kill $watcher
	exec 9<&-
}

begin Cut
kill -KILL $importing
wait $importing 2>/dev/null
cut=$(count Cut)
check "the client is killed in its middle" test "$cut" -gt 0 -a "$cut" -lt 3000
said=$(typing a -- import "$work/Cut" |
	grep -o '\[#* *\] [0-9]*/3000\|3000 found, .*')
matches "the rest goes in when it is repeated" "$said" \
	"3000 found, $((3000 - cut)) added"
matches "a bar shows how far it is" "$said" '\[#+ +\] [0-9]+/3000'
equal "and none twice" "$(count Cut)" 3000

begin Gone
stop_daemon a KILL
kill -CONT $importing
wait $importing
equal "the daemon is killed in its middle" $? 1
start_daemon a
fob a unlock >/dev/null
cut=$(count Gone)
check "some are in" test "$cut" -gt 0 -a "$cut" -lt 3000
matches "and what was in stays" "$(fob a import "$work/Gone" --json)" \
	"\"added\": *$((3000 - cut))"
equal "and none twice, again" "$(count Gone)" 3000

# --- files that mean harm ---
mkdir "$work/hostile"
printf 'a password\n' >"$work/filepass"
chmod 600 "$work/filepass"
before=$(fob a list --json | json 'len(d)')
expected=$(python3 "$here/hostile.py" "$work/hostile" "$FOB_BUILD/fob" \
	--socket "$work/a/sock" import --file-passphrase-file \
	"$work/filepass" 2>"$work/harm")
equal "each is refused with a reason" "$(cat "$work/harm")" ""
equal "the good records of them are in" \
	"$(($(fob a list --json | json 'len(d)') - before))" "$expected"

# --- a PIN that the file lacks ---
echo 'motp://Pin:p?secret=7ac61d4736f51a2b' >"$work/motp"
matches "a PIN is asked for" "$(typing a 'PIN of Pin/p' 5555 -- import \
	"$work/motp")" '1 added'
equal "and makes the codes" "$(fob a code Pin --at 0)" c42a26
finish
