#!/bin/bash
# Changing accounts: fields, tags, the secret, and the way back.
. "$(dirname "$0")/lib.sh"

start_daemon a
fob a init >/dev/null
id=$(printf 'JBSWY3DPEHPK3PXP' | fob a add --issuer Forum --account bob \
	--secret-stdin --tag web --note 'first note' --field x-colour=red)
show() {
	fob a show bob --json | json "$1"
}
equal "what was added" "$(show '(d["issuer"], d["account"], d["tags"],
	d["fields"]["note"], d["fields"]["x-colour"])')" \
	"('Forum', 'bob', ['web'], 'first note', 'red')"
equal "the secret is hidden" "$(show 'd["fields"]["secret"]')" "(hidden)"
equal "list has all fields" "$(fob a list --json | json 'sorted(set("""id
	issuer account type algorithm digits period counter group tags copies
	holders conflict favourite created changed""".split()) - set(d[0]))')" \
	"[]"
if fob a list --json | grep -q JBSWY3; then
	bad "list has no secret"
else
	ok "list has no secret"
fi
exits 7 "one field, hidden" fob a show bob --field secret
equal "one field, revealed" "$(fob a show bob --field secret --reveal)" \
	JBSWY3DPEHPK3PXP
fob a lock
fob a unlock
exits 5 "revealing asks again" bare a show bob --reveal
check "a line for a script" grep -q "^$id	Forum	bob	totp$" \
	<(fob a list)
equal "by tag" "$(fob a list --tag web --json | json 'len(d)')" 1
equal "by another tag" "$(fob a list --tag none --json)" "[]"
exits 0 "a list of nothing" fob a list nothing
equal "of nothing, JSON" "$(fob a list nothing --json)" "[]"

first=$(fob a history bob --json | json 'd[0]["id"]')
check "edit" fob a edit bob --issuer Board --tag +home --tag -web \
	--note 'second note' --unset x-colour --field 'x-size=a=b'
equal "what became of it" "$(show '(d["issuer"], d["tags"],
	d["fields"]["note"], d["fields"].get("x-colour"),
	d["fields"]["x-size"])')" \
	"('Board', ['home'], 'second note', None, 'a=b')"
exits 2 "nothing to change" fob a edit bob
exits 2 "a tag without a sign" fob a edit bob --tag web
exits 3 "nobody to change" fob a edit nobody --note x
before=$(fob a code bob --at 59)
check "a new secret" fob a edit bob --secret-stdin \
	< <(echo GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ)
equal "gives other codes" "$(fob a code bob --at 59)" 287082
equal "history" "$(fob a history bob --json | json 'len(d)')" 3
check "revert" fob a revert bob "${first:0:12}"
equal "as it was" "$(show '(d["issuer"], d["tags"], d["fields"]["note"],
	d["fields"]["x-colour"])')" "('Forum', ['web'], 'first note', 'red')"
equal "with its codes" "$(fob a code bob --at 59)" "$before"
exits 3 "no such version" fob a revert bob 00000000

check "rm" fob a rm bob
equal "it is gone" "$(fob a list --json)" "[]"
exits 3 "no code" fob a code bob
equal "it is in the trash" "$(fob a trash --json | json 'd[0]["id"]')" "$id"
check "restore" fob a trash restore "$id"
equal "it is back" "$(fob a code bob --at 59)" "$before"
equal "the trash is empty" "$(fob a trash --json)" "[]"

# --- QR: a copy outside, which the vault takes note of ---
exits 5 "no picture without the passphrase" bare a qr bob
exits 3 "and no note" fob a show bob --field exported/qr
uri=$(fob a qr bob --json | json 'd["uri"]')
matches "the URI of it" "$uri" \
	'^otpauth://totp/Forum:bob\?secret=JBSWY3DPEHPK3PXP&issuer=Forum&'
if command -v zbarimg >/dev/null; then
	fob a qr bob | python3 "$here/blocks.py" >"$work/qr.pbm"
	equal "the picture of it" "$(zbarimg -q --raw "$work/qr.pbm")" "$uri"
	check "a file of it" fob a qr bob --png "$work/qr.png"
	equal "is the same" "$(zbarimg -q --raw "$work/qr.png")" "$uri"
	equal "for its owner alone" "$(stat -c %a "$work/qr.png")" 600
	exits 9 "and no other's place" fob a qr bob --png "$work/qr.png"
	equal "but with --force" "$(fob a qr bob --png "$work/qr.png" --force \
		--json | json 'd["account"], d["file"]')" \
		"('bob', '$work/qr.png')"
	exits 2 "--force for what is no file" fob a qr bob --force
else
	echo "zbarimg is not installed: the picture was not read"
fi

matches "the note" "$(fob a show bob --field exported/qr)" '^20[0-9-]+T'
equal "which the doctor counts" "$(fob a doctor --json | json \
	'[f["message"][:31] for f in d if f["check"] == "exported"]')" \
	"['1 of 1 accounts were exported, ']"
yandex='otpauth://yaotp/me?secret=LA2V6KMCGYMWWVEW64RNP3JA3I&pin=GUZDGOI='
fob a add - <<<"$yandex" >/dev/null
matches "a PIN comes along" "$(fob a qr me --json | json 'd["uri"]')" \
	'&pin=GUZDGOI'
fob a rm me >/dev/null

# --- names that would do harm on a terminal ---
printf 'otpauth://totp/x?secret=AAAA&issuer=%%E2%%80%%AEevil' |
	fob a add - >/dev/null
shown=$(typing a -- list evil)
matches "are escaped there" "$shown" '\\u\{202e\}evil'
equal "and are as they are in JSON" \
	"$(fob a list evil --json | json 'ascii(d[0]["issuer"])')" \
	"'\\u202eevil'"
finish
