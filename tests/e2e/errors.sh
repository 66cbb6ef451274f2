#!/bin/bash
# Wrong usage, and things that are not there: exit codes and messages.
. "$(dirname "$0")/lib.sh"

exits 2 "no command" bare a
exits 2 "no such command" bare a nonsense
exits 2 "no such option" bare a code --nonsense
exits 2 "an option without its value" bare a code --at
exits 2 "a number that is none" bare a code --min-left many
exits 2 "one argument too many" bare a code one two
exits 2 "an argument too few" bare a show
exits 0 "help" bare a help
exits 0 "--version" bare a --version
matches "an error in JSON" "$(bare a --json code --nonsense)" \
	'^\{"error":\{"code":"usage","message":"no such option: --nonsense"\}\}$'
for command in $("$FOB_BUILD/fob" help | sed -n \
	'/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
	[ "$command" = help ] && continue
	page=$(bare a "$command" --help)
	if [ $? = 0 ] && [[ $page == "Usage: fob $command"* ]] &&
		[[ $page == *Example:* ]]; then
		ok "$command --help"
	else
		bad "$command --help" "$page"
	fi
	equal "help $command" "$(bare a help "$command")" "$page"
done

exits 6 "no daemon" bare a status
matches "and the command to start it" "$(bare a status 2>&1)" 'fobd'
matches "no daemon, JSON" "$(bare a list --json)" \
	'^\{"error":\{"code":"no-daemon"'
exits 2 "a path too long" bare "$(printf 'x%.0s' $(seq 200))" status
equal "by the runtime folder" "$("$FOB_BUILD/fob" status 2>&1 | head -n 1)" \
	"fob: no daemon at $work/fob/fobd.sock"
equal "by a profile" "$(FOB_PROFILE=job "$FOB_BUILD/fob" status 2>&1 |
	head -n 1)" "fob: no daemon at $work/fob-job/fobd.sock"
equal "by FOB_SOCKET" "$(FOB_SOCKET=/nowhere "$FOB_BUILD/fob" status 2>&1 |
	head -n 1)" "fob: no daemon at /nowhere"

start_daemon a
matches "fields before there is a vault" "$(fob a list 2>&1)" 'fob init'
fob a init >/dev/null
reject() {
	local label=$1 word=$2 uri=$3 output status
	output=$(fob a add - 2>&1 <<<"$uri")
	status=$?
	if [ $status = 2 ] && [[ $output == *"$word"* ]]; then
		ok "$label"
	else
		bad "$label" "status $status" "$output"
	fi
}
reject "an empty secret" secret 'otpauth://totp/x?secret='
reject "a period of 0" period 'otpauth://totp/x?secret=AAAA&period=0'
reject "11 digits" digits 'otpauth://totp/x?secret=AAAA&digits=11'
reject "control characters in a name" account \
	'otpauth://totp/x%1by?secret=AAAA'
reject "a secret that is no base32" secret 'otpauth://totp/x?secret=A1AA'
secret() {
	fob a add --issuer x --account y --secret-stdin "$@" <<<"${secret-AAAA}"
}
exits 2 "options: a period of 0" secret --period 0
exits 2 "options: 11 digits" secret --digits 11
exits 2 "options: no such type" secret --type magic
exits 2 "options: no such algorithm" secret --algorithm rot13
exits 2 "options: two tags of one name are no harm, a bad one is" \
	secret --tag $'a\nb'
exits 2 "options: a name of 257 bytes" secret --note n \
	--account "$(printf 'x%.0s' $(seq 257))"
secret='' exits 2 "options: no secret" secret
exits 2 "no secret and no terminal" fob a add --issuer x
exits 2 "nothing at all" fob a add
equal "nothing of it went in" "$(fob a list --json)" "[]"
exits 0 "a field" secret --field k=v
exits 9 "the same secret again" secret
exits 0 "forced" secret --force
exits 8 "no device to wait for" fob a sync --wait --timeout 1
exits 2 "invite without anybody to approve" fob a invite
exits 7 "the trash is not emptied by chance" fob a trash empty
exits 3 "no such device" fob a device rename nobody x
matches "a warning about argv" \
	"$(fob a add 'otpauth://totp/z?secret=JBSWY3DP' 2>&1)" 'process'

matches "a number that is none" "$(fob a list --timeout soon 2>&1)" \
	'--timeout: not a number: soon'
matches "two codes at once" "$(fob a code 2>&1)" 'there are .* accounts'
matches "and how to have all" "$(fob a code 2>&1)" 'fob code --all'
exits 2 "a new kit that nobody would see in time" fob a kit new --json

# --- a daemon that is stopped, with its queue full ---
kill -STOP "${pids[a]}"
exits 8 "no answer in time" fob a list --timeout 1
python3 - "$work/a/sock" >"$work/filled" <<'END' &
import socket, sys, time
crowd = []
try:
    while True:
        crowd.append(socket.socket(socket.AF_UNIX))
        crowd[-1].setblocking(False)
        crowd[-1].connect(sys.argv[1])
except BlockingIOError:
    print("full", flush=True)
time.sleep(20)
END
crowd=$!
wait_for 10 grep -q full "$work/filled"
exits 8 "no room in the queue in time" timeout 10 "$FOB_BUILD/fob" \
	--socket "$work/a/sock" list --timeout 1
kill $crowd
wait $crowd 2>/dev/null
kill -CONT "${pids[a]}"
check "it goes on when they are gone" fob a list

# --- a file that cannot be read ---
matches "reading names the file" "$(fob a snapshot verify /tmp 2>&1)" \
	'reading /tmp: '

# --- a daemon that ends under a request ---
fob a sync --wait --timeout 20 2>"$work/ended" >/dev/null &
asks=$!
connected() {
	[ "$(grep -c "$work/a/sock" /proc/net/unix)" -ge 2 ]
}
wait_for 10 connected
sleep 0.2
stop_daemon a KILL 2>/dev/null
wait $asks
equal "a daemon that ends under a request" $? 1
matches "what may have happened" "$(cat "$work/ended")" 'may be done or not'
matches "and what to do" "$(cat "$work/ended")" 'fob log'
start_daemon a

# --- a full disk below the answer ---
if [ -e /dev/full ]; then
	fob a list >/dev/full 2>/dev/null
	equal "an answer that cannot be written" $? 1
fi
finish
