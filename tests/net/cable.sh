#!/bin/bash
# Two machines with a cable between them, as network namespaces: the five-minute
# start of the README, then the cable is pulled and plugged in again.
if [ -z "${FOB_APART-}" ]; then
	if ! command -v ip >/dev/null ||
		! unshare -rmn mount -t tmpfs none /run 2>/dev/null; then
		echo "iproute2, or a namespace to use it in, is not here"
		exit 77
	fi
	export FOB_APART=1
	exec unshare -rmn "$0"
fi
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

left=left
right=right
mount -t tmpfs none /run && ip netns add $left && ip netns add $right &&
	ip link add veth0 netns $left type veth peer name veth0 netns $right ||
	exit 1
ip -n $left address add 192.0.2.1/24 dev veth0
ip -n $right address add 192.0.2.2/24 dev veth0
for space in $left $right; do
	ip -n $space link set lo up
	ip -n $space link set veth0 up
done

# machine NAME NAMESPACE: a daemon there, as the README starts it.
machine() {
	mkdir -p "$work/$1"
	ip netns exec "$2" "$FOB_BUILD/fobd" --allow-root \
		--vault "$work/$1/vault" --socket "$work/$1/sock" \
		2>>"$work/$1/log" </dev/null &
	pids[$1]=$!
	wait_for 10 fob "$1" status
}

connected() {
	[ "$(fob "$1" status --json | json 'd["peers"][0]["connected"]')" = \
		True ]
}

secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
machine laptop $left
machine desktop $right
check "init" fob laptop init --name laptop --kit "$work/kit"
fob laptop add --issuer Shop --account me --secret-stdin <<<$secret >/dev/null
fob laptop invite -y >"$work/code" 2>/dev/null &
inviting=$!
wait_for 10 test -s "$work/code"
check "nine digits over the cable" fob desktop join \
	"$(head -n 1 "$work/code")" --at 192.0.2.1:47362 --name desktop
wait $inviting
equal "the invite names it" "$(tail -n 1 "$work/code")" desktop
equal "the code is there" "$(fob desktop code shop --at 59)" \
	"$(oathtool --totp -b -N @59 $secret)"
fob desktop edit shop --note "over the cable"
check "an edit comes back" wait_for 5 sh -c "'$FOB_BUILD/fob' --socket \
	'$work/laptop/sock' show shop --field note | grep -q cable"

# --- the cable is pulled ---
ip -n $left link set veth0 down
fob laptop edit shop --issuer Store
fob desktop edit shop --note "written apart"
fob desktop code shop --at 59 >/dev/null
equal "codes work apart" $? 0
fob laptop add --issuer Apart --account me --secret-stdin \
	<<<JBSWY3DPEHPK3PXP --wait-copies 1 --timeout 2 >/dev/null 2>&1
equal "no copy while apart" $? 8
ip -n $left link set veth0 up
check "they meet again" wait_for 60 sh -c "'$FOB_BUILD/fob' --socket \
	'$work/desktop/sock' list apart | grep -q Apart"
fob laptop sync --wait
for name in laptop desktop; do
	equal "$name: both edits" "$(fob $name show store --field note)" \
		"written apart"
done

# --- one of them hears, and is not heard ---
ip -n $right route add blackhole 192.0.2.1/32
fob laptop edit store --note "said into the wind"
fob desktop add --issuer Unheard --account me --secret-stdin \
	<<<MFRGGZDFMZTWQ2LK --wait-copies 1 --timeout 2 >/dev/null 2>&1
equal "no copy while unheard" $? 8
ip -n $right route delete blackhole 192.0.2.1/32
check "it is heard" wait_for 60 sh -c "'$FOB_BUILD/fob' --socket \
	'$work/laptop/sock' list unheard | grep -q Unheard"
check "both say the same" wait_for 30 sh -c "'$FOB_BUILD/fob' --socket \
	'$work/desktop/sock' show store --field note | grep -q wind"

# --- pulled for longer, and another one starts again meanwhile ---
ip -n $right link set veth0 down
stop_daemon desktop KILL
machine desktop $right
fob desktop unlock
fob desktop edit store --note "started again"
ip -n $right link set veth0 up
check "they meet after a restart" wait_for 60 sh -c "'$FOB_BUILD/fob' --socket \
	'$work/laptop/sock' show store --field note | grep -q again"
check "both are connected" wait_for 10 connected laptop
finish
