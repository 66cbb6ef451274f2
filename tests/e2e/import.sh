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
finish
