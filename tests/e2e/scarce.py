#!/usr/bin/env python3
"""scarce.py FOB-SCARCE FOLDER ARGUMENT...: runs the client with its
allocations failing, once and from then on: each of the first, then some, which
take turns with the commits, until there are no more of them. It must end by
itself, with an error that is said, or as it should."""
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


def main():
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
