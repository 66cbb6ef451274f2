"""The measurements of tests/bench/run, and the table that it prints."""
import atexit
import base64
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

build = os.environ["FOB_BUILD"]
quick = "--quick" in sys.argv
work = tempfile.mkdtemp(prefix="fob-bench.", dir=os.environ.get("TMPDIR"))
passphrase = work + "/passphrase"
started = []
rows = []
nothing = os.open("/dev/null", os.O_RDWR)


def tidy():
    for process in started:
        process.kill()
        process.wait()
    shutil.rmtree(work, ignore_errors=True)


atexit.register(tidy)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def write(path, text, mode=0o600):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


class Device:
    def __init__(self, name, *options):
        self.name = name
        self.folder = f"{work}/{name}"
        os.mkdir(self.folder, 0o700)
        self.socket = self.folder + "/s"
        self.marks = {}
        self.start(*options)

    def start(self, *options):
        self.daemon = subprocess.Popen(
            [build + "/fobd", "--allow-root", "--vault",
             self.folder + "/vault", "--socket", self.socket, "--listen",
             "127.0.0.1:0", "--no-discovery", "--idle-lock", "0", *options],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        started.append(self.daemon)
        threading.Thread(target=self.listen, daemon=True,
                         args=(self.daemon.stderr,)).start()
        while self.fob("status", check=False)[0]:
            if self.daemon.poll() is not None:
                sys.exit(f"{self.name}: fobd does not start")
            time.sleep(0.01)

    def listen(self, stderr):
        """When did it first log each kind of line?"""
        for line in stderr:
            found = re.match(r"fobd: (peer up|joined|unlocked)", line)
            if found:
                self.marks.setdefault(found.group(1), time.monotonic())

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait()

    def command(self, *arguments):
        return [build + "/fob", "--socket", self.socket, "--passphrase-file",
                passphrase, *arguments]

    def fob(self, *arguments, text="", check=True):
        done = subprocess.run(self.command(*arguments), input=text, text=True,
                              capture_output=True)
        if check and done.returncode:
            sys.exit(f"fob {' '.join(arguments)}: {done.returncode} "
                     f"{done.stderr}")
        return done.returncode, done.stdout

    def status(self):
        return json.loads(self.fob("status", "--json")[1])

    def wake_ups(self):
        n = 0
        for task in os.listdir(f"/proc/{self.daemon.pid}/task"):
            with open(f"/proc/{self.daemon.pid}/task/{task}/status") as file:
                n += int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)",
                                   file.read()).group(1))
        return n

    def private_kilobytes(self):
        """Anonymous memory, and what is locked without being anonymous."""
        n = 0
        with open(f"/proc/{self.daemon.pid}/smaps") as file:
            for part in re.split(r"\n(?=[0-9a-f]+-)", file.read()):
                got = {key: int(value) for key, value in
                       re.findall(r"\n(Anonymous|Locked):\s+(\d+) kB", part)}
                n += max(got.get("Anonymous", 0), got.get("Locked", 0))
        return n


def uris(n, path):
    write(path, "".join(
        f"otpauth://totp/Issuer{i}:user{i}@example.org?secret="
        f"{base64.b32encode(i.to_bytes(20, 'big')).decode()}"
        f"&issuer=Issuer{i}\n" for i in range(n)))


def pair(inviter, newcomer, *options):
    inviting = subprocess.Popen(
        inviter.command("invite", "-y", *options), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    code = inviting.stdout.readline().strip()
    newcomer.fob("join", code, "--name", newcomer.name, *options, "--at",
                 inviter.status()["listen"][0])
    inviting.wait()
    while "joined" not in newcomer.marks:
        time.sleep(0.001)


def spawn(command, stdin=nothing):
    """Milliseconds of a whole process."""
    actions = [(os.POSIX_SPAWN_DUP2, stdin, 0),
               (os.POSIX_SPAWN_DUP2, nothing, 1),
               (os.POSIX_SPAWN_DUP2, nothing, 2)]
    begin = time.perf_counter_ns()
    pid = os.posix_spawn(command[0], command, os.environ,
                         file_actions=actions)
    _, status = os.waitpid(pid, 0)
    took = (time.perf_counter_ns() - begin) / 1e6
    if status:
        sys.exit(f"{' '.join(command)}: status {status}")
    return took


def ratio(what, ours, floor_name, floors, unit, aim):
    a, b = statistics.median(ours), statistics.median(floors)
    r = a / b
    rows.append((what, f"{a:.2f} {unit}", f"{floor_name}: {b:.2f} {unit}",
                 f"{r:.2f}x", f"{aim}x", r <= aim))


def amount(what, value, unit, aim):
    rows.append((what, f"{value} {unit}", "", "", f"{aim} {unit}",
                 value <= aim))


def progress(text):
    print(text, file=sys.stderr, flush=True)


def measure_code(device):
    progress("fob code ...")
    tool = shutil.which("oathtool")
    secret = base64.b32encode((500).to_bytes(20, "big")).decode()
    ours, floors = [], []
    for i in range(60 if quick else 400):
        a = spawn(device.command("code", "user500@"))
        b = spawn([tool, "--totp", "-b", secret])
        if i >= 20:
            ours.append(a)
            floors.append(b)
    ratio("fob code, 1,000 accounts", ours, "oathtool", floors, "ms", 1.0)


def measure_add(device):
    progress("fob add --wait-copies 1 ...")
    folder = work + "/floor"
    os.mkdir(folder)
    floor = subprocess.Popen(
        [build + "/tests/bench-floor", folder], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True)
    started.append(floor)
    ours, floors, whole, whole_floors = [], [], [], []
    nothing_done = [shutil.which("true")]
    for i in range(30 if quick else 200):
        secret = base64.b32encode(os.urandom(20)).decode()
        read, put = os.pipe()
        os.write(put, secret.encode() + b"\n")
        os.close(put)
        a = spawn(device.command("add", "--issuer", "Bench", "--account",
                                 f"n{i}", "--secret-stdin", "--wait-copies",
                                 "1"), read)
        os.close(read)
        floor.stdin.write("\n")
        floor.stdin.flush()
        b = int(floor.stdout.readline()) / 1e6
        start = spawn([build + "/fob", "--version"])
        bare = spawn(nothing_done)
        if i >= 10:
            whole.append(a)
            whole_floors.append(b + bare)
            ours.append(a - start)
            floors.append(b)
    floor.stdin.close()
    ratio("fob add --wait-copies 1, whole process", whole,
          "2 commits + loopback + true(1)", whole_floors, "ms", 2.0)
    ratio("the same without the start of a process", ours,
          "2 commits + loopback", floors, "ms", 2.0)


class Redis:
    """A server that is asked in its own protocol."""

    def __init__(self, name):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.server = subprocess.Popen(
            [shutil.which("redis-server"), "--port", str(self.port), "--bind",
             "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", work,
             "--dbfilename", name + ".rdb", "--repl-diskless-sync", "yes",
             "--repl-diskless-sync-delay", "0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started.append(self.server)
        while True:
            try:
                self.socket = socket.create_connection(
                    ("127.0.0.1", self.port))
                break
            except ConnectionError:
                time.sleep(0.02)
        self.file = self.socket.makefile("rb")

    def send(self, *words):
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(w), w) for w in words))

    def answer(self):
        line = self.file.readline()
        if line[:1] == b"$":
            return self.file.read(int(line[1:]) + 2)
        return line

    def ask(self, *words):
        self.send(*words)
        return self.answer()


def redis_resync(master):
    replica = Redis(f"replica{time.time_ns()}")
    replica.ask(b"PING")
    begin = time.monotonic()
    if replica.ask(b"REPLICAOF", b"127.0.0.1",
                   str(master.port).encode()) != b"+OK\r\n":
        sys.exit("redis refused to replicate")
    while b"master_link_status:up" not in replica.ask(b"INFO",
                                                      b"replication"):
        time.sleep(0.001)
    took = time.monotonic() - begin
    if replica.ask(b"DBSIZE").strip() != b":10000":
        sys.exit("redis has not replicated all")
    replica.server.kill()
    replica.server.wait()
    return took * 1000


def measure_recovery(full):
    """A new device from a keeper, by a key file, which costs nothing."""
    progress("recovery of 10,000 entries from a keeper ...")
    nas = Device("nas", "--keeper")
    pair(full, nas, "--keeper")
    full.fob("sync", "--wait", "--timeout", "120")
    write(work + "/key", base64.b64encode(os.urandom(48)).decode())
    with open(work + "/full/kit") as file:
        words = file.read()
    took = []
    for i in range(1 if quick else 3):
        device = Device(f"back{i}")
        command = [build + "/fob", "--socket", device.socket, "--key-file",
                   work + "/key"]
        begin = time.monotonic()
        # Nobody is put out, so each time the keeper has what it had.
        subprocess.run(command + ["recover", "--from",
                                  nas.status()["listen"][0], "--keep", "full",
                                  *[f"--keep=back{k}" for k in range(i)],
                                  "--name", device.name],
                       input=words, text=True, check=True,
                       capture_output=True)
        subprocess.run(command + ["code", "user9999@"], check=True,
                       capture_output=True)
        took.append(time.monotonic() - begin)
        if device.status()["entries"] != 10000:
            sys.exit("what was recovered lacks entries")
        device.fob("sync", "--wait")
        device.stop()
    nas.stop()
    amount("a new device from a keeper, 10,000 entries",
           round(statistics.median(took), 2), "s", 3)


def measure_first_sync():
    progress("first sync of 10,000 entries ...")
    full = Device("full")
    full.fob("init", "--name", "full", "--kit", work + "/full/kit")
    uris(10000, work + "/ten-thousand")
    begin = time.monotonic()
    full.fob("import", work + "/ten-thousand", "--timeout", "300")
    imported = time.monotonic() - begin
    master = Redis("master")
    value = os.urandom(752)
    for i in range(10000):
        master.send(b"SET", i.to_bytes(32, "big"), value)
    for i in range(10000):
        master.answer()
    ours, floors = [], []
    for i in range(2 if quick else 5):
        device = Device(f"new{i}")
        pair(full, device)
        if device.status()["entries"] != 10000:
            sys.exit("the newcomer lacks entries")
        ours.append((device.marks["joined"] - device.marks["peer up"]) * 1000)
        device.stop()
        floors.append(redis_resync(master))
    amount("import of 10,000 accounts", round(imported, 2), "s", 2)
    measure_recovery(full)
    full.stop()
    master.server.kill()
    ratio("first sync of 10,000 entries", ours, "redis full resync", floors,
          "ms", 3.0)


def main():
    write(passphrase, "correct horse\n")
    progress("three devices with 1,000 accounts ...")
    alone = Device("alone")
    alone.fob("init", "--name", "alone", "--kit", work + "/alone/kit")
    a = Device("a")
    a.fob("init", "--name", "a", "--kit", work + "/a/kit")
    uris(1000, work + "/thousand")
    a.fob("import", work + "/thousand")
    b = Device("b")
    pair(a, b)
    a.fob("sync", "--wait")
    measure_code(a)
    measure_add(a)
    for device in (a, b):
        device.stop()
        device.start("--passphrase-file", passphrase)
        while device.status()["state"] != "unlocked":
            time.sleep(0.05)
        # One by one: each finds the other where it was before.
        device.fob("sync", "--wait")
    a.fob("code", "user500@")
    kilobytes = max(a.private_kilobytes(), b.private_kilobytes())
    progress("coming to rest ...")
    time.sleep(25)  # what was put off is written, in steps of five seconds
    began = time.monotonic()
    before = [device.wake_ups() for device in (alone, a, b)]
    measure_first_sync()
    seconds = 30 if quick else 125
    if time.monotonic() - began < seconds:
        progress("idle ...")
        time.sleep(seconds - (time.monotonic() - began))
    minutes = (time.monotonic() - began) / 60
    idle = [(device.wake_ups() - n) / minutes
            for device, n in zip((alone, a, b), before)]
    amount("private memory, 1,000 accounts", round(kilobytes / 1024, 1),
           "MiB", 8)
    amount("wake-ups a minute, alone", round(idle[0], 1), "", 0)
    amount("wake-ups a minute, one peer", round(max(idle[1:]), 1), "", 4)

    head = ("", "fob", "floor", "ratio", "aim", "")
    table = [head] + [(*row[:5], "" if row[5] else "MISSED") for row in rows]
    widths = [max(len(row[i]) for row in table) for i in range(6)]
    for row in table:
        print("  ".join(cell.ljust(width)
                        for cell, width in zip(row, widths)).rstrip())


main()
