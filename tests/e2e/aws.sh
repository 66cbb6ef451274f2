#!/bin/bash
# An account at AWS: root readable on laptop and safe, admin on laptop and
# phone, which is one device too many; two codes in a row, as AWS asks for
# them, by three implementations; the ARN of each is at hand.
. "$(dirname "$0")/lib.sh"

root_arn=arn:aws:iam::123456789012:mfa/root-account-mfa-device
admin_arn=arn:aws:iam::123456789012:mfa/ada
root_secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
admin_secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP

head -c 64 /dev/urandom >"$work/key"
chmod 600 "$work/key"
fob() {
	local name=$1
	shift
	setsid -w "$FOB_BUILD/fob" --socket "$work/$name/sock" \
		--key-file "$work/key" "$@"
}

# by_hmac SECRET TIME: RFC 6238 in a few lines.
by_hmac() {
	python3 -c 'import base64, hashlib, hmac, struct, sys
key = base64.b32decode(sys.argv[1])
mac = hmac.new(key, struct.pack(">Q", int(sys.argv[2]) // 30), hashlib.sha1)
at = mac.digest()[19] & 15
number = struct.unpack(">I", mac.digest()[at:at + 4])[0] & 0x7fffffff
print("%06d" % (number % 10 ** 6))' "$1" "$2"
}

# apart NAME: who breaks the rule, by the doctor of that device.
apart() {
	fob "$1" doctor --json | json \
		"' '.join(x['subject'] for x in d if x['check'] == 'apart')"
}

start_daemon laptop
fob laptop init --name laptop >/dev/null 2>&1
for name in phone safe; do
	start_daemon $name
	check "$name joins" pair laptop $name
done
check "root is for laptop and safe" \
	fob laptop group create aws-root --device safe
check "admin is for laptop and phone" \
	fob laptop group create aws-admin --device phone
fob laptop add --issuer AWS --account root --group aws-root \
	--field serial=$root_arn --secret-stdin <<<$root_secret >/dev/null
fob laptop add --issuer AWS --account admin --group aws-admin \
	--field serial=$admin_arn --secret-stdin <<<$admin_secret >/dev/null
check "safe reads root" wait_for 20 fob safe code aws/root
check "phone reads admin" wait_for 20 fob phone code aws/admin
for name in phone safe; do
	check "$name holds all" fob $name sync --wait
	equal "$name: as many items" \
		"$(fob $name status --json | json 'd["items"]')" \
		"$(fob laptop status --json | json 'd["items"]')"
done
exits 3 "phone does not read root" fob phone code aws/root
exits 3 "safe does not read admin" fob safe code aws/admin

# --- two codes in a row, at the end of time's steps and now
for at in 59 1111111109 2000000000; do
	equal "at $at: as oathtool has them" \
		"$(fob laptop code aws/root --pair --at $at)" \
		"$(oathtool --totp -b -N @$at -w 1 $root_secret | xargs)"
	equal "at $at: as hmac has them" \
		"$(fob safe code aws/root --pair --at $at)" \
		"$(by_hmac $root_secret $at) $(by_hmac $root_secret \
			$((at + 30)))"
done
before=$(date +%s)
now=$(fob phone code aws/admin --pair)
after=$(date +%s)
equal "now, too" "$(for at in $before $after; do
	echo "$(by_hmac $admin_secret "$at") $(by_hmac $admin_secret \
		$((at + 30)))"
done | grep -cx "$now" | sed 's/2/1/')" 1
equal "the ARN of root" "$(fob safe show aws/root --field serial)" $root_arn
equal "the ARN of admin" "$(fob phone show aws/admin --field serial)" $admin_arn

# --- root and admin apart
check "the rule" fob laptop apart aws/root aws/admin
equal "laptop breaks it" "$(fob laptop apart --json | json "d[0]['both']")" \
	"['laptop']"
exits 10 "so doctor complains" fob laptop doctor
check "of that" test -n "$(apart laptop)"
check "laptop gives root up" fob laptop group deny aws-root laptop
equal "now it is right" "$(apart laptop)" ""
check "safe reads on" fob safe code aws/root
fob safe edit aws/root --secret-stdin <<<MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK
fob laptop sync --wait
check "what laptop knows is not the code any more" test \
	"$(fob laptop code aws/root --at 59 2>/dev/null)" != \
	"$(fob safe code aws/root --at 59)"
finish
