#!/bin/bash
# fob migrate: a new vault with everything in it, and a kit of its own; the
# old one beside, to be put back; other devices join the new one.
. "$(dirname "$0")/lib.sh"

secret_a=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
secret_b=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
secret_c=MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK
secret_d=ONSWG4TFOQQGC3TEEBZWKY3SMV2CAYLO

# everything NAME: what a person sees of each entry, but for who holds it. A
# rule that names a group names the new one, so ids of that length are cut.
everything() {
	bare "$1" list --json | json '"\n".join(e["id"] for e in d)' |
		while read -r id; do
			bare "$1" show "$id" --json | json \
				'sorted((k, str(v)) for k, v in d.items()
				if k not in ("copies", "holders", "changed"))'
		done | sed -E 's/[0-9a-f]{64}/GROUP/g'
	bare "$1" trash list --json | json '[e["id"] for e in d]'
	bare "$1" code --all --at 59 --json |
		json 'sorted(c["id"] + str(c["code"]) for c in d)'
}

# vault_of NAME: its id.
vault_of() {
	fob "$1" status --json | json 'd["vault"]'
}

start_daemon a
fob a init --name laptop --kit "$work/kit" >/dev/null 2>&1
start_daemon b
check "a phone joins" pair a b

# --- all there is to an entry ---
id=$(fob a add --issuer Shop --account ada --tag home --note "a note" \
	--field url=https://shop.example --field serial=arn:aws:iam::1:mfa/x \
	--secret-stdin <<<$secret_a)
fob a add --issuer Mail --account ada --type hotp --counter 7 \
	--secret-stdin <<<$secret_b >/dev/null
fob a code Mail >/dev/null
printf '%s\n' one-1 two-2 three-3 | fob a backup-codes Shop add - >/dev/null
fob a backup-codes Shop use >/dev/null
fob a edit Mail --field "resets/$id=1" --field contact-checked=1 >/dev/null
fob a add --issuer Old --account ada --secret-stdin <<<$secret_c >/dev/null
fob a rm Old >/dev/null
fob a group create root --device laptop >/dev/null
fob a add --issuer AWS --account root --group root \
	--secret-stdin <<<$secret_c >/dev/null
fob a apart AWS main >/dev/null
fob a apart Shop root >/dev/null
fob b add --issuer Twice --account ada --secret-stdin <<<$secret_d >/dev/null
fob b sync --wait >/dev/null
stop_daemon a
fob b edit Twice --secret-stdin <<<JBSWY3DPEHPK3PXQ >/dev/null
stop_daemon b
start_daemon a
fob a edit Twice --secret-stdin <<<JBSWY3DPEHPK3PXR >/dev/null
start_daemon b
fob a peer add b "$(address_of b)" >/dev/null
fob a sync --wait >/dev/null
equal "there is a conflict" "$(fob a conflicts --json | json 'len(d)')" 1
everything a >"$work/was"
old=$(vault_of a)

# --- a device that does not read all ---
said=$(fob b migrate 2>&1)
equal "without an answer nothing is done" $? 7
matches "what it does not read is told" "$said" \
	'1 entry that it does not read stays in the old vault'
matches "with its id and group" "$said" '[0-9a-f]{8}, in group [0-9a-f]{8}'

# --- refused ---
printf 'wrong\n' >"$work/wrong"
chmod 600 "$work/wrong"
exits 7 "a wrong passphrase" setsid -w "$FOB_BUILD/fob" --socket \
	"$work/a/sock" --passphrase-file "$work/wrong" migrate -y
exits 2 "with --json the words need a file" fob a migrate -y --json
exits 1 "a file that is there already" fob a migrate -y --kit "$work/kit"
equal "the vault is as it was" "$(vault_of a)" "$old"

# --- done ---
fob a migrate -y --kit "$work/kit2" --json >"$work/out" 2>"$work/said"
equal "it is done" $? 0
new=$(json 'd["vault"]' <"$work/out")
equal "the daemon has the new vault" "$(vault_of a)" "$new"
if [ "$new" = "$old" ]; then bad "it is another one"; fi
equal "the phone is to be invited again" \
	"$(json '[x["name"] for x in d["invite"]]' <"$work/out")" "['b']"
matches "the group's readers are told" "$(cat "$work/said")" \
	'Group root is read by this device alone'
everything a >"$work/is"
equal "every entry is the same" "$(diff "$work/was" "$work/is")" ""
equal "the HOTP counter goes on" "$(fob a code Mail)" \
	"$(oathtool --hotp -b -c 8 $secret_b)"
equal "a used code stays used" \
	"$(fob a backup-codes Shop list --json | json 'sum(x["used"] for x in d)')" 1
matches "another code comes next" "$(fob a backup-codes Shop use)" '-[123]$'
equal "rules go with the groups" \
	"$(fob a apart --json | json 'sorted((x["a"], x["b"]) for x in d)')" \
	"[('AWS/root', 'main'), ('Shop/ada', 'root')]"
check "the new words open it" fob a kit verify <"$work/kit2"
exits 7 "the old words do not" bash -c \
	"'$FOB_BUILD/fob' --socket '$work/a/sock' kit verify <'$work/kit'"

# --- another device ---
exits 9 "the phone has a vault still" fob b join 111-111-111
fob b device leave -y >/dev/null 2>&1
wait "${pids[b]}" 2>/dev/null
start_daemon b
check "the phone joins the new vault" pair a b
equal "and reads it" "$(fob b code Shop)" "$(fob a code Shop)"

# --- killed ---
# cut SECONDS: the daemon dies so long after the words are out.
cut() {
	local was got
	was=$(vault_of a)
	rm -f "$work/cut"
	fob a migrate -y --kit "$work/cut" >/dev/null 2>&1 &
	until [ -s "$work/cut" ]; do sleep 0.01; done
	sleep "$1"
	stop_daemon a KILL
	wait $!
	start_daemon a
	got=$(vault_of a)
	if [ "$got" = "$was" ]; then
		exits 7 "killed after $1 s: the new words are none" bash -c \
			"'$FOB_BUILD/fob' --socket '$work/a/sock' \
			kit verify <'$work/cut'"
	else
		check "killed after $1 s: the new words are the kit" \
			fob a kit verify <"$work/cut"
	fi
	equal "all entries are there" "$(fob a list --json | json 'len(d)')" 4
	equal "nothing else is" \
		"$(cd "$work/a/vault" && echo store.[!b]*)" 'store.[!b]*'
}
for seconds in 0 0.01 0.05; do
	cut $seconds
done

# --- and back ---
before=$(json 'd["old"]' <"$work/out")
check "the old vault is where it was said" test -d "$before"
stop_daemon a
mv "$work/a/vault/store" "$work/a/vault/aside"
mv "$before" "$work/a/vault/store"
start_daemon a
equal "the old vault is back" "$(vault_of a)" "$old"
check "its words open it" fob a kit verify <"$work/kit"
finish
