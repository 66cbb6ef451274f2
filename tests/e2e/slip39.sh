#!/bin/bash
# Shares of the recovery kit with real daemons: split, prove, recover; those
# that are too few, wrong or of another kit; a page to print; and the shares
# of the npm package slip39, both ways. The last needs node, npm and network.
. "$(dirname "$0")/lib.sh"

# refused STATUS PATTERN LABEL COMMAND...: with the words on standard input.
refused() {
	local status=$1 pattern=$2 label=$3 output got
	shift 3
	output=$("$@" 2>&1)
	got=$?
	if [ "$got" = "$status" ] && [[ $output =~ $pattern ]]; then
		ok "$label"
	else
		bad "$label" "status $got, not $status" "$output"
	fi
}

start_daemon a
fob a init --name 'lap<top>' --kit "$work/kit" >/dev/null 2>&1
start_daemon o
fob o init --name other --kit "$work/other" >/dev/null 2>&1

# --- splitting ---
check "the kit is split" bash -c \
	"'$FOB_BUILD/fob' --socket '$work/a/sock' kit split -k 2 -n 3 \
		<'$work/kit' >'$work/shares' 2>/dev/null"
equal "a share a line" "$(wc -lw <"$work/shares" | tr -s ' ')" " 3 99"
for pair in 1,2 1,3 2,3; do
	sed -n "${pair%,*}p;${pair#*,}p" "$work/shares" >"$work/two"
	check "shares $pair are the kit" fob a kit verify <"$work/two"
done
check "so are all three" fob a kit verify <"$work/shares"
tr '\n' ' ' <"$work/two" | fold -s -w 70 >"$work/folded"
check "and two with their lines lost" fob a kit verify <"$work/folded"
head -n 1 "$work/shares" >"$work/one"
refused 7 '1 of 2 shares: 1 more is needed' "one is too few" \
	fob a kit verify <"$work/one"
refused 7 '1 of 2 shares: 1 more is needed' "one given twice is one" \
	fob a kit verify < <(cat "$work/one" "$work/one")
fob o kit split -k 2 -n 2 <"$work/other" >"$work/foreign" 2>/dev/null
refused 7 'share 2 is of another kit' "shares of two kits" \
	fob a kit verify < <(cat "$work/one" "$work/foreign")
refused 7 'these shares are of another kit' "shares of another kit" \
	fob a kit verify <"$work/foreign"
refused 7 'share 2: word 3 is not in the list: hors' "a word that is none" \
	fob a kit verify < <(sed '2s/[a-z]*/hors/3' "$work/shares")
refused 7 'share 1 is none' "two words swapped" \
	fob a kit verify < <(sed -E '1s/^(([a-z]+ ){5})([a-z]+) ([a-z]+)/\1\4 \3/' \
		"$work/two")
refused 7 'share 1 has 32 words' "a share without its last word" \
	fob a kit verify < <(sed -E '1s/ [a-z]+$//' "$work/two")
refused 7 'do not open this vault' "other words are not split" \
	fob a kit split -k 2 -n 3 <"$work/other"
refused 2 'at least 2' "one of three is no splitting" \
	fob a kit split -k 1 -n 3 <"$work/kit"
refused 2 'at most' "four of three" fob a kit split -k 4 -n 3 <"$work/kit"
equal "as JSON" "$(fob a kit split -q -k 3 -n 5 --json <"$work/kit" |
	json '(d["threshold"], len(d["shares"]))')" "(3, 5)"

# --- recovery ---
fob a add --issuer Shop --account me --secret-stdin \
	<<<GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ >/dev/null
fob a snapshot -o "$work/snap" 2>/dev/null
start_daemon r
refused 7 '1 of 2 shares' "not with one" fob r recover --from "$work/snap" \
	<"$work/one"
refused 7 'made for another kit' "nor with those of another kit" \
	fob r recover --from "$work/snap" <"$work/foreign"
check "a vault comes back with two shares" fob r recover -y \
	--from "$work/snap" --name new <"$work/two"
equal "and its accounts" "$(fob r list --json | json 'd[0]["issuer"]')" Shop

# --- the page ---
start_daemon nas --keeper
: >"$work/code"
fob a invite --keeper -y >"$work/code" 2>/dev/null &
waiter=$!
wait_for 10 test -s "$work/code"
check "a keeper joins" bare nas join "$(head -n 1 "$work/code")" --keeper \
	--name nas --at "$(address_of a)"
wait "$waiter"
fob a peer add nas "$(address_of nas)" 2>/dev/null
check "a page" fob a kit sheet -o "$work/page.svg" <"$work/kit"
equal "is its owner's" "$(stat -c %a "$work/page.svg")" 600
check "has every word, and names as text" python3 - "$work" \
	"$(address_of nas)" <<'EOP'
import sys
import xml.etree.ElementTree as tree
work = sys.argv[1]
root = tree.parse(work + "/page.svg").getroot()
texts = ["".join(t.itertext()) for t in root.iter()
         if t.tag.endswith("}text")]
words = open(work + "/kit").read().split()
assert [t for t in texts if t in words][:24] and \
    all(w in texts for w in words), texts
assert "lap<top>" in texts, texts
assert "nas (keeper)" in texts and sys.argv[2] in texts, texts
EOP
if command -v rsvg-convert >/dev/null && command -v zbarimg >/dev/null; then
	rsvg-convert -d 150 -p 150 -o "$work/page.png" "$work/page.svg"
	equal "and a QR code of the words" \
		"$(zbarimg -q --raw "$work/page.png" 2>/dev/null)" "$(cat "$work/kit")"
fi
before=$(sha256sum "$work/page.svg")
refused 9 'is there already' "it is not written over" \
	fob a kit sheet -o "$work/page.svg" <"$work/kit"
equal "and stays as it was" "$(sha256sum "$work/page.svg")" "$before"
check "but with --force" fob a kit sheet --force -o "$work/page.svg" \
	<"$work/two"
refused 7 'do not open this vault' "no page of other words" \
	fob a kit sheet -o "$work/no.svg" <"$work/other"
exits 1 "and no file" test -e "$work/no.svg"

# --- the other implementation ---
if ! command -v node >/dev/null || ! command -v npm >/dev/null ||
	! (cd "$work" && timeout 60 npm install --silent --no-audit \
		--no-fund --prefix "$work/npm" slip39@0.1.9) >/dev/null 2>&1; then
	echo "$checks checks, $failures failed"
	[ "$failures" -eq 0 ] || exit 1
	echo "node, npm or the package slip39 cannot be had: not compared"
	exit 77
fi
seed=$(python3 - "$work/kit" <<'EOP'
import re
import sys
source = open("client/kit/bip39_words.c").read()
words = re.findall(r'"([a-z]+)"', source[source.index("{"):])
bits = 0
for word in open(sys.argv[1]).read().split():
    bits = bits << 11 | words.index(word)
print("%064x" % (bits >> 8))
EOP
)
cat >"$work/npm/open.js" <<'EOP'
const slip39 = require('slip39');
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
console.log(Buffer.from(slip39.recoverSecret(lines, '')).toString('hex'));
EOP
cat >"$work/npm/split.js" <<'EOP'
const slip39 = require('slip39');
const [seed, k, n, exponent, extendable] = process.argv.slice(2);
const secret = Array.from(Buffer.from(seed, 'hex'));
const made = slip39.fromArray(secret, {
	passphrase: '', threshold: 1, groups: [[+k, +n, 'kit']],
	iterationExponent: +exponent, extendableBackupFlag: +extendable });
console.log(made.fromPath('r/0').mnemonics.slice(0, +k).join('\n'));
EOP
fob a kit split -k 3 -n 5 <"$work/kit" 2>/dev/null | tail -n 3 >"$work/three"
equal "the other one opens our shares" \
	"$(node "$work/npm/open.js" <"$work/three")" "$seed"
node "$work/npm/split.js" "$seed" 3 5 1 1 >"$work/theirs"
check "its shares open the vault" fob a kit verify <"$work/theirs"
node "$work/npm/split.js" "$seed" 2 3 0 0 >"$work/theirs"
check "and those of the older kind" fob a kit verify <"$work/theirs"
finish
