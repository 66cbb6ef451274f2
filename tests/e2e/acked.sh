# What was acknowledged, whether it is there, and what a daemon holds. To be
# sourced after lib.sh.
# shellcheck shell=bash disable=SC2154

root_of() {
	fob "$1" status --json | grep -o '"root": *"[^"]*"'
}

alike() {
	[ "$(root_of a)" = "$(root_of b)" ]
}

# add NAME ACCOUNT [OPTION...]: remembered once it is acknowledged.
declare -A acked
add() {
	local name=$1 account=$2
	shift 2
	fob "$name" add --issuer Fault --account "$account" --force \
		--secret-stdin "$@" <<<JBSWY3DPEHPK3PXP >"$work/out" 2>&1 &&
		acked[$account]=1
}

# kept LABEL NAME...: all that was acknowledged.
kept() {
	local label=$1 name missing
	shift
	for name in "$@"; do
		missing=$(printf '%s\n' "${!acked[@]}" | sort | comm -23 - <(
			fob "$name" list | awk '$2 == "Fault" { print $3 }' |
				sort))
		equal "$label: $name has all ${#acked[@]}" "$missing" ""
	done
}

used() {
	python3 "$here/faults.py" used "${pids[$1]}"
}

# no_more LABEL NAME BEFORE: descriptors as before, memory nearly so. What an
# allocator keeps for later is not lost, and some hundred entries are some, too.
no_more() {
	local label=$1 name=$2 fds kib now_fds now_kib
	read -r fds kib <<<"$3"
	read -r now_fds now_kib <<<"$(used "$name")"
	equal "$label: descriptors of $name" "$now_fds" "$fds"
	if [ $((now_kib - kib)) -le 2048 ]; then
		ok "$label: $name has $kib KiB, then $now_kib"
	else
		bad "$label: $name has $kib KiB, then $now_kib"
	fi
}
