#!/bin/bash
# Between two daemons lies a network that delays, cuts, flips bits, says things
# twice and replays old connections. They are written to meanwhile; once it
# behaves they become equal, and it has seen nothing that can be read.
if [ -z "${FOB_APART-}" ]; then
	if ! command -v ip >/dev/null ||
		! unshare -rmn mount -t tmpfs none /run 2>/dev/null; then
		echo "iproute2, or a namespace to use it in, is not here"
		exit 77
	fi
	export FOB_APART=1
	exec unshare -rmn "$0"
fi
# Two machines, so that the address of one that is known to the other leads
# nowhere: all goes by the proxy, which is on the first.
mount -t tmpfs none /run && ip link set lo up && ip netns add far &&
	ip link add name near type veth peer name far &&
	ip link set far netns far &&
	ip address add 192.0.2.1/24 dev near && ip link set near up &&
	ip -n far address add 192.0.2.2/24 dev far &&
	ip -n far link set far up && ip -n far link set lo up || exit 1
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
# shellcheck source=tests/e2e/acked.sh
. "$here/acked.sh"

port=47300
start_daemon a --idle-lock 0
mkdir -m 700 "$work/b"
ip netns exec far "$FOB_BUILD/fobd" --allow-root --no-listen --idle-lock 0 \
	--vault "$work/b/vault" --socket "$work/b/sock" \
	2>>"$work/b/log" </dev/null &
pids[b]=$!
wait_for 10 fob b status
echo pass >"$work/mode"
python3 "$(dirname "$0")/proxy.py" "192.0.2.1:$port" "$(address_of a)" "$work" \
	canary-in-a-note canary-laptop JBSWY3DPEHPK3PXP Fault fob/1 \
	>"$work/proxy" &
pids[proxy]=$!
wait_for 10 grep -q there "$work/proxy"

fob a init --name canary-laptop >/dev/null 2>&1
: >"$work/code"
fob a invite -y >"$work/code" 2>/dev/null &
inviting=$!
wait_for 10 test -s "$work/code"
check "a join by the proxy" fob b join "$(head -n 1 "$work/code")" --name b \
	--at "192.0.2.1:$port"
wait $inviting
check "both are equal" wait_for 10 alike

# how_often WHAT: so often it was done.
how_often() {
	[[ $(<"$work/counts") =~ (^| )$1=([0-9]+) ]] &&
		echo "${BASH_REMATCH[2]}"
}

# did WHAT N: at least so often.
did() {
	[ "$(how_often "$1")" -ge "$2" ]
}

# A connection that ends again and again is tried more and more seldom, unless
# a person asks. One that is silent is dead after two minutes.
alike_by_now() {
	fob b sync >/dev/null 2>&1
	alike
}

# heal LABEL
heal() {
	echo pass >"$work/mode"
	check "$1: both are equal" wait_for 140 alike_by_now
	kept "$1" a b
}

# renew: the connection ends, and a new one is made.
renew() {
	echo cut >"$work/mode"
	add a "renewed$n"
	fob b sync >/dev/null 2>&1
	echo replay >"$work/mode"
}

# under MODE [TIMES]: both write until it was done to so many pieces. Only a new
# connection is a chance to replay an old one.
n=0
under() {
	local tries=0 enough
	enough=$(($(how_often "$1") + ${2-2}))
	echo "$1" >"$work/mode"
	until did "$1" $enough || [ $tries -ge 40 ]; do
		n=$((n + 1))
		tries=$((tries + 1))
		add a "$1-a$n" --note canary-in-a-note
		add b "$1-b$n" --note canary-in-a-note
		[ "$1" != replay ] || renew
		fob b sync >/dev/null 2>&1
	done
	check "$1: it was done" did "$1" $enough
	heal "$1"
}

rounds=1
if [ -n "${FOB_LONG-}" ]; then
	rounds=5
fi
add a warm-a
add b warm-b
heal warm
used_a=$(used a)
used_b=$(used b)
for ((round = 0; round < rounds; round++)); do
	for mode in delay crumbs cut flip twice hole; do
		under $mode
	done
	under replay
	check "replay: ended by the daemon" wait_for 15 did ended 1
done
if [ -n "${FOB_LONG-}" ]; then
	under lose
fi
no_more "at the end" a "$used_a"
no_more "at the end" b "$used_b"
matches "nothing to be read has passed" "$(<"$work/counts")" ' seen=0$'
finish
