#!/bin/bash
# Exports to every format: each file is opened by a program that is not ours,
# and imported again into another vault. Then what can go wrong.
. "$(dirname "$0")/lib.sh"

python=
for candidate in python3 /usr/bin/python3; do
	if "$candidate" -c 'import nacl, cryptography' 2>/dev/null; then
		python=$candidate
		break
	fi
done
if [ -z "$python" ]; then
	echo "python3-cryptography or python3-nacl is missing: skipped"
	exit 77
fi

start_daemon a
start_daemon b
fob a init >/dev/null
fob b init >/dev/null
cat >"$work/list" <<'EOF2'
otpauth://totp/GitHub:me%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=GitHub
otpauth://totp/A%22%3C%26%2C%20%C3%A5:%25b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A%22%3C%26%2C%20%C3%A5&digits=8
otpauth://hotp/Bank:h?secret=GEZDGNBVGY3TQOJQ&issuer=Bank&counter=5
otpauth://steam/Steam:gamer?secret=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U&issuer=Steam
otpauth://totp/Slow:s?secret=ONSWG4TFORZWKY3SMV2HGZLD&issuer=Slow&period=60&algorithm=SHA256
EOF2
fob a import "$work/list" >/dev/null
fob a edit GitHub --note "a note" --tag +web >/dev/null
printf 'file "password"\n' >"$work/filepass"
printf 'another\n' >"$work/wrong"
chmod 600 "$work/filepass" "$work/wrong"

# wanted [PATTERN]: the accounts that do not match it, as opened.py shows them.
wanted() {
	cat <<'EOF2' | grep -vE "${1:-^$}"
A"<&, å/%b GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
Bank/h GEZDGNBVGY3TQOJQ
GitHub/me@example.com JBSWY3DPEHPK3PXP
Slow/s ONSWG4TFORZWKY3SMV2HGZLD
Steam/gamer MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U
EOF2
}

# check_export FORMAT PASSWORD LEFT-OUT [OPTION...]
check_export() {
	local format=$1 password=$2 pattern=$3 file=$work/out
	shift 3
	rm -f "$file"
	check "$format $*: is written" fob a export --format "$format" \
		-o "$file" "$@"
	equal "$format $*: by its owner alone" "$(stat -c %a "$file")" 600
	equal "$format $*: opens elsewhere" \
		"$("$python" "$here/opened.py" "$format" "$file" "$password")" \
		"$(wanted "$pattern")"
	fob b import "$file" --file-passphrase-file "$work/filepass" \
		--dry-run --json >"$work/again"
	equal "$format $*: comes in again" \
		"$(json 'd["added"], d["skipped"]' <"$work/again")" \
		"($(wanted "$pattern" | wc -l), [])"
}

secret='file "password"'
for format in aegis 2fas ente stratum; do
	check_export $format "$secret" '' --file-passphrase-file "$work/filepass"
	check_export $format '' '' --plain
done
for format in bitwarden proton; do
	check_export $format "$secret" ^Bank \
		--file-passphrase-file "$work/filepass"
	check_export $format '' ^Bank --plain
done
check_export uri '' ''
check_export freeotp-plus '' ''
check_export keepassxc-csv '' ^Bank
check_export keepassxc-xml '' ^Bank
check_export google '' '^(Steam|Slow)'
equal "each format is listed" "$(fob a export --formats | wc -l)" 11

# --- what is said ---
said=$(fob a export --format google 2>&1 >/dev/null)
matches "what is left out" "$said" 'left out: Steam/gamer: this kind of code'
matches "and what is lost" "$said" 'GitHub/me@example.com: without its note'
matches "that it is not encrypted" "$said" 'not encrypted'
report=$(fob a export --format google -o "$work/said" --json 2>/dev/null)
equal "in JSON" "$(json '(d["format"], d["exported"],
	sorted(e["name"] for e in d["left_out"]),
	[e["reason"] for e in d["lost"]])' <<<"$report")" \
	"('google', 3, ['Slow/s', 'Steam/gamer'], ['without its tags', 'without its note'])"
matches "one line in the log for each export" "$(fob a log)" \
	'entries were exported: 5'
equal "one entry" "$(fob a export --format uri GitHub 2>/dev/null | wc -l)" 1

# --- what can go wrong ---
echo precious >"$work/precious"
exits 9 "a file that is there" fob a export --format uri -o "$work/precious"
equal "is left as it is" "$(cat "$work/precious")" precious
check "but for --force" fob a export --format uri -o "$work/precious" --force
equal "then it is replaced" "$(wc -l <"$work/precious")" 5
equal "by one of its owner alone" "$(stat -c %a "$work/precious")" 600
exits 2 "no format" fob a export -o "$work/x"
exits 2 "an unknown format" fob a export --format html -o "$work/x"
exits 2 "a password for what is plain" fob a export --format uri \
	--file-passphrase-file "$work/filepass" -o "$work/x"
exits 5 "no password of the file" fob a export --format aegis -o "$work/x"
exits 3 "nothing matches" fob a export --format uri -o "$work/x" nobody
exits 1 "nothing has a place" fob a export --format google -o "$work/x" gamer
exits 1 "no such folder" fob a export --format uri -o "$work/none/x"
wrong() {
	setsid -w "$FOB_BUILD/fob" --socket "$work/a/sock" \
		--passphrase-file "$work/wrong" "$@"
}
exits 7 "a wrong passphrase of the vault" wrong export --format uri \
	-o "$work/x"
exits 5 "none at all" bare a export --format uri -o "$work/x"
full() (
	ulimit -f 0
	trap '' XFSZ
	fob a export --format uri -o "$work/x"
)
exits 1 "no room" full
equal "and nothing was left anywhere" \
	"$(find "$work" -mindepth 1 \( -name 'x' -o -name '*.??????' \) \
	-printf '%f ')" ""
fob a export --format aegis -o "$work/x" \
	--file-passphrase-file "$work/filepass" 2>/dev/null
exits 7 "only with its password it opens" fob b import "$work/x" \
	--file-passphrase-file "$work/wrong"
finish
