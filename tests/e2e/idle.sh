#!/bin/bash
# Wake-ups of a daemon that nobody uses: none alone, at most four a minute with
# a peer. Counted as context switches, over 65 seconds: the keep-alive is due
# every 45.
. "$(dirname "$0")/lib.sh"

seconds=${FOB_IDLE-65}

# switches NAME: how often all threads of the daemon were put to sleep.
switches() {
	cat /proc/"${pids[$1]}"/task/*/status |
		awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }'
}

start_daemon alone
fob alone init --name alone >/dev/null
start_daemon a
fob a init --name a >/dev/null
start_daemon b
check "a pair" pair a b
fob a sync --wait
# What was put off for some seconds is written first.
sleep 10
declare -A before
for name in alone a b; do
	before[$name]=$(switches $name)
done
sleep "$seconds"
for name in alone a b; do
	n=$(($(switches $name) - ${before[$name]}))
	most=0
	if [ $name != alone ]; then
		most=$(((4 * seconds + 59) / 60))
	fi
	if [ $n -le $most ]; then
		ok "$name: $n wake-ups in $seconds s, at most $most"
	else
		bad "$name: $n wake-ups in $seconds s" "at most $most"
	fi
done
equal "still connected" "$(fob a status --json |
	json 'd["peers"][0]["connected"]')" True
finish
