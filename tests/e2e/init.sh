#!/bin/bash
# A vault is made, its kit is shown once, and it opens with what should open
# it and with nothing else.
. "$(dirname "$0")/lib.sh"

start_daemon a
equal "an empty daemon says so" "$(fob a status --json | json 'd["state"]')" \
	empty
exits 5 "unlocked is false" fob a unlocked
exits 1 "list asks for a vault first" fob a list
exits 5 "init without a passphrase" bare a init
made=$(fob a init --name laptop --json)
equal "init gives 24 words" "$(json 'len(d["words"].split())' <<<"$made")" 24
equal "the vault's id" "$(json 'len(d["vault"])' <<<"$made")" 64
status=$(fob a status --json)
equal "it is unlocked" "$(json 'd["state"]' <<<"$status")" unlocked
equal "status names the vault" "$(json 'd["vault"]' <<<"$status")" \
	"$(json 'd["vault"]' <<<"$made")"
equal "status names the device" "$(json 'd["device"]["name"]' <<<"$status")" \
	laptop
equal "status has all fields" "$(json 'sorted(set("""state vault device
	listen entries items root peers clock_offset_ms warnings version
	""".split()) - set(d))' <<<"$status")" "[]"
exits 9 "a second init" fob a init
exits 9 "a second init at once, without a passphrase" bare a init

check "lock" fob a lock
exits 5 "it is locked" fob a unlocked
exits 5 "no terminal, no passphrase" bare a list
matches "the error is JSON" "$(bare a list --json </dev/null)" \
	'^\{"error":\{"code":"locked"'
printf 'wrong\n' >"$work/wrong"
chmod 600 "$work/wrong"
exits 7 "a wrong passphrase" bare a --passphrase-file "$work/wrong" list
cp "$work/pass" "$work/open"
chmod 644 "$work/open"
exits 5 "a passphrase file that others read" \
	bare a --passphrase-file "$work/open" list
ln -s "$work/pass" "$work/link"
exits 5 "a passphrase file that is a link" \
	bare a --passphrase-file "$work/link" list
exits 5 "a passphrase file that is a folder" \
	bare a --passphrase-file "$work" list
check "a passphrase from a descriptor" \
	bare a list --passphrase-fd 3 3<"$work/pass"
fob a lock
check "a passphrase file from the environment" \
	env FOB_PASSPHRASE_FILE="$work/pass" setsid -w "$FOB_BUILD/fob" \
	--socket "$work/a/sock" unlock
exits 0 "unlocked is true" fob a unlocked
equal "unlocked is silent" "$(fob a unlocked)" ""

# --- slots ---
fob a lock
exits 1 "a key file that is not there" bare a unlock --key-file "$work/none"
exits 1 "a key file that is a folder" \
	fob a passphrase --add-key-file "$work"

# --- helper programs ---
mkdir "$work/bin"
cp "$FOB_BUILD/fob" "$work/bin/"
cat >"$work/bin/fob-formats" <<-'EOF'
	#!/bin/sh
	sed -n 's/^SigIgn:\t/0x/p' /proc/self/status >"$HOME/ignored"
EOF
chmod +x "$work/bin/fob-formats"
"$work/bin/fob" --socket "$work/a/sock" import "$work/pass" >"$work/out" 2>&1
equal "a helper does not ignore SIGPIPE" \
	"$(($(cat "$work/ignored") & 0x1000))" 0

head -c 32 /dev/urandom >"$work/key"
chmod 600 "$work/key"
check "add a key file" fob a passphrase --add-key-file "$work/key"
slot=$(fob a passphrase --list --json | json 'd[1]["slot"]')
fob a lock
check "unlock with the key file" bare a unlock --key-file "$work/key"
printf 'new one\n' >"$work/new"
chmod 600 "$work/new"
check "change the passphrase" \
	fob a passphrase --new-passphrase-file "$work/new"
fob a lock
exits 7 "the old one is no more" fob a unlock
check "the new one is" bare a --passphrase-file "$work/new" unlock
check "remove the key file" \
	bare a --passphrase-file "$work/new" passphrase --remove "$slot"
fob a lock
exits 7 "it opens nothing now" bare a unlock --key-file "$work/key"
cp "$work/new" "$work/pass"

# --- a passphrase from a pipe that stays open ---
mkfifo "$work/pipe"
exec 7<>"$work/pipe"
printf 'new one\nand more\n' >&7
check "--passphrase-fd takes one line and does not wait for the end" \
	timeout 10 "$FOB_BUILD/fob" --socket "$work/a/sock" --passphrase-fd 7 \
	unlock
read -r -t 5 more <&7
equal "and leaves what follows" "$more" "and more"
exec 7>&-
fob a lock

# --- after a restart ---
stop_daemon a
start_daemon a
equal "locked after a restart" "$(fob a status --json | json 'd["state"]')" \
	locked
check "unlocked on the way" fob a list
stop_daemon a

# --- the kit in a file, and at a terminal ---
start_daemon b
touch "$work/there"
exits 1 "a kit is never written over" fob b init --kit "$work/there"
equal "and nothing was made" "$(fob b status --json | json 'd["state"]')" \
	empty
no_room() {
	(
		trap '' XFSZ
		ulimit -f 0
		fob b init --kit "$work/full"
	)
}
# Only a file below the limit may hold what is read here.
no_room >/dev/null 2>&1
equal "a kit that finds no room" $? 1
equal "ends before there is a vault" \
	"$(fob b status --json | json 'd["state"]')" empty
check "and leaves no file" test ! -e "$work/full"
check "init --kit" fob b init --kit "$work/kit"
equal "the kit is the owner's" "$(stat -c %a "$work/kit")" 600
equal "the kit has 24 words" "$(wc -w <"$work/kit")" 24
equal "and nothing else" "$(tr -d 'a-z \n' <"$work/kit" | wc -c)" 0
cp "$work/kit" "$work/kit-before"
fob b kit new --kit "$work/kit" <"$work/kit-before" >"$work/said" 2>&1
equal "a kit is not made into the file of the old one" $? 1
check "which stays" cmp "$work/kit" "$work/kit-before"
if grep -q 'not the kit' "$work/said"; then
	bad "and nobody calls it void" "$(cat "$work/said")"
else
	ok "and nobody calls it void"
fi
fob b kit new <"$work/kit" >"$work/kit-new" 2>/dev/null
equal "a new one on standard output" $? 0
check "is the kit" fob b kit verify <"$work/kit-new"
start_daemon c
shown=$(typing c 'New passphrase: ' Geheim7 'Again: ' Geheim7 -- init -y)
equal "init at a terminal" $? 0
matches "it numbers the words" "$shown" '24\. [a-z]+'
if [[ $shown == *Geheim7* ]]; then
	bad "the passphrase is not echoed" "$shown"
else
	ok "the passphrase is not echoed"
fi
start_daemon d
equal "an interrupt at the prompt" "$(python3 "$here/interrupt.py" \
	"$FOB_BUILD/fob" --socket "$work/d/sock" init | xargs)" \
	"silent as before SIGINT"
equal "made nothing" "$(fob d status --json | json 'd["state"]')" empty
typing d 'New passphrase: ' one 'Again: ' other -- init >/dev/null
equal "two different ones" $? 2
equal "nothing was made" "$(fob d status --json | json 'd["state"]')" empty

# --- in a folder that another program synchronises ---
mkdir -p "$work/e/.stfolder"
start_daemon e
matches "a vault in there is warned of" \
	"$(fob e status --json | json 'd["warnings"]')" 'another program'
matches "in the log, too" "$(cat "$work/e/log")" "lies in $work/e,"
finish
