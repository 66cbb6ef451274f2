"""Runs a program on a terminal of its own, and types answers to prompts.

terminal.py PROMPT ANSWER [PROMPT ANSWER]... -- PROGRAM ARGUMENT...

A PROMPT is a regular expression that must turn up in what is shown; of its
groups the ANSWER may use {1}, {2}... Prints all that was shown. Ends with the
program's status, or 124 when a prompt does not come in 20 seconds.
"""
import os
import pty
import re
import select
import sys
import time


def main():
    cut = sys.argv.index("--")
    dialogue = sys.argv[1:cut]
    command = sys.argv[cut + 1:]
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    shown, seen = "", 0
    end = time.time() + 20
    at = 0
    while True:
        if time.time() > end:
            os.kill(pid, 15)
            sys.stdout.write(shown)
            print("\n(no such prompt)", dialogue[at:at + 1])
            sys.exit(124)
        if at < len(dialogue):
            found = re.search(dialogue[at], shown[seen:])
            if found:
                seen += found.end()
                answer = dialogue[at + 1].format("", *found.groups())
                time.sleep(0.05)
                os.write(fd, answer.encode() + b"\n")
                at += 2
                continue
        if not select.select([fd], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data.decode("utf-8", "replace").replace("\r\n", "\n")
    _, status = os.waitpid(pid, 0)
    sys.stdout.write(shown)
    if os.WIFSIGNALED(status):
        sys.exit(128 + os.WTERMSIG(status))
    sys.exit(os.WEXITSTATUS(status))


main()
