"""protocol.py DEVICE ADDRESS PROTOCOL: adds ADDRESS/32 to DEVICE with IFA_PROTO, for
which `ip` of Debian 12 has no word."""
import socket
import struct
import sys

device, address, protocol = sys.argv[1:]
RTM_NEWADDR, REQUEST, ACK, CREATE, EXCLUSIVE = 20, 1, 4, 0x400, 0x200
IFA_LOCAL, IFA_PROTO = 2, 11


def attribute(kind, value):
    padding = b"\0" * (-len(value) % 4)
    return struct.pack("=HH", 4 + len(value), kind) + value + padding


body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, socket.if_nametoindex(device))
body += attribute(IFA_LOCAL, socket.inet_aton(address))
body += attribute(IFA_PROTO, bytes([int(protocol)]))
flags = REQUEST | ACK | CREATE | EXCLUSIVE
header = struct.pack("=IHHII", 16 + len(body), RTM_NEWADDR, flags, 1, 0)
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
    netlink.send(header + body)
    error = struct.unpack("=i", netlink.recv(4096)[16:20])[0]
sys.exit(f"refused: {error}" if error else 0)
