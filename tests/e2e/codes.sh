#!/bin/bash
# Codes: of single accounts with all options, and of 1,000 random accounts,
# equal to those of oathtool.
. "$(dirname "$0")/lib.sh"

rfc=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ # the secret of RFC 6238, appendix B
start_daemon a
fob a init >/dev/null
id=$(printf 'otpauth://totp/GitHub:ada?secret=%s&digits=8' "$rfc" |
	fob a add -)
matches "add prints the id" "$id" '^[0-9a-f]{32}$'
equal "RFC 6238, 59 s" "$(fob a code git --at 59)" 94287082
equal "RFC 6238, 1111111109 s" "$(fob a code git --at 1111111109)" 07081804
equal "the same as ISO 8601" "$(fob a code ada --at 2005-03-18T01:58:29Z)" \
	07081804
equal "without a zone: UTC" "$(fob a code ada --at '2005-03-18 01:58:29')" \
	07081804
equal "with a zone" "$(fob a code ada --at 2005-03-18T02:58:29+01:00)" \
	07081804
equal "RFC 6238, 20000000000 s" "$(fob a code ada --at 20000000000)" 65353130
equal "--next" "$(fob a code ada --at 1111111109 --next)" 14050471
equal "--pair" "$(fob a code ada --at 1111111109 --pair)" "07081804 14050471"
equal "--min-left, too little" \
	"$(fob a code ada --at 1111111109 --min-left 2)" 14050471
equal "--min-left, enough" \
	"$(fob a code ada --at 1111111109 --min-left 1)" 07081804
equal "by id" "$(fob a code "$id" --at 59)" 94287082
equal "by the first of the id" "$(fob a code "${id:0:8}" --at 59)" 94287082
equal "by issuer/account" "$(fob a code GitHub/ada --at 59)" 94287082
equal "by issuer:account" "$(fob a code GitHub:ada --at 59)" 94287082
equal "by words in any order" "$(fob a code 'ADA git' --at 59)" 94287082
exits 3 "nothing matches" fob a code nobody
exits 2 "no time" fob a code ada --at yesterday
exits 2 "--wait alone" fob a code ada --wait
equal "JSON" "$(fob a code ada --at 59 --json | json '(d[0]["code"],
	d[0]["next"], d[0]["valid_from"], d[0]["valid_to"], d[0]["period"],
	d[0]["id"])')" "('94287082', '37359152', '1970-01-01T00:00:30Z', \
'1970-01-01T00:01:00Z', 30, '$id')"

# --- waiting: a period of 2 s ---
printf 'otpauth://totp/fast?secret=%s&period=2' "$rfc" |
	fob a add - --force >/dev/null
code=$(fob a code fast --min-left 2 --wait)
now=$(date +%s)
wanted=$(oathtool --totp -b -s 2s -N "@$now" "$rfc")
before=$(oathtool --totp -b -s 2s -N "@$((now - 2))" "$rfc")
if [ "$code" = "$wanted" ] || [ "$code" = "$before" ]; then
	ok "--wait waits for the next step"
else
	bad "--wait waits for the next step" "$code, not $wanted or $before"
fi
fob a rm fast 2>/dev/null

# --- HOTP: RFC 4226, appendix D ---
printf '%s' "$rfc" | fob a add --issuer H --account counter --type hotp \
	--counter 0 --secret-stdin --force >/dev/null
equal "HOTP 0" "$(fob a code counter)" 755224
equal "HOTP 1" "$(fob a code counter)" 287082
equal "several match: HOTP stays" "$(fob a code --all | grep counter)" \
	"$(printf 'H\tcounter\t')"
equal "HOTP 2" "$(fob a code counter --json | json 'd[0]["code"]')" 359152
exits 2 "HOTP has no next" fob a code counter --pair
exits 4 "several in a script" fob a code
equal "the candidates are on stderr" \
	"$(fob a code 2>&1 >/dev/null </dev/null | grep -c ada)" 1
equal "--all" "$(fob a code --all --at 59 | cut -f1-3 | head -n 1)" \
	"$(printf 'GitHub\tada\t94287082')"

# --- at a terminal: a table ---
matches "a table at a terminal" "$(typing a -- code --at 59)" 'CODE.*94287082'
equal "the bare code at a terminal" "$(typing a -- code ada --at 59)" 94287082

# --- 1,000 random accounts against oathtool ---
if ! command -v oathtool >/dev/null; then
	echo "oathtool is not installed: not compared"
	finish
fi
python3 "$here/accounts.py" 1000 42 >"$work/accounts.tsv"
cut -f6 "$work/accounts.tsv" >"$work/uris"
report=$(fob a import "$work/uris" --json)
equal "1,000 accounts go in" "$(json 'd["added"]' <<<"$report")" 1000
for at in 59 1234567890 1700000003 20000000000; do
	fob a code --all --at "$at" --json >"$work/codes.json"
	compared=$(python3 "$here/compare.py" "$work/accounts.tsv" \
		"$work/codes.json" "$at" 2>&1)
	equal "equal to oathtool at $at" "$compared" "1000 equal"
done
finish
