# neighbour.py INTERFACE ADDRESS: asks by ARP for ADDRESS without a pause as nobody (sender 0.0.0.0,
# which no host learns from), until a line "ASKED HEARD" comes in and it has asked and heard at
# least as often, but not much longer than a minute; prints how many questions were asked, and how
# many ARP packets named ADDRESS as their sender.
import select, socket, struct, sys, time

name, address = sys.argv[1], socket.inet_aton(sys.argv[2])
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
link.bind((name, 0x0806))
own = link.getsockname()[4]
question = b"\xff" * 6 + own + b"\x08\x06" + struct.pack(
    "!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, own, b"\0" * 4, b"\0" * 6, address)
print("ready", flush=True)
asked = heard = 0
end = None
due = 0
least = (0, 0)
while end is None or time.monotonic() < end or (
        (asked < least[0] or heard < least[1]) and time.monotonic() < end + 60):
    if time.monotonic() >= due:
        link.send(question)
        asked += 1
        due = time.monotonic() + 0.0005
    ready, _, _ = select.select([link] + ([sys.stdin] if end is None else []), [], [], 0.0005)
    if link in ready:
        frame = link.recv(2048)
        if frame[28:32] == address and frame[6:12] != own:
            heard += 1
    if sys.stdin in ready:
        least = tuple(map(int, sys.stdin.readline().split()))
        end = time.monotonic() + 0.1
print(asked, heard)
