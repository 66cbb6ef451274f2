"""Random accounts with the worst that a vault holds, through every format and
out of it by readers that are not fob's: equal, but for what was announced.

outside.py make FILE: the accounts, as a plain backup of Aegis.
outside.py seen FOLDER FORMAT...: does FOLDER/FORMAT have those that make makes,
but for what FOLDER/FORMAT.told, the report of fob export --json, says? html is
the URIs that zbarimg saw on the page, keepassxc the CSV that KeePassXC wrote
after it had read our XML."""
import base64
import json
import os
import random
import sys

from opened import opened

NUMBERS = range(80)
TURN = int(os.environ.get("FOB_TURN") or 11)
ISSUERS = ["", "GitHub", "a:b", "100% <b>\"q\"</b> & 'Co'", "日本の銀行",
           "بنك الشرق", "👩‍👩‍👧 🔐", "semi;colon, comma", "back\\slash\\n", "a/b/",
           "\u202eevil", "#x?y=1&secret=AAAA+%20", "=1+1", "é" * 100, "I" * 250,
           "Steam", "{\"a\":[1]}", "e\u0301 \ufeffbom", "]]>", "&amp;"]
NOTES = ["", "", "one line", "several\nlines\n\n", "dos\r\nlines\r\n", "\ttab, ,",
         "\"quotes\" and 'more'", " blank at both ends ", "]]><!-- & &lt;",
         "e\u0301 \u2028 \ufffd 🔐", "=cmd()", "long " * 1600, "\\u0041\\n%41"]
TAGS = ["web", "work & \"home\"", "<b>", "日本", "a,b;c", "Root", "%41 +"]


def one(i):
    draw = random.Random(TURN * 1000 + i)
    kind = draw.choice(["totp"] * 6 + ["hotp", "hotp", "steam", "motp",
                                       "yandex"])
    size = {"motp": 8, "yandex": 16}.get(kind) or draw.choice(
        [1, 2, 10, 20, 20, 32, 63, 64, 256])
    secret = draw.choice([bytes(size), b"\xff" * size,
                          draw.randbytes(size), draw.randbytes(size)])
    # Two of one secret would be duplicates.
    secret = secret[:-1] + bytes([i])
    code = {"steam": ("SHA1", 5, 30), "motp": ("MD5", 6, 10),
            "yandex": ("SHA256", 8, 30)}.get(kind) or (
        draw.choice(["SHA1", "SHA1", "SHA256", "SHA512"]),
        draw.choice([6, 6, 6, 7, 8]),
        draw.choice([0, 1, 2**31, 2**53]) if kind == "hotp" else
        draw.choice([30, 30, 30, 15, 60, 86400]))
    name = draw.choice(["me@example.com", "", "a:b", "ключ / x", "🔐", "50%",
                        "q\"'<&>\\", "A" * 200])
    return {"names": (draw.choice(ISSUERS), f"{name}{i}"),
            "code": (base64.b32encode(secret).decode().rstrip("="), kind,
                     *code),
            "note": draw.choice(NOTES), "favourite": draw.random() < 0.3,
            "tags": set(draw.sample(TAGS, draw.choice([0, 0, 1, 1, 2, 5]))),
            "pin": "1234" if kind in ("motp", "yandex") else ""}


def in_vault(account):
    """Lines end in one way once they are in the vault."""
    return dict(account, note=account["note"].replace("\r", ""))


def backup(accounts):
    entries = []
    for n, a in enumerate(accounts):
        secret, kind, algorithm, digits, moving = a["code"]
        info = {"secret": secret, "algo": algorithm, "digits": digits,
                "counter" if kind == "hotp" else "period": moving}
        if a["pin"]:
            info["pin"] = a["pin"]
        entries.append({
            "type": kind, "uuid": str(n), "issuer": a["names"][0],
            "name": a["names"][1], "note": a["note"], "icon": None,
            "favorite": a["favourite"], "info": info,
            "groups": sorted(a["tags"])})
    return {"version": 1, "header": {"slots": None, "params": None},
            "db": {"version": 3, "entries": entries,
                   "groups": [{"uuid": t, "name": t} for t in TAGS]}}


def told_name(account):
    return "/".join(filter(None, account["names"]))


LOSSES = {"without its note": {"note": ""}, "without its tags": {"tags": set()},
          "without the mark of a favourite": {"favourite": False},
          "without its PIN": {"pin": ""}, "without its issuer": {},
          "with Steam for its issuer, which it lacks": {},
          "with the first of its tags only": {}}


def compare(want, got, losses):
    """What is lost and was not announced, or is there and was."""
    want = dict(want)
    for loss in losses:
        if loss.startswith("its period: older"):
            # The file has it right, and whoever reads it may be older.
            if got["code"][-1] == 60:
                want["code"] = (*want["code"][:-1], 60)
            continue
        lost = LOSSES[loss]
        yield from (f"announced, but there was none: {k}" for k, v in
                    lost.items() if want[k] == v)
        want.update(lost)
    if "without its issuer" in losses:
        want["names"] = (got["names"][0], want["names"][1])
    if "with Steam for its issuer, which it lacks" in losses:
        want["names"] = ("Steam", want["names"][1])
    if "with the first of its tags only" in losses:
        if len(got["tags"]) == 1 and got["tags"] < want["tags"]:
            want["tags"] = got["tags"]
    for key, value in want.items():
        if got[key] != value:
            yield f"{key}: {got[key]!r}, not {value!r}"[:300]


READ_AS = {"html": "uri", "keepassxc": "keepassxc-csv"}


def seen(folder, form):
    """How many differ."""
    path = os.path.join(folder, form)
    with open(path + ".told", encoding="utf-8") as f:
        report = json.load(f)
    wanted = {told_name(a): in_vault(a) for a in map(one, NUMBERS)}
    for left_out in report["left_out"]:
        del wanted[left_out["name"]]
    found = opened(READ_AS.get(form, form), path, "")
    by_secret = {a["code"][0]: a for a in found}
    bad = abs(len(found) - len(wanted))
    if bad or report["exported"] != len(found):
        print(f"{form}: {len(found)} accounts, not {len(wanted)}")
    for name, want in wanted.items():
        got = by_secret.get(want["code"][0])
        losses = [x["reason"] for x in report["lost"] if x["name"] == name]
        # A page says the PIN in words.
        if form == "html" and got:
            want["pin"] = got["pin"]
        for what in compare(want, got, losses) if got else ["it is not there"]:
            bad += 1
            print(f"{form}: {name[:60]}: {what}")
    return bad


if sys.argv[1] == "make":
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        json.dump(backup(list(map(one, NUMBERS))), out)
else:
    sys.exit(sum(seen(sys.argv[2], form) for form in sys.argv[3:]) > 0)
