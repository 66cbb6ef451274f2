#!/bin/bash
# Backups of other applications: real ones, where there are samples, and ones
# made by an independent implementation; passwords, and files that are hostile.
. "$(dirname "$0")/lib.sh"

start_daemon a
fob a init >/dev/null
secret_file() {
	printf '%s\n' "$2" >"$work/$1"
	chmod 600 "$work/$1"
}
secret_file good 'pa ss wörd'
secret_file bad 'pa ss word'

# tried FILE [OPTION...]: format, found and what would be added.
tried() {
	fob a import "$@" --dry-run --json |
		json '(d["format"], d["found"], d["added"])'
}

# --- real samples, where there are any ---
# FILE PASSWORD FORMAT FOUND
samples='
aegis/plain.txt - uri 7
aegis/ente_auth.txt - uri 7
aegis/aegis_plain.json - aegis 7
aegis/aegis_encrypted.json test aegis 7
aegis/aegis_plain_grouped_v2.json - aegis 7
aegis/2fas_authenticator.json - 2fas 6
aegis/2fas_authenticator_plain.2fas - 2fas 4
aegis/2fas_authenticator_encrypted.2fas test 2fas 4
aegis/2fas_authenticator_plain_v3.2fas - 2fas 6
aegis/2fas_authenticator_encrypted_v3.2fas test 2fas 6
aegis/2fas_authenticator_plain_v4.2fas - 2fas 5
aegis/2fas_authenticator_encrypted_v4.2fas test 2fas 5
aegis/andotp_plain.json - andotp 7
aegis/andotp_encrypted.bin test andotp 7
aegis/andotp_encrypted_old.bin test andotp 6
aegis/stratum_plain.json - stratum 7
aegis/stratum_encrypted.bin test stratum 7
aegis/stratum_encrypted_legacy.bin test stratum 7
aegis/proton_authenticator.json - proton 3
aegis/bitwarden.json - bitwarden 4
aegis/bitwarden.csv - bitwarden-csv 4
aegis/authy_plain.xml - authy 3
aegis/authy_encrypted.xml testtest authy 3
aegis/freeotp.xml - freeotp 4
aegis/freeotp_plus.json - freeotp-plus 6
aegis/freeotp_v2_api23.xml test freeotp2 6
aegis/freeotp_v2_api25.xml test freeotp2 6
aegis/freeotp_v2_api27.xml test freeotp2 6
aegis/freeotp_v2_api34.xml test freeotp2 6
aegis/freeotp_v2_null_algo.xml test freeotp2 1
aegis/steam.json - steam 1
aegis/steam_old.json - steam 1
aegis/duo.json - duo 2
aegis/totp_authenticator.bin Testtest1 totp-authenticator 3
ente/proton_authenticator_backup.json - proton 4
ente/proton_authenticator_backup_encrypted_1231246.json 1231246 proton 4
'
real() {
	local file password format found
	while read -r file password format found; do
		[ -n "$file" ] || continue
		secret_file sample "$password"
		equal "$file" "$(tried "$FOB_FIXTURES/fixtures/$file" \
			--file-passphrase-file "$work/sample" 2>/dev/null)" \
			"('$format', $found, $found)"
	done <<<"$samples"
	secret_file sample test
	check "seven go in" fob a import --file-passphrase-file "$work/sample" \
		"$FOB_FIXTURES/fixtures/aegis/aegis_encrypted.json"
	if command -v oathtool >/dev/null; then
		equal "and give codes" \
			"$(fob a code Airbnb --at 1700000000)" \
			"$(oathtool --totp=sha512 -b -d 8 -s 50 \
				-N @1700000000 7ELGJSGXNCCTV3O6LKJWYFV2RA)"
	fi
	equal "the same accounts out of another application are there" \
		"$(tried "$FOB_FIXTURES/fixtures/aegis/stratum_plain.json" \
			2>/dev/null)" "('stratum', 7, 0)"
}
if [ -n "${FOB_FIXTURES-}" ]; then
	real
else
	echo "FOB_FIXTURES is not set: real samples are skipped"
fi

# --- made by somebody else's cryptography ---
python=
for candidate in python3 /usr/bin/python3; do
	if "$candidate" -c 'import nacl, cryptography' 2>/dev/null; then
		python=$candidate
		break
	fi
done
count() {
	fob a list --json | json 'len(d)'
}
# flip FILE: with one bit of its last third changed.
flip() {
	python3 -c 'import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) * 2 // 3] ^= 1
sys.stdout.buffer.write(data)' "$1"
}
# damaged LABEL FILE: refused, as whoever cannot know the reason says it.
damaged() {
	local status
	fob a import "$2" --file-passphrase-file "$work/good" \
		>/dev/null 2>"$work/said" </dev/null
	status=$?
	[ $status -eq 1 ] || [ $status -eq 7 ]
	equal "$1" "$? $(grep -c 'damaged\|wrong' "$work/said")" "0 1"
}
sealed() {
	local name before
	mkdir "$work/sealed"
	"$python" "$here/sealed.py" "$work/sealed" "$(cat "$work/good")" || {
		bad "sealed.py"
		return
	}
	before=$(count)
	for name in aegis 2fas andotp ente stratum proton; do
		exits 5 "$name: no password to be had" \
			fob a import "$work/sealed/$name"
		exits 7 "$name: a wrong password" fob a import \
			--file-passphrase-file "$work/bad" "$work/sealed/$name"
		head -c -9 "$work/sealed/$name" >"$work/cut"
		exits "$([[ $name == andotp ]] && echo 7 || echo 1)" \
			"$name: cut off" fob a import "$work/cut" \
			--file-passphrase-file "$work/good"
		flip "$work/sealed/$name" >"$work/flipped"
		damaged "$name: one bit is another" "$work/flipped"
		equal "$name: opens" "$(tried "$work/sealed/$name" \
			--file-passphrase-file "$work/good")" "('$name', 1, 1)"
	done
	equal "nothing was written" "$(count)" "$before"
	check "it goes in" fob a import --file-passphrase-file "$work/good" \
		"$work/sealed/aegis"
	equal "with a code" "$(fob a code Aegis --at 59)" 94287082
	equal "and its tag" "$(fob a list Aegis --json |
		json 'd[0]["tags"], d[0]["favourite"], d[0]["account"]')" \
		"(['Work'], True, 'mé')"
	matches "from a pipe" "$(fob a import - --dry-run --json \
		--file-passphrase-file "$work/good" <"$work/sealed/2fas" |
		json 'd["skipped"][0]["reason"]')" '^duplicate of '
	matches "asked for at the terminal" "$(typing a 'Password of the file:' \
		"$(cat "$work/good")" -- --passphrase-file "$work/pass" \
		import "$work/sealed/proton" --dry-run)" '1 found, 0 would be'
	# As much memory as Ente asks for on a computer.
	"$python" "$here/sealed.py" "$work/sealed" x $((1 << 30)) 4
	secret_file x x
	equal "a key that takes 1 GiB" "$(tried "$work/sealed/ente" \
		--file-passphrase-file "$work/x")" "('ente', 1, 0)"
}
if [ -n "$python" ]; then
	sealed
else
	echo "python3-cryptography or python3-nacl is missing: skipped"
fi

# --- archives, packed by somebody else ---
archives() {
	local kind
	secret_file plain secret
	printf '[{"issuer":"Zip","account":"z","secret":"GEZDGNBVGY3TQOJQ",
"algorithm":"SHA1","digits":"6","kind":"TOTP","timer":"30","counter":"0",
"pinned":"false","iconType":"","iconValue":""}]' \
		>"$work/raivo-otp-export.json"
	echo '<html></html>' >"$work/raivo-otp-export.html"
	for kind in AES256 AES128 ZipCrypto; do
		7zz a -tzip -mem=$kind -psecret "$work/$kind.zip" \
			"$work"/raivo-otp-export.* >/dev/null
		exits 5 "$kind: no password to be had" \
			fob a import "$work/$kind.zip"
		exits 7 "$kind: a wrong password" fob a import \
			--file-passphrase-file "$work/bad" "$work/$kind.zip"
		equal "$kind: opens" "$(tried "$work/$kind.zip" \
			--file-passphrase-file "$work/plain")" "('raivo', 1, 1)"
	done
	check "an archive goes in" fob a import "$work/AES256.zip" \
		--file-passphrase-file "$work/plain"
	equal "with a code" "$(fob a code Zip --at 59)" \
		"$(oathtool --totp -b -N @59 GEZDGNBVGY3TQOJQ)"
}
if command -v 7zz >/dev/null; then
	archives
else
	echo "7zz is missing: archives are skipped"
fi

# --- hostile ---
before=$(count)
none() {
	exits 1 "$1" fob a import --file-passphrase-file "$work/good" "$2"
}
: >"$work/empty"
none "an empty file" "$work/empty"
head -c 70000000 /dev/zero >"$work/large"
none "a file that is too large" "$work/large"
rm "$work/large"
python3 -c 'print("[" * 3000000)' >"$work/deep"
none "deep nesting" "$work/deep"
(
	printf '{"schemaVersion":4,"services":['
	yes '1,' | head -n 10000000
	printf '1]}'
) >"$work/many"
none "a list that takes more memory than there is" "$work/many"
rm "$work/many"
cat >"$work/kdf" <<'END'
{"version":1,"kdfParams":{"memLimit":8589934592,"opsLimit":4,
"salt":"AAAAAAAAAAAAAAAAAAAAAA=="},
"encryptionNonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
"encryptedData":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
END
none "a key that takes 8 GiB" "$work/kdf"
matches "with the reason" "$(fob a import "$work/kdf" \
	--file-passphrase-file "$work/good" 2>&1)" 'memory or time'
printf '{"schemaVersion":4,\n"services":[{"a":1,\n"a":2}]}' >"$work/twice"
matches "a key that is there twice" "$(fob a import "$work/twice" 2>&1)" \
	'line 3, column [0-9]+: a key is there twice'
printf '{"schemaVersion":4,"services":[{"name":"\xff"}]}' >"$work/utf8"
matches "no UTF-8" "$(fob a import "$work/utf8" 2>&1)" 'line 1, column [0-9]+: .* UTF-8'
printf '{"version":9,"header":{"params":null},"db":{"version":9}}' \
	>"$work/newer"
matches "a newer version" "$(fob a import "$work/newer" 2>&1)" 'newer Aegis'
cat >"$work/records" <<'END'
{"schemaVersion":4,"services":[
{"name":"zero","secret":"","otp":{}},
{"name":"digits","secret":"GE018","otp":{}},
{"name":"negative","secret":"MFRGG","otp":{"tokenType":"HOTP","counter":-1}},
{"name":"good","secret":"MFRGG","otp":{}}]}
END
report=$(fob a import "$work/records" --json 2>/dev/null)
equal "bad records stay out, the good one goes in" "$(json '(d["found"],
	d["added"], [s["position"] for s in d["skipped"]])' <<<"$report")" \
	"(4, 1, [1, 2, 3])"
equal "nothing else was written" "$(count)" $((before + 1))
finish
