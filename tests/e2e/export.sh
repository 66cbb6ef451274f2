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
A"<&, å/%b GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ totp SHA1 8 30
Bank/h GEZDGNBVGY3TQOJQ hotp SHA1 6 5
GitHub/me@example.com JBSWY3DPEHPK3PXP totp SHA1 6 30
Slow/s ONSWG4TFORZWKY3SMV2HGZLD totp SHA256 6 60
Steam/gamer MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U steam SHA1 5 30
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
equal "each format is listed" "$(fob a export --formats | wc -l)" 14

# --- KeePassXC itself ---
keepass() {
	echo pw | HOME=$work/home QT_QPA_PLATFORM=offscreen \
		keepassxc-cli "$@" 2>/dev/null
}
keepass_code() {
	local before after theirs
	before=$(fob a code Slow)
	theirs=$(keepass show -q --totp "$work/kdbx" Slow)
	after=$(fob a code Slow)
	[ "$before" = "$theirs" ] || [ "$after" = "$theirs" ]
}
if command -v keepassxc-cli >/dev/null; then
	rm -f "$work/out"
	mkdir "$work/home"
	fob a export --format keepassxc-xml -o "$work/out" 2>/dev/null
	printf 'pw\npw\n' | HOME=$work/home QT_QPA_PLATFORM=offscreen \
		keepassxc-cli import -q -p "$work/out" "$work/kdbx" \
		>/dev/null 2>&1
	keepass export -q -f csv "$work/kdbx" >"$work/kdbx.csv"
	equal "KeePassXC opens its XML" "$("$python" "$here/opened.py" \
		keepassxc-csv "$work/kdbx.csv" '')" "$(wanted ^Bank)"
	check "and makes the same codes" keepass_code
	keepass export -q -f xml "$work/kdbx" >"$work/kdbx.xml"
	for form in xml csv; do
		equal "its own $form comes in" "$(fob b import --dry-run --json \
			"$work/kdbx.$form" | json '(d["format"], d["added"],
			d["skipped"])')" "('keepassxc-$form', 4, [])"
	done
	rm -r "${work:?}/home" "$work"/kdbx*
else
	echo "keepassxc-cli is missing: its XML is opened by python alone"
fi

# --- random accounts, by other readers, each field: but for what was told ---
start_daemon c
fob c init >/dev/null
"$python" "$here/outside.py" make "$work/worst"
fob c import "$work/worst" >/dev/null 2>&1
mkdir "$work/outside" "$work/pages"
formats=(aegis 2fas bitwarden ente stratum proton uri google freeotp-plus
	keepassxc-csv keepassxc-xml html)
for format in "${formats[@]}"; do
	fob c export -q --json --plain --format "$format" \
		-o "$work/outside/$format" >"$work/outside/$format.told"
done
if command -v keepassxc-cli >/dev/null; then
	mkdir "$work/home"
	printf 'pw\npw\n' | HOME=$work/home QT_QPA_PLATFORM=offscreen \
		keepassxc-cli import -q -p "$work/outside/keepassxc-xml" \
		"$work/kdbx" >/dev/null 2>&1
	keepass export -q -f csv "$work/kdbx" >"$work/outside/keepassxc"
	cp "$work/outside/keepassxc-xml.told" "$work/outside/keepassxc.told"
	formats+=(keepassxc)
	rm -r "${work:?}/home" "$work/kdbx"
fi
python3 "$here/raster.py" html "$work/outside/html" "$work/pages"
zbarimg --nodbus -q --raw -Sdisable -Sqrcode.enable "$work"/pages/*.pgm \
	2>/dev/null | grep -v '^$' >"$work/outside/html"
check "random accounts: all of each, but for what was told" \
	"$python" "$here/outside.py" seen "$work/outside" "${formats[@]}"
stop_daemon c

# --- on paper: what a camera sees is the list of URIs ---
uris=$(fob a export --format uri 2>/dev/null | sort)
camera() {
	zbarimg -q --raw "$@" 2>/dev/null | sort
}
mkdir "$work/html" "$work/pdf" "$work/png" "$work/folder"
for format in html pdf png; do
	check "$format: is written" fob a export --format $format \
		-o "$work/$format/x.$format"
done
python3 "$here/raster.py" html "$work/html/x.html" "$work/html"
equal "html: a camera reads it" "$(camera "$work"/html/*.pgm)" "$uris"
equal "png: a file for each, by its number" \
	"$(cd "$work/png" && echo *)" "x-1.png x-2.png x-3.png x-4.png x-5.png"
equal "png: a camera reads them" "$(camera "$work"/png/*)" "$uris"
if command -v pdftoppm >/dev/null; then
	pdftoppm -r 110 -gray "$work/pdf/x.pdf" "$work/pdf/page"
	equal "pdf: a camera reads it" "$(camera "$work"/pdf/*.pgm)" "$uris"
	matches "pdf: and people do" "$(pdftotext -layout "$work/pdf/x.pdf" -)" \
		'Slow.*ONSW G4TF ORZW KY3S MV2H GZLD.*SHA256, 6 digits, every 60 s'
else
	echo "pdftoppm (poppler-utils) is missing: the PDF is not looked at"
fi
equal "all by their owner alone" \
	"$(stat -c %a "$work"/html/x.html "$work"/pdf/x.pdf "$work"/png/* |
		sort -u)" 600
check "png: one account" fob a export --format png -o "$work/one.png" GitHub
equal "png: is one file" "$(camera "$work/one.png")" "$(grep GitHub <<<"$uris")"
check "png: into a folder" fob a export --format png -o "$work/folder"
equal "png: as many" "$(camera "$work"/folder/fob-*.png)" "$uris"
rm "$work/folder/fob-"[1-3].png
exits 9 "png: one is there" fob a export --format png -o "$work/folder"
equal "png: then none is written" "$(cd "$work/folder" && echo *)" \
	"fob-4.png fob-5.png"
check "png: but with --force" fob a export --format png -o "$work/folder" \
	--force
equal "png: all are" "$(camera "$work"/folder/*)" "$uris"
exits 2 "png: several to standard output" fob a export --format png
full_png() (
	ulimit -f 2
	trap '' XFSZ
	fob a export --format png -o "$work/full.png"
)
exits 1 "png: no room" full_png
equal "png: and none is left" "$(find "$work" -name 'full*')" ""

# --- Google's series, on a terminal ---
for i in {B..M}; do
	echo "otpauth://totp/S$i:me?secret=GEZDGNBVGY3TQOJ$i&issuer=S$i"
done >"$work/many"
fob b import "$work/many" >/dev/null
series() {
	python3 "$here/series.py" "$1" "$work/screens" "$FOB_BUILD/fob" \
		--socket "$work/b/sock" --passphrase-file "$work/pass" \
		export --format google
}
mkdir "$work/screen"
equal "a series of pictures" "$(series ' pRq')" \
	"settings restored
screen back
status 0"
python3 "$here/raster.py" screen "$work/screens" "$work/screen"
fob b export --format google >"$work/lines" 2>/dev/null
for i in 0 1 2 3; do
	sed -n $((i % 2 + 1))p "$work/lines" | cut -c 1-60
done >"$work/wanted"
for i in 0 1 2 3; do
	camera "$work/screen/$i.pgm" | cut -c 1-60
done >"$work/got"
equal "a phone reads one after the other" "$(cat "$work/got")" \
	"$(cat "$work/wanted")"
matches "with how far it is" "$(cat "$work/screens")" '1 of 2.*2 of 2'
equal "killed, it leaves the terminal as it was" "$(series ' K')" \
	"settings restored
screen back
status -15"

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

# --- the vault takes note ---
fields=$(fob a show Bank --json | json \
	'" ".join(sorted(k for k in d["fields"] if k.startswith("exported/")))')
equal "of each format that an account went to, once" "$fields" \
	"exported/2fas exported/aegis exported/ente exported/freeotp-plus \
exported/google exported/html exported/pdf exported/png exported/stratum \
exported/uri"
matches "with the time" "$(fob a show Bank --field exported/aegis)" \
	'^20[0-9-]+T[0-9:]+Z$'
finding() {
	fob a doctor --json | json '[(f["severity"], f["message"][:31])
		for f in d if f["check"] == "exported"]'
}
equal "the doctor counts them" "$(finding)" \
	"[('info', '5 of 5 accounts were exported, ')]"

# --- what can go wrong ---
echo precious >"$work/precious"
exits 9 "a file that is there" fob a export --format uri -o "$work/precious"
equal "is left as it is" "$(cat "$work/precious")" precious
check "but for --force" fob a export --format uri -o "$work/precious" --force
equal "then it is replaced" "$(wc -l <"$work/precious")" 5
equal "by one of its owner alone" "$(stat -c %a "$work/precious")" 600
exits 2 "no format" fob a export -o "$work/x"
exits 2 "an unknown format" fob a export --format docx -o "$work/x"
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
# The size that a file may have ends it in the middle of its writing.
mkdir "$work/killed"
killed() (
	ulimit -c 0 -f 1
	setsid "$FOB_BUILD/fob" --socket "$work/a/sock" \
		--passphrase-file "$work/pass" export --format html \
		-o "$work/killed/y" Slow
)
exits 153 "killed while it writes" killed
equal "it leaves no part of a file" "$(ls -A "$work/killed")" ""
equal "and nothing was left anywhere" \
	"$(find "$work" -mindepth 1 \( -name 'x' -o -name '?*.??????' \) \
	-printf '%f ')" ""
fob a export --format aegis -o "$work/x" \
	--file-passphrase-file "$work/filepass" 2>/dev/null
exits 7 "only with its password it opens" fob b import "$work/x" \
	--file-passphrase-file "$work/wrong"
finish
