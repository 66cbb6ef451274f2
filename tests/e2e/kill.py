"""Writes on two devices while either is killed, again and again.

kill.py FOLDER KILLS: in FOLDER lie a/ and b/, two paired vaults with daemons
that run (their process ids in a/pid and b/pid), and the file `pass`. Each
device has a writer: it adds accounts, edits its own ones, and takes codes of
its own HOTP account and of one that both use. What a command confirmed with
exit 0 is remembered; at the end all of it must be on both devices, from disk.
"""
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

folder, kills = sys.argv[1], int(sys.argv[2])
build = os.environ["FOB_BUILD"]
seed = int(os.environ.get("FOB_SEED", time.time_ns() % 1000000))
chance = random.Random(seed)
ports = {}
daemons = {}
problems = []


def fob(name, *arguments, text="", wait=30):
    done = subprocess.run(
        [f"{build}/fob", "--socket", f"{folder}/{name}/sock",
         "--passphrase-file", f"{folder}/pass", *arguments],
        input=text, capture_output=True, text=True, timeout=wait + 10)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def start(name):
    with open(f"{folder}/{name}/log", "a") as log:
        daemons[name] = subprocess.Popen(
            [f"{build}/fobd", "--allow-root", "--vault",
             f"{folder}/{name}/vault", "--socket", f"{folder}/{name}/sock",
             "--listen", f"127.0.0.1:{ports[name]}", "--passphrase-file",
             f"{folder}/pass"],
            stdin=subprocess.DEVNULL, stderr=log)


def status(name):
    code, out, _ = fob(name, "status", "--json")
    return json.loads(out) if code == 0 else None


def await_state(name, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        if daemons[name].poll() is not None:
            problem(f"{name}: fobd ended by itself with status "
                    f"{daemons[name].returncode}")
            return False
        now = status(name)
        if now and now["state"] == "unlocked":
            return True
        time.sleep(0.02)
    problem(f"{name}: not unlocked {seconds} s after its start")
    return False


def problem(text):
    problems.append(text)
    print("FAILED:", text, flush=True)


class Writer(threading.Thread):
    def __init__(self, name, shared):
        super().__init__(daemon=True)
        self.name_, self.shared = name, shared
        self.rng = random.Random(f"{seed}{name}")
        self.added = {}        # id: account
        self.notes = {}        # id: [confirmed or tried since, in order]
        self.codes = {}        # hotp id: set of counters shown
        self.unsure = 0
        self.stopping = False
        self.own = None
        self.n = 0

    def run(self):
        while not self.stopping:
            {0: self.edit, 1: self.edit, 2: self.code, 3: self.code,
             4: self.code_shared}.get(self.rng.randrange(9), self.add)()

    def try_(self, *arguments, text=""):
        code, out, err = fob(self.name_, *arguments, text=text)
        if code not in (0, 1, 5, 6):
            problem(f"{self.name_}: {' '.join(arguments)}: {code} {err}")
        if code:
            self.unsure += 1
            time.sleep(0.02)
        return out if code == 0 else None

    def add(self):
        self.n += 1
        account = f"{self.name_}{self.n}"
        out = self.try_("add", "--issuer", "Kill", "--account", account,
                        "--secret-stdin", text=secret(self.rng) + "\n")
        if out:
            self.added[out] = account

    def edit(self):
        if not self.added:
            return
        entry = self.rng.choice(list(self.added)[-20:])
        self.n += 1
        note = f"note {self.name_} {self.n}"
        # Tried and not confirmed may have happened: then it may stand.
        tried = self.notes.setdefault(entry, [""])
        if self.try_("edit", entry, "--note", note) is None:
            tried.append(note)
        else:
            self.notes[entry] = [note]

    def hotp(self, entry):
        out = self.try_("code", entry, "--json")
        if out:
            counter = json.loads(out)[0]["counter"]
            seen = self.codes.setdefault(entry, set())
            if counter in seen:
                problem(f"{self.name_}: counter {counter} given twice")
            seen.add(counter)

    def code(self):
        self.hotp(self.own)

    def code_shared(self):
        self.hotp(self.shared)


def secret(rng):
    return "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
                   for _ in range(32))


def hotp_entry(name, account):
    code, out, err = fob(name, "add", "--issuer", "Hotp", "--account",
                         account, "--type", "hotp", "--secret-stdin",
                         text=secret(chance) + "\n")
    if code:
        sys.exit(f"hotp add: {code} {err}")
    return out


def converge(seconds):
    end = time.time() + seconds
    while time.time() < end:
        roots = [status(name)["root"] for name in "ab"]
        if roots[0] == roots[1]:
            return time.time()
        time.sleep(0.05)
    problem(f"after {seconds} s the sets differ: {roots}")
    return None


def verify(writers):
    checked = 0
    for name in "ab":
        code, out, err = fob(name, "list", "--json")
        if code:
            problem(f"{name}: list: {code} {err}")
            continue
        held = {entry["id"]: entry for entry in json.loads(out)}
        for writer in writers:
            for entry, account in writer.added.items():
                checked += 1
                if held.get(entry, {}).get("account") != account:
                    problem(f"{name}: lost {entry} ({account}) "
                            f"of {writer.name_}")
            for entry, allowed in writer.notes.items():
                checked += 1
                _, note, _ = fob(name, "show", entry, "--field", "note")
                if note not in allowed:
                    problem(f"{name}: {entry} has note {note!r}, "
                            f"not one of {allowed}")
            for entry, seen in writer.codes.items():
                checked += 1
                if held[entry]["counter"] <= max(seen):
                    problem(f"{name}: counter of {entry} is "
                            f"{held[entry]['counter']}, "
                            f"{max(seen)} was given")
    return checked


def ended(pid):
    """Whether a process that is not our child has no files open any more."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def main():
    for name in "ab":
        ports[name] = status(name)["listen"][0].rsplit(":", 1)[1]
    for name in "ab":
        with open(f"{folder}/{name}/pid") as file:
            pid = int(file.read())
        os.kill(pid, signal.SIGKILL)
        # It holds the vault to its very end, after its socket is closed.
        while not ended(pid):
            time.sleep(0.01)
        start(name)
    if not all(await_state(name) for name in "ab"):
        return
    shared = hotp_entry("a", "both")
    writers = [Writer(name, shared) for name in "ab"]
    for writer in writers:
        writer.own = hotp_entry(writer.name_, "own" + writer.name_ * 2)
    while shared not in fob("b", "list")[1]:
        time.sleep(0.05)
    for writer in writers:
        writer.start()
    for _ in range(kills):
        time.sleep(chance.uniform(0, 0.7))
        name = chance.choice("ab")
        daemons[name].kill()
        daemons[name].wait()
        start(name)
        # Sometimes once more while it starts, or while it opens.
        if chance.random() < 0.2:
            time.sleep(chance.uniform(0, 0.2))
            daemons[name].kill()
            daemons[name].wait()
            start(name)
        if not await_state(name) or len(problems) > 10:
            break
    for writer in writers:
        writer.stopping = True
    for writer in writers:
        writer.join()
    before = time.time()
    met = converge(30)
    for name in "ab":
        daemons[name].kill()
        daemons[name].wait()
        start(name)
    if all(await_state(name) for name in "ab"):
        converge(30)
        checked = verify(writers)
        print(f"{sum(len(w.added) for w in writers)} adds, "
              f"{sum(len(w.notes) for w in writers)} edited, "
              f"{sum(len(s) for w in writers for s in w.codes.values())} "
              f"HOTP codes confirmed, {sum(w.unsure for w in writers)} cut; "
              f"{checked} checks; equal "
              f"{(met or 0) - before:.1f} s after the last write")
        if sum(len(w.added) for w in writers) < kills:
            problem("too few writes went on to prove anything")


try:
    main()
finally:
    for daemon in daemons.values():
        daemon.kill()
        daemon.wait()
if problems:
    print(f"{len(problems)} problems; FOB_SEED={seed}")
    sys.exit(1)
