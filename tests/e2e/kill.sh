#!/bin/bash
# Nothing acknowledged is lost: kill -9 of either daemon at any moment while
# both are written to. 50 times, 500 when FOB_LONG is set.
. "$(dirname "$0")/lib.sh"

kills=50
if [ -n "${FOB_LONG-}" ]; then
	kills=500
fi
start_daemon a
start_daemon b
fob a init --name a >/dev/null
check "a pair" pair a b
for name in a b; do
	echo "${pids[$name]}" >"$work/$name/pid"
	disown "${pids[$name]}"
	unset "pids[$name]"
done
if python3 "$here/kill.py" "$work" "${FOB_KILLS:-$kills}"; then
	ok "every confirmed write is on both, and both are equal"
else
	bad "something was lost" "$(tail -n 5 "$work/a/log" "$work/b/log")"
	if [ -n "${FOB_KEEP-}" ]; then
		cp -r "$work" "$FOB_KEEP"
	fi
fi
finish
