#!/bin/bash
# A YubiKey that is none: pcscd of our own, in namespaces of our own, vpcd as
# its reader, oath_card.py as the key. Yubico's ykman proves the card, and then
# finds on it what fob has put there.
if [ -z "${FOB_CARDS-}" ]; then
	for program in pcscd ykman oathtool; do
		if ! command -v $program >/dev/null; then
			echo "$program is not installed: skipped"
			exit 77
		fi
	done
	if [ ! -e /usr/lib/pcsc/drivers/serial/libifdvpcd.so ]; then
		echo "vsmartcard-vpcd is not installed: skipped"
		exit 77
	fi
	if [ ! -x "${FOB_BUILD:=$PWD/build}/fob-yubikey" ]; then
		echo "fob-yubikey is not built: skipped"
		exit 77
	fi
	if ! unshare -rmnpf --mount-proc true 2>/dev/null; then
		echo "no namespaces to be had: skipped"
		exit 77
	fi
	export FOB_CARDS=1 FOB_BUILD
	exec unshare -rmnpf --mount-proc --kill-child "$0"
fi
mount -t tmpfs none /run && mkdir /run/pcscd && ip link set lo up || exit 1
. "$(dirname "$0")/lib.sh"

port=35963
mkdir "$work/readers"
cat >"$work/readers/vpcd" <<EOF2
FRIENDLYNAME "Test Reader"
DEVICENAME /dev/null:0x8C7B
LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID 0x8C7B
EOF2

key() {
	fob a yubikey "$@"
}
# says STATUS LABEL PATTERN ARGUMENT...: of fob yubikey, both in one run.
says() {
	local wanted=$1 label=$2 pattern=$3 output
	shift 3
	output=$(key "$@" 2>&1 </dev/null)
	output="$?: $output"
	matches "$label" "$output" "^$wanted: .*$pattern"
}
says 1 "no pcscd" 'start pcscd' list
pcscd -f -c "$work/readers" >"$work/pcscd.log" 2>&1 &
pids[pcscd]=$!
wait_for 10 test -S /run/pcscd/pcscd.comm
start_daemon a
exits 3 "no key" key list

# there STATUS [OPTION...]: is the card seen, and what does it come to?
there() {
	local wanted=$1
	shift
	key list "$@" >/dev/null 2>&1
	[ $? -eq "$wanted" ]
}
# insert NUMBER STATUS [OPTION...]: a card into the first or second reader.
insert() {
	local number=$1 wanted=$2
	shift 2
	python3 "$here/oath_card.py" $((port + number)) "$@" \
		>"$work/card$number" 2>&1 &
	pids[card$number]=$!
	wait_for 10 there "$wanted" --reader "00 0$number" ||
		bad "a card is seen" "$*"
}
remove() {
	kill "${pids[card$1]}" 2>/dev/null
	wait "${pids[card$1]}" 2>/dev/null
	unset "pids[card$1]"
	wait_for 10 there 3 --reader "00 0$1"
}
ykman_() {
	ykman --reader "Test Reader 00 00" oath accounts "$@"
}

# --- the card is one, and fob puts accounts on it ---
insert 0 0
equal "an empty key" "$(key list)" ""
equal "in JSON" "$(key list --json)" "[]"
check "ykman adds" ykman_ add -f Other:me GEZDGNBVGY3TQOJQ
fob a init >/dev/null
cat >"$work/list" <<'EOF2'
otpauth://totp/GitHub:ada?secret=JBSWY3DPEHPK3PXP&issuer=GitHub
otpauth://totp/Slow:s?secret=ONSWG4TFORZWKY3SMV2HGZLD&issuer=Slow&period=60&algorithm=SHA256&digits=8
otpauth://hotp/Bank:h?secret=GEZDGNBVGY3TQOJQ&issuer=Bank&counter=5
otpauth://totp/Strong:s?secret=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U&issuer=Strong&algorithm=SHA512
otpauth://steam/Steam:gamer?secret=NBSWY3DPO5XXE3DEEBTG64RA&issuer=Steam
EOF2
fob a import "$work/list" >/dev/null
exits 5 "no passphrase, no push" bare a yubikey push GitHub
check "push" key push GitHub
check "push, SHA-256, 8 digits, 60 s" key push Slow
check "push, SHA-512 and a touch" key push Strong --touch
says 0 "HOTP: who counts is said" 'counts for itself' push Bank
matches "the vault takes note" "$(fob a show Slow --field \
	exported/yubikey)" '^20[0-9-]+T[0-9:]+Z$'
equal "all of them are there" "$(key list | sort)" \
	"60/Slow:s	totp	SHA256	
Bank:h	hotp	SHA1	?
GitHub:ada	totp	SHA1	
Other:me	totp	SHA1	
Strong:s	totp	SHA512	touch"
equal "in JSON, with issuer, period and touch" "$(key list --json |
	json '[(e["issuer"], e["account"], e["period"], e["touch"])
	for e in d if e["type"] == "hotp" or e["period"] == 60]')" \
	"[('Slow', 's', 60, False), ('Bank', 'h', None, None)]"

# The key's codes and ours, at times that ykman does not cross meanwhile.
same_codes() {
	local before after theirs
	before=$(fob a code GitHub) && before+=" $(fob a code Slow)"
	theirs=$(ykman_ code)
	after=$(fob a code GitHub) && after+=" $(fob a code Slow)"
	theirs="$(awk '/^GitHub/ { print $NF }' <<<"$theirs") $(awk \
		'/Slow/ { print $NF }' <<<"$theirs")"
	[ "$before" = "$theirs" ] || [ "$after" = "$theirs" ]
}
check "ykman has the codes of fob" same_codes
equal "and the one of HOTP" "$(ykman_ code Bank | awk '{ print $NF }')" \
	"$(oathtool -b -c 5 GEZDGNBVGY3TQOJQ)"

# --- what is refused ---
says 9 "a name that is there" '--force' push GitHub
equal "but for --force" "$(key push GitHub --force --json |
	json '(d["name"], d["replaced"], d["version"])')" \
	"('GitHub:ada', True, '5.4.3')"
says 1 "Steam" 'not those of Steam' push Steam
exits 3 "takes no note" fob a show Steam --field exported/yubikey
exits 3 "an account that the vault lacks" key push nobody
exits 3 "no such reader" key list --reader nowhere
exits 2 "no such verb" key frobnicate
exits 3 "rm of what is not there" key rm nobody -y
exits 7 "rm without an answer" key rm Slow:s
check "rm, without the period" key rm Slow:s -y
equal "it is gone" "$(key list | grep -c Slow)" 0
matches "a person is told that nothing comes back" \
	"$(typing a -- --passphrase-file "$work/pass" yubikey list)" \
	'never gives a secret back'

# --- two keys ---
insert 1 0 version=4.2.3 slots=0
exits 4 "two keys" key list
says 1 "a key that is full" 'is full' push GitHub --reader "00 01"
says 1 "too old for SHA-512" '4\.3\.1' push Strong --reader "00 01"
says 1 "too old for a touch" '4\.2\.4' push GitHub --touch --reader "00 01"
remove 1

# --- the card goes in the middle ---
kill -USR1 "${pids[card0]}"
says 1 "taken out at its PUT" 'was removed' push Slow
wait_for 10 there 3
wait "${pids[card0]}" 2>/dev/null

# --- an access code ---
printf 'sesame\n' >"$work/code"
printf 'mustard\n' >"$work/wrong"
chmod 600 "$work/code" "$work/wrong"
insert 0 5 code=sesame trouble=,no-proof
exits 7 "a wrong access code" key list --access-code-file "$work/wrong"
check "the right one" key push GitHub --access-code-file "$work/code"
exits 5 "which the key forgets again" key list
equal "asked for at the terminal" "$(typing a 'Access code' sesame -- yubikey \
	list --json | tail -n 1 | tr -d '\r' | json 'd[0]["name"]')" GitHub:ada
matches "and again when it was wrong" "$(typing a 'Access code' mustard \
	'Access code' sesame -- yubikey list)" 'GitHub:ada'
matches "three times" "$(typing a 'Access code' a 'Access code' b \
	'Access code' c -- yubikey list; echo $?)" 'wrong.*wrong.*wrong.*7$'
kill -USR2 "${pids[card0]}"
exits 7 "a key that does not know its code" key list \
	--access-code-file "$work/code"
remove 0

# --- hostile keys: one card, which changes its ways ---
insert 0 1 trouble=short,long,many,endless,no-applet,names
for trouble in short long many endless; do
	says 1 "hostile: $trouble" 'what no key would' list
	kill -USR2 "${pids[card0]}"
done
says 3 "no OATH" 'no OATH' list
kill -USR2 "${pids[card0]}"
matches "names are shown as they are, in a script" "$(key list)" 'owned'
equal "and escaped for a terminal" "$(typing a -- yubikey list |
	grep -c $'\x1b]0;owned')" 0
finish
