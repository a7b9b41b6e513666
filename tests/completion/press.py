"""press.py SETUP TEXT COMMAND...: a person at an interactive shell.

Starts COMMAND on a terminal of 200 columns, types SETUP and Enter, then TEXT, in
which %TAB% is the Tab key, and prints what the shell then shows. A shell answers each
Tab, if only with a bell: so its answer has begun when it says something, and has
ended when it is quiet.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

QUIET = 0.4
setup, text, command = sys.argv[1], sys.argv[2], sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))


def listen(patience):
    """What the shell prints from its first word, for which it has so long."""
    said = b""
    while select.select([terminal], [], [], QUIET if said else patience)[0]:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        said += more
    return said


def wait_for(mark, limit=60):
    """Reads until the shell has printed the mark."""
    said, end = b"", time.monotonic() + limit
    while mark not in said:
        if time.monotonic() > end:
            sys.exit("the shell is silent: " + said.decode(errors="replace"))
        said += listen(0.1)


# In two pieces, so that the echo of the line is no mark.
os.write(terminal, setup.encode() + b"; echo SET''UP-DONE\r")
wait_for(b"SETUP-DONE")
listen(QUIET)
for number, part in enumerate(text.split("%TAB%")):
    if number:
        os.write(terminal, b"\t")
        sys.stdout.buffer.write(listen(20))
    os.write(terminal, part.encode())
    if part:
        sys.stdout.buffer.write(listen(20))
os.kill(child, 9)
