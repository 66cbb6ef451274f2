#!/usr/bin/env python3
"""scarce.py FOB-SCARCE FOLDER ARGUMENT...: runs the client with its
allocations failing, once and from then on: each of the first, then some, which
take turns with the commits, until there are no more of them. It must end by
itself, with an error that is said, or as it should. With NOTED, the client and
its options as one text, only the last allocations fail: an export to FOLDER/out
that left a copy and no note in the vault must say so, and not end with 0."""
import os
import subprocess
import sys

MOST = 4000
EACH = 6
TURN = int(os.environ.get("FOB_TURN") or 0)


def run(command, folder, n, for_ever):
    enough = os.path.join(folder, "enough")
    env = dict(os.environ, FOB_SCARCE=str(n), FOB_SCARCE_ENOUGH=enough)
    if for_ever:
        env["FOB_SCARCE_ON"] = "1"
    try:
        done = subprocess.run(command, env=env, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=30,
                              start_new_session=True)
    except subprocess.TimeoutExpired:
        return None, False
    was_enough = os.path.exists(enough)
    if was_enough:
        os.unlink(enough)
    return done, was_enough


def wrong(done):
    """What is not as it has to be, or an empty text."""
    if done is None:
        return "it hangs"
    if done.returncode < 0:
        return f"signal {-done.returncode}"
    if (done.returncode and not done.stderr.strip() and
            b'{"error":{' not in done.stdout):
        return f"status {done.returncode} and no word"
    return ""


def noted():
    """The last LAST allocations of an export."""
    folder, command = sys.argv[2], [sys.argv[1], *sys.argv[3:]]
    client, copy = os.environ["NOTED"].split(), os.path.join(folder, "out")
    bad, copies, lost = 0, 0, 0

    def ask(*arguments):
        return subprocess.run([*client, *arguments], capture_output=True,
                              check=False, stdin=subprocess.DEVNULL)

    for n in range(total(command, folder), 0, -1):
        if os.path.exists(copy):
            os.unlink(copy)
        ask("edit", "GitHub", "--unset", "exported/uri")
        done, _ = run(command, folder, n, True)
        what = wrong(done)
        if not what and os.path.exists(copy):
            copies += 1
            note = ask("show", "GitHub", "--field", "exported/uri")
            if note.returncode:
                lost += 1
                if not done.returncode or b"copy is made" not in done.stderr:
                    what = f"no note, status {done.returncode}, no word of it"
        if what:
            bad += 1
            print(f"allocation {n}: {what}", done and done.stderr.decode())
        if not os.path.exists(copy):
            break
    print(f"{copies} copies, {lost} of them without a note")
    sys.exit(bad > 0 or lost == 0)


def total(command, folder):
    """How many allocations there are, by halves."""
    few, many = 0, MOST
    while many - few > 1:
        n = (few + many) // 2
        if run(command, folder, n, False)[1]:
            many = n
        else:
            few = n
    return many


def main():
    if "NOTED" in os.environ:
        noted()
    folder, command = sys.argv[2], [sys.argv[1], *sys.argv[3:]]
    bad = 0
    for for_ever in (False, True):
        n = 1
        while n < MOST:
            done, was_enough = run(command, folder, n, for_ever)
            what = wrong(done)
            if what:
                bad += 1
                print(f"allocation {n}{' and all later' * for_ever}: {what}")
                if done:
                    print(done.stderr.decode(errors="replace").strip())
            if was_enough:
                break
            n += 1 if n < EACH else max(1, n // 3 + TURN % 3)
        print(f"fewer than {n} allocations")
    sys.exit(1 if bad else 0)


main()
