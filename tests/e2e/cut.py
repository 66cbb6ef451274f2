"""Joins whose newcomer is killed at a moment between the first and last word.

cut.py FOLDER ADDRESS TIMES: the inviter `a` runs in FOLDER, where the file
`pass` lies, too. Each newcomer is started, killed with -9 while it joins,
started again, and joins again unless it is a device by then. It must have the
codes then, and be one device for the inviter.
"""
import atexit
import json
import os
import subprocess
import sys
import time

folder, address, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
build = os.environ["FOB_BUILD"]


def command(name, *arguments):
    return [f"{build}/fob", "--socket", f"{folder}/{name}/sock",
            "--passphrase-file", f"{folder}/pass", *arguments]


def fob(name, *arguments):
    done = subprocess.run(command(name, *arguments), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def start(name):
    os.makedirs(f"{folder}/{name}", 0o700, exist_ok=True)
    with open(f"{folder}/{name}/log", "a") as log:
        daemon = subprocess.Popen(
            [f"{build}/fobd", "--allow-root", "--vault",
             f"{folder}/{name}/vault", "--socket", f"{folder}/{name}/sock",
             "--listen", "127.0.0.1:0", "--log-level", "debug",
             "--passphrase-file",
             f"{folder}/pass"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=log)
    atexit.register(daemon.kill)
    end = time.time() + 10
    while fob(name, "status")[0]:
        if daemon.poll() is not None or time.time() > end:
            sys.exit(f"{name}: fobd does not start: "
                     + open(f"{folder}/{name}/log").read())
        time.sleep(0.01)
    return daemon


def invite():
    inviter = subprocess.Popen(command("a", "invite", "-y"), text=True,
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    return inviter, inviter.stdout.readline().strip()


def state(name):
    code, out, _ = fob(name, "status", "--json")
    return json.loads(out)["state"]


def join(name, code):
    return subprocess.Popen(
        command(name, "join", code, "--at", address, "--name", name,
                "--timeout", "20"), stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait_for_join(name):
    """Tries again with new codes until it is a device: as a person would."""
    tries, said = 0, ""
    end = time.time() + 30
    while state(name) in ("empty", "joining") or fob(name, "unlocked")[0]:
        if time.time() > end:
            sys.exit(f"{name}: never joined; {state(name)}; {said}")
        if state(name) == "locked":
            fob(name, "unlock")
            continue
        tries += 1
        inviter, code = invite()
        joining = join(name, code)
        _, said = joining.communicate()
        if joining.returncode:
            print(f"    {name}: {joining.returncode} {said.strip()}")
            inviter.kill()
        inviter.wait()
    return tries


def once(name, delay):
    daemon = start(name)
    inviter, code = invite()
    joining = join(name, code)
    # The passphrase's key takes long; then the vault's first item comes.
    with open(f"{folder}/{name}/log") as log:
        seen = ""
        while "stored" not in seen and joining.poll() is None:
            seen += log.read()
    time.sleep(delay)
    cut = joining.poll() is None
    daemon.kill()
    daemon.wait()
    joining.wait()
    inviter.kill()
    inviter.wait()
    daemon = start(name)
    was = state(name)
    tries = wait_for_join(name)
    end = time.time() + 15
    while fob(name, "code", "shop", "--at", "59")[0]:
        if time.time() > end:
            sys.exit(f"{name}: no codes: {fob(name, 'code', 'shop')}")
        time.sleep(0.05)
    names = [device["name"] for device in
             json.loads(fob("a", "devices", "--json")[1])]
    alike = [other for other in names if other.startswith(name)]
    print(f"    {name}: cut after {delay * 1000:.0f} ms"
          f"{'' if cut else ' (joined already)'}, then {was}, "
          f"{tries} more; devices {alike}")
    if len(alike) != 1:
        sys.exit(f"{name}: the inviter has {names}")
    daemon.terminate()
    daemon.wait()
    return cut


cuts = 0
for i in range(times):
    cuts += once(f"cut{i}x", 0.04 * i * i / times / times)
if cuts < times / 4:
    sys.exit("hardly any of them was cut")
