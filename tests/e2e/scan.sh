#!/bin/bash
# Pictures of QR codes: fob scan, fob add --qr, fob import. zbarimg, which is
# not ours, has to read the same out of them.
. "$(dirname "$0")/lib.sh"

uri='otpauth://totp/GitHub:ada?secret=JBSWY3DPEHPK3PXP&issuer=GitHub'
other='otpauth://totp/Shop:eve?secret=GEZDGNBVGY3TQOJQ&issuer=Shop'

# code FILE TEXT: the rows of its QR code.
code() {
	printf '%s' "$2" | "$FOB_BUILD/fob-qr" --rows >"$work/$1"
}
scan() {
	bare a scan "$work/$1"
}
# peer FILE: what zbarimg reads, without telling the bus.
peer() {
	zbarimg --nodbus -q --raw -Sdisable -Sqrcode.enable "$work/$1" 2>&1 |
		grep -v '^$' | sort
}

code one "$uri"
code two "$other"
code wifi $'WIFI:S:caf\e[31m;\nP:otpauth://x;'
mapfile -t export < <(python3 "$here/migration.py")
code half1 "${export[0]}"
code half2 "${export[1]}"
(cd "$work" && python3 "$here/pictures.py") <<'PLAN'
grey.png --kind grey one two
palette.png --kind palette one two
bits.png --kind bits one two
rgb.png --kind rgb one two
clear.png --kind clear one two
deep.png --kind deep one two
laced.png --kind laced one two
inverted.png --invert one
ghost.png --kind ghost --invert one
tiny.png --module 1 one
corner.png --size 3840x2160 --at 3500,1880 --module 5 one
grey.pgm --kind pgm one two
wifi.png wifi
blank.png --size 300x200
half1.png half1
half2.png half2
both.png --module 3 half1 half2
PLAN

# --- kinds of pictures ---
for kind in grey palette bits rgb clear deep laced; do
	got=$(scan $kind.png)
	equal "two codes, PNG, $kind" "$got" "$uri"$'\n'"$other"
	if [ $kind != clear ] && command -v zbarimg >/dev/null; then
		equal "zbarimg agrees" "$(sort <<<"$got")" "$(peer $kind.png)"
	fi
done
equal "light on dark" "$(scan inverted.png)" "$uri"
equal "light on nothing" "$(scan ghost.png)" "$uri"
equal "modules of one pixel" "$(scan tiny.png)" "$uri"
equal "a corner of a large screenshot" "$(scan corner.png)" "$uri"
if command -v cjpeg >/dev/null; then
	cjpeg "$work/grey.pgm" >"$work/plain.jpg"
	cjpeg -progressive -quality 60 "$work/grey.pgm" >"$work/steps.jpg"
	equal "JPEG" "$(scan plain.jpg)" "$uri"$'\n'"$other"
	equal "progressive" "$(bare a scan - <"$work/steps.jpg")" \
		"$uri"$'\n'"$other"
fi

# --- what it says ---
equal "JSON" "$(bare a scan "$work/tiny.png" --json)" "[{\"text\":\"$uri\"}]"
equal "what a terminal would obey is escaped, in one line" \
	"$(scan wifi.png)" 'WIFI:S:caf\u{1b}[31m;\u{a}P:otpauth://x;'

# --- faults ---
head -c 300 "$work/grey.png" >"$work/cut.png"
exits 1 "cut off" scan cut.png
: >"$work/empty.png"
exits 1 "empty" scan empty.png
exits 1 "no picture" scan one
exits 1 "no file" scan none.png
exits 3 "no code" scan blank.png
printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0\x08\0\0\0\0' \
	>"$work/bomb.png"
matches "a bomb" "$(scan bomb.png 2>&1)" 'too many pixels'

# --- accounts ---
start_daemon a
fob a init >/dev/null
check "one is added" fob a add --qr "$work/inverted.png" --tag web
matches "as it says, with options on top" "$(fob a list --json)" \
	'"issuer":"GitHub","account":"ada".*"tags":\["web"\]'
exits 9 "not twice" fob a add --qr "$work/tiny.png"
exits 4 "of two, none" fob a add --qr "$work/grey.png"
matches "they are named" "$(fob a add --qr "$work/grey.png" 2>&1)" \
	'GitHub/ada.*Shop/eve.*fob import'
exits 3 "no account in it" fob a add --qr "$work/wifi.png"
exits 3 "no code in it" fob a add --qr "$work/blank.png"
exits 2 "a picture and a URI" fob a add "$uri" --qr "$work/tiny.png"

matches "Google's export is for fob import" \
	"$(fob a add --qr "$work/both.png" 2>&1)" 'fob import'
matches "one picture of two" \
	"$(fob a import --dry-run "$work/half1.png" --json)" \
	'"google","found":1,.*"warnings":\["QR code 1 of 2 is missing"\]'
matches "both, in any order" \
	"$(fob a import "$work/half1.png" "$work/half2.png" --json)" \
	'"added":2,.*"warnings":\[\]'
equal "its codes" "$(fob a code 'Example:alice' --at 59)" 287082
matches "both in one picture, from a pipe" \
	"$(fob a import - --json < <(cat "$work/both.png"))" '"found":2,"added":0'
matches "a code beside that is no account" \
	"$(fob a import "$work/palette.png" "$work/wifi.png" --json)" \
	'"format":"uri","found":3,"added":1,'
exits 2 "another file among pictures" \
	fob a import "$work/half1.png" "$work/one"
exits 3 "no code at all" fob a import "$work/blank.png"
exits 1 "a picture that is cut off" fob a import "$work/cut.png"

# --- the pictures of other programs ---
if [ -d "${FOB_FIXTURES-}" ] && command -v zbarimg >/dev/null; then
	while IFS= read -r file; do
		cp "$file" "$work/theirs"
		equal "as zbarimg: ${file##*/}" "$(scan theirs 2>/dev/null |
			sort)" "$(peer theirs)"
	done < <(find "$FOB_FIXTURES/" -name '*.png' -o -name '*.jp*g')
fi
finish
