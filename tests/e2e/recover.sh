#!/bin/bash
# The kit, snapshots and recovery: the fire, with one keeper and the words;
# with a snapshot and the words; with an old snapshot and a fresher keeper. A
# kit that is replaced, words that are wrong, files that are damaged.
. "$(dirname "$0")/lib.sh"

secret_a=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
secret_b=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
secret_c=MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK

code_of() {
	oathtool --totp -b -N @59 "$1"
}

# add NAME ISSUER SECRET
add() {
	fob "$1" add --issuer "$2" --account me --secret-stdin <<<"$3" \
		>/dev/null
}

# keeper NAME AT: that joins the vault of AT as a keeper.
keeper() {
	: >"$work/code"
	fob "$2" invite --keeper -y >"$work/code" 2>/dev/null &
	local waiter=$!
	wait_for 10 test -s "$work/code" || return 1
	bare "$1" join "$(head -n 1 "$work/code")" --keeper --name "$1" \
		--at "$(address_of "$2")" >/dev/null || return 1
	wait "$waiter"
}

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
fob a init --name laptop --kit "$work/kit" >/dev/null 2>&1
add a Shop $secret_a
start_daemon nas --keeper
check "a keeper joins" keeper nas a
nas=$(address_of nas)
start_daemon b
check "a phone joins" pair a b

# --- the drill ---
check "the words open the vault" fob a kit verify <"$work/kit"
refused 7 'word 3 is not in the list: hors' "a word that is not in the list" \
	fob a kit verify <<<"$(sed 's/[a-z]*/hors/3' "$work/kit")"
other="abandon abandon abandon abandon abandon abandon abandon abandon \
abandon abandon abandon abandon abandon abandon abandon abandon abandon \
abandon abandon abandon abandon abandon abandon art"
refused 7 'do not open this vault' "words of another vault" \
	fob a kit verify <<<"$other"
refused 7 'has 24' "too few words" fob a kit verify <<<"art art art"

# --- a snapshot ---
check "a snapshot" fob a snapshot -o "$work/old.snap"
equal "it is for its owner" "$(stat -c %a "$work/old.snap")" 600
check "it is whole from outside" fob a snapshot verify "$work/old.snap"
check "the words open it" fob a snapshot verify "$work/old.snap" --kit \
	<"$work/kit"
refused 7 'do not open it' "other words do not" \
	fob a snapshot verify "$work/old.snap" --kit <<<"$other"
size=$(stat -c %s "$work/old.snap")
head -c $((size - 1)) "$work/old.snap" >"$work/cut.snap"
refused 1 'cut short' "one that is cut short" \
	fob a snapshot verify "$work/cut.snap"
python3 - "$work/old.snap" "$work/bad.snap" <<'EOF'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1
open(sys.argv[2], "wb").write(data)
EOF
refused 1 'damaged or was altered' "one that is altered" \
	fob a snapshot verify "$work/bad.snap"
exits 1 "a file that is none" fob a snapshot verify "$work/kit"
bare nas snapshot -o "$work/keeper.snap"
check "a keeper makes one as well" fob a snapshot verify "$work/keeper.snap" \
	--kit <"$work/kit"

# --- by another implementation ---
python=
for candidate in python3 /usr/bin/python3; do
	if "$candidate" -c 'import cryptography, nacl' 2>/dev/null; then
		python=$candidate
		break
	fi
done
if [ "$python" ]; then
	check "another implementation opens the snapshot" \
		"$python" "$here/rescue.py" snapshot "$work/old.snap" "$work/kit"
	check "another implementation recovers" \
		"$python" "$here/rescue.py" line "$nas" "$work/kit"
	fob a lock
	check "from a locked device, too" \
		"$python" "$here/rescue.py" line "$(address_of a)" "$work/kit"
else
	echo "skipped: python3-cryptography and python3-nacl are not here"
fi

# --- after the snapshot ---
add a Later $secret_b
fob a sync --wait >/dev/null
fob b sync --wait >/dev/null
stop_daemon a KILL
stop_daemon b KILL

# --- bad ways ---
start_daemon r1
refused 7 'word 1 is not in the list' "recover: a misspelt word" \
	fob r1 recover --from "$nas" <<<"$(sed 's/^[a-z]*/x/' "$work/kit")"
refused 7 'does not answer these words' "recover: words of another vault" \
	fob r1 recover --from "$nas" <<<"$other"
refused 7 'made for another kit' "recover: a snapshot of another kit" \
	fob r1 recover --from "$work/old.snap" <<<"$other"
refused 1 'cut short' "recover: a file that is cut short" \
	fob r1 recover --from "$work/cut.snap" <"$work/kit"
refused 1 '"error":.*/cut.snap: [^"]*cut short; nothing was changed"' \
	"recover: which file that was, to a program" \
	fob r1 --json recover --from "$work/cut.snap" <"$work/kit"
refused 1 'altered' "recover: a file that is altered" \
	fob r1 recover --from "$work/bad.snap" <"$work/kit"
refused 8 'nobody answers' "recover: nobody there" \
	fob r1 recover --from 127.0.0.1:1 <"$work/kit"
refused 1 'No such file' "recover: no such file" \
	fob r1 recover --from "$work/nothing" <"$work/kit"
refused 1 'say its port: nas:47362' "recover: an address without a port" \
	fob r1 recover --from nas <"$work/kit"
refused 7 'two are swapped' "recover: two words swapped" fob r1 recover \
	--from "$nas" < <(sed -E 's/^([a-z]+) ([a-z]+)/\2 \1/' "$work/kit")
equal "nothing was changed" \
	"$(fob r1 status --json | json 'd["state"], d["items"]')" "('empty', 0)"

# --- what came, and no device yet ---
refused 3 'no device is called ghost' "recover: --keep of nobody" \
	fob r1 recover --from "$nas" --keep ghost <"$work/kit"
equal "what came is kept" \
	"$(fob r1 status --json | json 'd["state"], d["items"] > 5')" \
	"('recovering', True)"
refused 9 'fob recover goes on with it' "no vault is made over it" \
	fob r1 init
refused 9 'fob recover goes on with it' "none is joined over it" \
	fob r1 join 123456789 --at "$nas"
refused 1 'a recovery that was cut' "nor is it one" fob r1 list
refused 7 'began with other words' "other words do not go on with it" \
	fob r1 recover --from "$nas" <<<"$other"
check "it can be thrown away" fob r1 recover --forget
equal "and nothing is left of it" \
	"$(fob r1 status --json | json 'd["state"], d["items"]')" "('empty', 0)"
refused 7 'made for another kit' "then a wrong one again" \
	fob r1 recover --from "$work/old.snap" <<<"$other"

# --- the fire: a keeper and the words ---
fob r1 recover --from "$nas" --name new --json <"$work/kit" \
	>"$work/recovered" 2>"$work/notes"
equal "recover from a keeper" $? 0
cat "$work/notes"
matches "it says how old what it knows is" "$(tr '\n' ' ' <"$work/notes")" \
	'laptop \(device, [0-9a-f]+\): last heard of 20[0-9]{2}-'
equal "the readers are revoked, the keeper stays" \
	"$(json 'sorted(d["revoked"]), d["kept"]' <"$work/recovered")" \
	"(['b', 'laptop'], ['nas'])"
equal "the first code" "$(fob r1 code shop --at 59)" "$(code_of $secret_a)"
equal "the later code" "$(fob r1 code later --at 59)" "$(code_of $secret_b)"
equal "its rank is the highest" "$(fob r1 devices --json | json \
	'[x["rank"] for x in d if x["self"]][0]')" -1
check "it meets the keeper" fob r1 sync --wait --timeout 20
equal "the keeper knows" "$(bare nas devices --json | json \
	'sorted(x["state"] for x in d)')" \
	"['member', 'member', 'revoked', 'revoked']"
exits 9 "a vault is not recovered over" \
	fob r1 recover --from "$nas"
add r1 New $secret_c
stop_daemon r1
start_daemon r1
equal "all is there after a restart" "$(fob r1 code new --at 59)" \
	"$(code_of $secret_c)"
check "the same words still open the vault" fob r1 kit verify <"$work/kit"
start_daemon b
heard=$SECONDS
check "the old phone hears of it" \
	wait_for 60 eval 'bare b status --json | grep -q revoked'
echo "after $((SECONDS - heard)) s"
refused 7 'revoked by the recovery key' "the old phone is told" add b X $secret_c

# --- at a terminal ---
start_daemon t
shown=$(typing t '24 words' "$(cat "$work/kit")" 'still have new' y \
	'assphrase' 'another horse' 'gain' 'another horse' -- \
	recover --from "$nas" --name typed 2>&1)
matches "at a terminal what is kept is asked for" "$shown" 'still have new'
matches "and codes are on the screen" "$shown" '[0-9]{6} .*Shop'
equal "it was kept" "$(bare t devices --json | json \
	'[x["state"] for x in d if x["name"] == "new"]')" "['member']"
stop_daemon t

# --- a snapshot and the words ---
start_daemon r2
check "recover from a snapshot" fob r2 recover --from "$work/old.snap" \
	--name second <"$work/kit"
equal "its code" "$(fob r2 code shop --at 59)" "$(code_of $secret_a)"
check "what came later comes from the keeper by itself" \
	wait_for 60 fob r2 code later
stop_daemon r2

# --- an old snapshot and a fresher keeper ---
fob r1 sync --wait >/dev/null
start_daemon r3
check "recover from both" fob r3 recover --from "$work/old.snap" \
	--from "$nas" --name third --keep new <"$work/kit"
for entry in "shop $secret_a" "later $secret_b" "new $secret_c"; do
	equal "the code of ${entry% *}" "$(fob r3 code "${entry% *}" --at 59)" \
		"$(code_of "${entry#* }")"
done
fob r3 sync --wait --timeout 20 >/dev/null
equal "what was kept is a member" "$(fob r3 devices --json | json \
	'[x["state"] for x in d if x["name"] == "new"]')" "['member']"

# --- another kit ---
fob r3 kit new --kit "$work/kit2" <"$work/kit" >"$work/made" 2>&1
equal "a new kit" $? 0
refused 7 'those of an older kit' "the old words are told to be old" \
	fob r3 kit verify <"$work/kit"
check "the new ones open" fob r3 kit verify <"$work/kit2"
fob r3 sync --wait --timeout 20 >/dev/null
start_daemon r4
refused 7 'does not answer these words' "the keeper is silent to old words" \
	fob r4 recover --from "$nas" <"$work/kit"
check "and answers the new ones" fob r4 recover --from "$nas" --name fourth \
	--keep new --keep third <"$work/kit2"
equal "a code from before both kits" "$(fob r4 code shop --at 59)" \
	"$(code_of $secret_a)"
printed=$(fob r4 kit new <"$work/kit2" 2>/dev/null)
equal "kit new prints 24 words" "$(wc -w <<<"$printed")" 24
check "which are the kit" fob r4 kit verify <<<"$printed"
fob r4 snapshot >"$work/stdout.snap"
check "a snapshot on standard output" fob r4 snapshot verify \
	"$work/stdout.snap" --kit <<<"$printed"

finish
