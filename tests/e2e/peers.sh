#!/bin/bash
# Files that programs of others make here: PSKC by pskctool, a store of pass
# sealed by gpg.
. "$(dirname "$0")/lib.sh"

start_daemon a
fob a init >/dev/null
secret_file() {
	printf '%s\n' "$2" >"$work/$1"
	chmod 600 "$work/$1"
}

# --- PSKC: python3-pskc writes, pskctool reads ---
pskc() {
	local name
	/usr/bin/python3 - "$work" <<'END'
import sys
from pskc import PSKC

KEY = bytes.fromhex("12345678901234567890123456789012")


def write(name, seal):
    pskc = PSKC()
    pskc.add_key(id="1", serial="987654321", issuer=name, manufacturer="M",
                 secret=b"12345678901234567890",
                 algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp",
                 response_length=8, response_encoding="DECIMAL",
                 time_interval=30)
    seal(pskc)
    pskc.write(f"{sys.argv[1]}/{name}.xml")


write("Plain", lambda pskc: None)
write("Shared", lambda pskc: pskc.encryption.setup_preshared_key(
    key=KEY, algorithm="aes128-cbc"))
write("Large", lambda pskc: pskc.encryption.setup_preshared_key(
    key=KEY + KEY, algorithm="aes256-cbc"))
write("Derived", lambda pskc: pskc.encryption.setup_pbkdf2(
    "correct horse", iterations=2000, key_length=16))
END
	secret_file Plain -
	secret_file Shared 12345678901234567890123456789012
	secret_file Large "$(cat "$work/Shared" "$work/Shared" | tr -d '\n')"
	secret_file Derived 'correct horse'
	secret_file wrong 0000
	equal "Plain" "$(fob a import "$work/Plain.xml" --json |
		json '(d["format"], d["added"])')" "('pskc', 1)"
	equal "its code" "$(fob a code Plain --at 59)" 94287082
	# That the secret is there already says that it is the same.
	for name in Shared Large Derived; do
		matches "$name" "$(fob a import "$work/$name.xml" --json \
			--file-passphrase-file "$work/$name" |
			json 'd["skipped"][0]["reason"]')" '^duplicate of Plain'
		exits 7 "$name: a wrong key" fob a import "$work/$name.xml" \
			--file-passphrase-file "$work/wrong"
		exits 5 "$name: no key" fob a import "$work/$name.xml"
	done
	if command -v pskctool >/dev/null; then
		matches "pskctool reads the same" \
			"$(pskctool --info "$work/Plain.xml")" \
			"$(printf 12345678901234567890 | base64)"
	fi
}
if /usr/bin/python3 -c 'import pskc' 2>/dev/null; then
	pskc
else
	echo "python3-pskc is missing: skipped"
fi

# --- a store of pass ---
seal() {
	mkdir -p "$(dirname "$work/store/$1")"
	gpg --quiet --batch --yes --trust-model always -r me@example.org \
		-o "$work/store/$1.gpg" --encrypt
}
store() {
	export GNUPGHOME=$work/gpg
	mkdir -m 700 "$GNUPGHOME"
	gpg --quiet --batch --passphrase '' --quick-generate-key \
		me@example.org default default never 2>/dev/null
	printf 'the password\notpauth://totp/Post:me?secret=%s&digits=8\n' \
		JBSWY3DPEHPK3PXP | seal web/post
	printf 'otpauth://hotp/?secret=%s&counter=0\n' \
		NBSWY3DPEHPK3PXP | seal counter
	printf 'no URI\n' | seal password
	printf 'otpauth://totp/Hidden?secret=MFRGG\n' | seal .git/hidden
	echo noise >"$work/store/noise.gpg"
	equal "a store" "$(fob a import --format pass "$work/store" --json \
		2>"$work/told" | json '(d["format"], d["found"], d["added"])')" \
		"('pass', 2, 2)"
	matches "what does not open is told" "$(cat "$work/told")" 'noise.gpg'
	equal "a code" "$(fob a code Post --at 59)" \
		"$(oathtool --totp -b -d 8 -N @59 JBSWY3DPEHPK3PXP)"
	equal "the folder is a tag" "$(fob a list Post --json |
		json 'd[0]["tags"], d[0]["account"]')" "(['web'], 'me')"
	equal "the counter goes on" "$(fob a code counter)" \
		"$(oathtool -b -c 1 NBSWY3DPEHPK3PXP)"
	mkdir "$work/nothing"
	exits 1 "an empty folder" fob a import --format pass "$work/nothing"
	exits 1 "no folder" fob a import --format pass "$work/none"
	gpgconf --kill all
}
if command -v gpg >/dev/null; then
	store
else
	echo "gpg is missing: skipped"
fi
finish
