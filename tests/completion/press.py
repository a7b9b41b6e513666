"""press.py SETUP COMMAND...: a person at an interactive shell.

Starts COMMAND on a terminal of 200 columns and types SETUP and Enter. For each line
of the standard input it types that line and the Tab key, prints what the shell then
shows and a line "== end", and gives the line up. A shell answers each Tab, if only
with a bell: so its answer has begun when it says something, and has ended when it is
quiet and has shown every WORD of a line "WANT<US>WORD<US>...<US>LINE", where <US> is
the byte 31. A shell that shows no such word has a minute for it. Of a line
"RUN:MARK:..." the shell must show MARK after the Tab key; then comes the Enter key,
and what the command prints is shown, too.
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
PATIENCE = 20
setup, command = sys.argv[1], sys.argv[2:]
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


def wait_for(mark, limit=300, again=None):
    """Reads until the shell has printed the mark. Now and then fish completes nothing, whatever
    is typed: then a person types the line once more."""
    said, begin, tries = b"", time.monotonic(), 1
    while mark not in said:
        waited = time.monotonic() - begin
        if waited > limit:
            sys.exit("the shell is silent: " + said.decode(errors="replace"))
        if again and waited > 15 * tries:
            os.write(terminal, b"\x03")
            said += listen(QUIET)
            os.write(terminal, again)
            said += listen(QUIET)
            os.write(terminal, b"\t")
            tries += 1
        said += listen(0.1)
    return said


def shows(said, words):
    """Whether the words are there, without what shells put between their letters."""
    plain = said.translate(None, b"\r\x07\\")
    return all(word in plain for word in words)


# In two pieces, so that the echo of the line is no mark.
os.write(terminal, setup.encode() + b"; echo SET''UP-DONE\r")
wait_for(b"SETUP-DONE")
listen(QUIET)
for line in sys.stdin.buffer:
    line = line.rstrip(b"\n")
    run, mark, line = line.split(b":", 2) if line.startswith(b"RUN:") else (b"", b"", line)
    words = []
    if line.startswith(b"WANT\x1f"):
        _, *words, line = line.split(b"\x1f")
    os.write(terminal, line)
    seen = listen(PATIENCE)
    os.write(terminal, b"\t")
    if run:
        seen += wait_for(mark, again=line)
        os.write(terminal, b"; echo RUN''-DONE\r")
        seen += wait_for(b"RUN-DONE")
    else:
        seen += listen(PATIENCE)
        end = time.monotonic() + 60
        while not shows(seen, words) and time.monotonic() < end:
            seen += listen(1)
    sys.stdout.buffer.write(seen + b"\n== end\n")
    sys.stdout.buffer.flush()
    # Ctrl-C: a new prompt.
    os.write(terminal, b"\x03")
    listen(PATIENCE)
os.kill(child, 9)
