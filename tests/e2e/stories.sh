#!/bin/bash
# What the vault is for, told with real daemons that go on from story to story:
# a stolen junior and all that its thief did, a stolen senior, a backup that is
# restored over a live device, a cloned machine, and a device that slept
# through all of it, two new kits and 400 days.
. "$(dirname "$0")/lib.sh"

# Key files instead of passphrases, whose cost is paid on purpose.
head -c 64 /dev/urandom >"$work/key"
chmod 600 "$work/key"
fob() {
	local name=$1
	shift
	setsid -w "$FOB_BUILD/fob" --socket "$work/$name/sock" \
		--key-file "$work/key" "$@"
}

declare -A at
start_at() {
	start_daemon "$1" --listen "127.0.0.1:${at[$1]-0}"
	if [ "$(bare "$1" status --json | json 'd["state"]')" = locked ]; then
		fob "$1" unlock
	fi
	at[$1]=$(address_of "$1")
	at[$1]=${at[$1]##*:}
}

# add NAME ISSUER [OPTION...]: with a secret of its own.
add() {
	local name=$1 issuer=$2
	shift 2
	printf 'a secret for %-10s' "$issuer" | base32 |
		fob "$name" add --issuer "$issuer" --account me \
			--secret-stdin "$@" >/dev/null
}

states() {
	fob "$1" devices --json |
		json "' '.join(sorted(x['name'] + ':' + x['state'] for x in d))"
}

is_state() {
	[[ " $(states "$1") " == *" $2:$3 "* ]]
}

is_out() {
	bare "$1" status --json | grep -q 'was revoked by'
}

# has NAME ISSUER...: all of them.
has() {
	local name=$1 issuers issuer
	shift
	issuers=" $(fob "$name" list | cut -f 2 | xargs) "
	for issuer in "$@"; do
		[[ $issuers == *" $issuer "* ]] || return 1
	done
}

lacks() {
	! has "$@"
}

aside() {
	fob "$1" quarantine --json |
		json "' '.join(sorted(x['issuer'] for x in d))"
}

is_aside() {
	[ "$(aside "$1")" = "$2" ]
}

in_sync() {
	fob "$1" sync --wait --timeout 20
}

# moment: the next second begins; what is done from now on is done since then.
moment() {
	local now
	now=$(date +%s)
	wait_for 3 eval "[ \$(date +%s) -gt $now ]"
	date -u +%Y-%m-%dT%H:%M:%SZ
}

# --- a home: a is the first, b and c come after, z is put into a drawer
start_at a
fob a init --name a --kit "$work/kit" >/dev/null 2>&1
for name in b c z; do
	start_at $name
	pair a $name >/dev/null 2>&1
done
add a Bank --wait-copies 3
add a Mail --wait-copies 3
fob z add --issuer Drawer --account me --secret-stdin --wait-copies 1 \
	<<<GEZDGNBVGY3TQOJQ >/dev/null
check "three are in sync" in_sync a
stop_daemon z

# --- the theft: b, unlocked, in other hands
since=$(moment)
add b Evil --wait-copies 2
start_at p
check "the thief lets in a puppet" pair b p
add p Puppet
check "whose entries are taken for good" wait_for 10 has a Puppet
stop_daemon a
add b Late --wait-copies 1
check "it writes where a does not see it" wait_for 10 has c Late
check "it revokes another" fob b device revoke c
check "who hears that" wait_for 10 is_out c
for name in b p c; do
	stop_daemon $name
done
start_at c
matches "c has heard by whom" "$(bare c status --json)" 'revoked by b on'
start_at a
answer=$(fob a device revoke b --since "$since" --json)
equal "the senior revokes it" "$(json 'd["effect"]' <<<"$answer")" revoked
equal "the checklist is what it could read" \
	"$(json 'sorted(x["issuer"] for x in d["rotate"])' <<<"$answer")" \
	"['Bank', 'Drawer', 'Mail']"
for name in b p; do
	start_at $name
done
check "c is back" wait_for 20 is_state a c member
check "and knows" wait_for 20 is_state c b revoked
check "the thief hears it" wait_for 20 is_out b
equal "the puppet is none of us" "$(states a)" \
	"a:member b:revoked c:member z:member"
check "c writes" add c Mended --wait-copies 1
check "a reads that" wait_for 10 has a Mended
check "nothing of the thief's counts" lacks a Evil
check "nor at c" lacks c Late
check "a has aside what it saw" is_aside a "Evil Puppet"
check "c also what came late" is_aside c "Evil Late Puppet"
late=$(fob c quarantine --json | json \
	"[x['id'] for x in d if x['issuer'] == 'Late'][0]")
equal "each is shown with its author" "$(fob c quarantine --json | json \
	"[(x['device'], x['why']) for x in d if x['id'] == '$late']")" \
	"[('b', 'late')]"
check "what was honest is taken over" fob c quarantine import "$late"
check "and is everywhere" wait_for 10 has a Late
exits 7 "the thief writes no more" fob b edit bank --note mine
exits 3 "and reads nothing new" fob b code mended
equal "one checklist for all" "$(fob c rotate | wc -l)" \
	"$(fob a rotate | wc -l)"
stop_daemon b
stop_daemon p

# --- the stolen senior: a, unlocked, in other hands
start_at e
check "e joins" pair c e
check "and has all" in_sync e
since=$(moment)
answer=$(fob c device revoke a --json)
equal "a junior may suspend" "$(json 'd["effect"]' <<<"$answer")" suspended
check "all see that" wait_for 10 is_state e a suspended
check "the thief hears it" wait_for 10 is_state a a suspended
fob a add --issuer Theft --account me --secret-stdin <<<MFRGGZDFMZTWQ2LK \
	>/dev/null 2>&1
exits 7 "and cannot lift it" fob a device lift a
fob a device revoke c >/dev/null 2>&1
check "what it does reaches the others" wait_for 10 is_state e c revoked
answer=$(fob e device revoke a --kit --since "$since" --json <"$work/kit")
equal "the kit settles it" "$(json 'd["effect"]' <<<"$answer")" revoked
check "a is told" wait_for 10 is_out a
check "c is back again" wait_for 20 is_state c c member
check "e knows" wait_for 10 is_state e c member
check "c writes" add c Settled --wait-copies 1
check "what the thief wrote does not count" lacks e Theft
stop_daemon a

# --- the backup, restored over a live device
stop_daemon e
cp -r "$work/e/vault" "$work/backup"
start_at e
check "written after the backup" add e Forgotten --wait-copies 1
stop_daemon e
rm -r "$work/e/vault"
cp -r "$work/backup" "$work/e/vault"
stop_daemon c
start_at e
add e Again
start_at c
check "all that was written is on e" wait_for 20 has e Forgotten Again
check "and on c" wait_for 20 has c Forgotten Again
for name in c e; do
	check "$name: it runs from a copy" wait_for 10 \
		eval "bare $name status --json | grep -q 'runs from a copy'"
	equal "$name: so says doctor" "$(fob $name doctor --json |
		json '"fork" in str([x["check"] for x in d])')" True
done

# --- the cloned machine
stop_daemon e
mkdir -m 700 "$work/f"
cp -r "$work/e/vault" "$work/f/vault"
start_at e
start_at f
add e Original
add f Clone
for name in c e f; do
	check "$name has all of both" wait_for 30 has $name Original Clone
done

# --- out of the drawer, 400 days later: two kits, three devices and a purge
# later DAYS: every daemon that is started from now on.
later() {
	export FOB_LATER_DAYS=$1
	later=$FOB_BUILD/tests/later.so
}

for name in c e f; do
	stop_daemon $name
done
later 130
start_at c
check "130 days on, a new kit" fob c kit new --kit "$work/kit2" <"$work/kit"
check "a purge" fob c -y purge mail
stop_daemon c
later 260
start_at c
check "260 days on, another kit" fob c kit new --kit "$work/kit3" <"$work/kit2"
check "the third is out" fob c device revoke e
stop_daemon c
later 400
start_at c
matches "z is missed" "$(fob c doctor --json |
	json '[x["message"] for x in d if x["subject"] == "z"]')" \
	'not heard of for 400 days'
start_at z
check "z has what was written meanwhile" \
	wait_for 30 has z Bank Mended Late Settled Forgotten Again Original
check "and not what was purged" lacks z Mail
matches "it knows who is left" "$(states z)" \
	'^([?]:revoked )?a:revoked b:revoked c:member (e:revoked )?z:member$'
check "it writes, and is heard" add z Awake --wait-copies 1
check "nothing of its own is lost" has c Drawer Awake
exits 7 "old words are old" fob z kit verify <"$work/kit2"
check "the newest open" fob z kit verify <"$work/kit3"
finish
