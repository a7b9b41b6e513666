# router.py INTERFACE ADDRESS: says once, from this link-local ADDRESS of INTERFACE, that here is a
# default router (router advertisement, RFC 4861 4.2), and nothing else.
import socket, struct, sys

name, address = sys.argv[1:]
index = socket.if_nametoindex(name)
link = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
link.bind((address, 0, 0, index))
lifetime = 9000
advertisement = struct.pack("!BBHBBHII", 134, 0, 0, 0, 0, lifetime, 0, 0)
link.sendto(advertisement, ("ff02::1", 0, 0, index))
