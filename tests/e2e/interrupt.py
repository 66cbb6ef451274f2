"""Interrupts a program at its prompt for a passphrase: is the terminal silent
then, and as it was afterwards? interrupt.py PROGRAM ARGUMENT..."""
import os
import pty
import signal
import sys
import termios


def echo(fd):
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)


# Our own end of the terminal keeps its settings when the program has gone.
master, slave = pty.openpty()
pid = os.fork()
if pid == 0:
    os.setsid()
    os.close(os.open(os.ttyname(slave), os.O_RDWR))
    for fd in range(3):
        os.dup2(slave, fd)
    os.execv(sys.argv[1], sys.argv[1:])
signal.alarm(20)
shown = b""
while b"assphrase: " not in shown:
    shown += os.read(master, 4096)
print("silent" if not echo(slave) else "echoes")
os.write(master, b"half a pass\x03")
_, status = os.waitpid(pid, 0)
print("as before" if echo(slave) else "left silent")
if os.WIFSIGNALED(status):
    print(signal.Signals(os.WTERMSIG(status)).name)
