# Helpers of the end-to-end scripts: real daemons in folders of their own, on
# loopback, with free ports; checks that print a line each. To be sourced.
# shellcheck shell=bash
set -uo pipefail

: "${FOB_BUILD:=$PWD/build}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for program in fob fobd; do
	if [ ! -x "$FOB_BUILD/$program" ]; then
		echo "$FOB_BUILD/$program is not built"
		exit 77
	fi
done
unset FOB_SOCKET FOB_PROFILE FOB_PASSPHRASE_FILE XDG_DATA_HOME
export NO_COLOR=1 TZ=UTC LC_ALL=C.UTF-8

# Where python3 is a wrapper that looks for one, it costs more than all the rest.
PATH=$(dirname "$(python3 -c 'import sys; print(sys.executable)')"):$PATH

work=$(mktemp -d /tmp/fob-e2e.XXXXXX)
export HOME=$work XDG_RUNTIME_DIR=$work
failures=0
checks=0
declare -A pids

printf 'correct horse\n' >"$work/pass"
chmod 600 "$work/pass"

cleanup() {
	local name
	for name in "${!pids[@]}"; do
		kill "${pids[$name]}" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# finish: the last line of a script.
finish() {
	echo "$checks checks, $failures failed"
	[ "$failures" -eq 0 ]
	exit
}

ok() {
	checks=$((checks + 1))
	echo "ok: $1"
}

bad() {
	checks=$((checks + 1))
	failures=$((failures + 1))
	echo "FAILED: $1"
	shift
	if [ $# -gt 0 ]; then
		printf '    %s\n' "$@"
	fi
}

# check LABEL COMMAND...: it must succeed.
check() {
	local label=$1 output
	shift
	if output=$("$@" 2>&1); then
		ok "$label"
	else
		bad "$label" "status $?" "$output"
	fi
}

# equal LABEL GOT WANTED
equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		bad "$1" "got:    $2" "wanted: $3"
	fi
}

# matches LABEL GOT PATTERN (an extended regular expression)
matches() {
	if [[ $2 =~ $3 ]]; then
		ok "$1"
	else
		bad "$1" "got:    $2" "wanted: $3"
	fi
}

# exits STATUS LABEL COMMAND...: it must end with this status.
exits() {
	local wanted=$1 label=$2 output status
	shift 2
	output=$("$@" 2>&1 </dev/null)
	status=$?
	if [ "$status" = "$wanted" ]; then
		ok "$label"
	else
		bad "$label" "status $status, not $wanted" "$output"
	fi
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ $SECONDS -ge $end ]; then
			echo "waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}

# start_daemon NAME [OPTION...]: a daemon with the vault and socket of NAME.
start_daemon() {
	local name=$1
	shift
	mkdir -p -m 700 "$work/$name"
	LD_PRELOAD=${later-} "$FOB_BUILD/fobd" --allow-root \
		--vault "$work/$name/vault" \
		--socket "$work/$name/sock" --listen 127.0.0.1:0 "$@" \
		2>>"$work/$name/log" </dev/null &
	pids[$name]=$!
	wait_for 10 "$FOB_BUILD/fob" --socket "$work/$name/sock" status ||
		{
			cat "$work/$name/log"
			exit 1
		}
}

# stop_daemon NAME [SIGNAL]
stop_daemon() {
	kill -"${2:-TERM}" "${pids[$1]}" 2>/dev/null
	wait "${pids[$1]}" 2>/dev/null
	unset "pids[$1]"
}

# fob NAME ARGUMENT...: the client, without a terminal, with the passphrase.
fob() {
	local name=$1
	shift
	setsid -w "$FOB_BUILD/fob" --socket "$work/$name/sock" \
		--passphrase-file "$work/pass" "$@"
}

# bare NAME ARGUMENT...: the same without a passphrase.
bare() {
	local name=$1
	shift
	setsid -w "$FOB_BUILD/fob" --socket "$work/$name/sock" "$@"
}

# typing NAME PROMPT ANSWER [PROMPT ANSWER]... -- ARGUMENT...: at a terminal.
typing() {
	local name=$1 dialogue=()
	shift
	while [ "$1" != -- ]; do
		dialogue+=("$1" "$2")
		shift 2
	done
	shift
	python3 "$here/terminal.py" "${dialogue[@]}" -- \
		"$FOB_BUILD/fob" --socket "$work/$name/sock" "$@"
}

# json EXPRESSION: of the document on standard input, which is called d.
json() {
	python3 -c 'import json, sys
d = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"
}

address_of() {
	fob "$1" status --json | json 'd["listen"][0]'
}

# pair INVITER JOINER: the second becomes a device of the first one's vault.
pair() {
	local inviter=$1 joiner=$2
	: >"$work/code"
	fob "$inviter" invite -y >"$work/code" 2>/dev/null &
	local waiter=$!
	wait_for 10 test -s "$work/code" || return 1
	fob "$joiner" join "$(head -n 1 "$work/code")" --name "$joiner" \
		--at "$(address_of "$inviter")" || return 1
	wait "$waiter"
}
