//! Names, links and tables that all tests use.

/// Contents of /etc/hosts. Some names are longer than the columns of a listing.
pub const HOSTS: &str = "\
127.0.0.1 localhost
::1 localhost ip6-localhost
10.0.0.1 vip.example www
10.0.0.33 a-rather-long-virtual-host-name.example.com
10.0.0.54 a-name-whose-line-is-just-as-long-as-it-may-be.example
10.0.0.55 a-name-whose-line-is-one-byte-too-longxxxxxxxxx.example
10.0.0.60 a-name-that-is-much-longer-than-sixty-letters-and-so-cut-when-saved.example.com
10.1.0.1 server.example
10.1.0.33 a-rather-long-real-server-name.example.com
10.1.0.60 another-name-that-is-longer-than-sixty-letters-and-cut-when-saved.example.com
10.1.0.2 twin.example
10.1.0.3 twin.example
2001:db8::6 six.example
2001:db8:1::6 six-server.example
";

/// Contents of /etc/services.
pub const SERVICES: &str = "\
ftp 21/tcp
domain 53/tcp
domain 53/udp
http 80/tcp www
https 443/tcp
https 443/udp
sip 5060/tcp
sip 5060/udp
diameter 3868/sctp
only-tcp 7001/tcp
";

/// Commands that set up the links of each namespace, for `ip`.
pub const LINKS: &str = "\
link set lo up
link add sync0 type dummy
link set sync0 up
link add fifteen-letters type dummy
link set fifteen-letters up
addr add 10.9.0.1/24 dev sync0
addr add 2001:db8:9::1/64 dev sync0 nodad
";

/// A table with everything that a listing can show. The addresses of each protocol and family lie
/// within half of the 32-bit circle, where the old program's order is well defined.
pub const RICH: &str = "\
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1
-a -t 10.0.0.1:80 -r 10.1.0.2:8080 -m -w 3 -x 10 -y 5
-a -t 10.0.0.1:80 -r 172.16.0.9:80 -m -w 0 -x 2147483647
-A -t 10.0.0.1:443 -s wlc -p 300 -M 255.255.255.0
-a -t 10.0.0.1:443 -r 10.1.0.1 -g -w 1
-a -t 10.0.0.1:443 -r 10.1.0.33 -g -w 2147483647
-A -t 10.0.0.2:443 -s wrr
-A -t 10.0.0.33:81 -s sh -p 60 -M 255.255.0.0 -b sh-fallback,sh-port
-a -t 10.0.0.33:81 -r 10.1.0.1 -i -w 1
-a -t 10.0.0.33:81 -r 10.1.0.2 -i -w 2 --tun-type gue --tun-port 6080
-a -t 10.0.0.33:81 -r 10.1.0.3 -i -w 3 --tun-type gue --tun-port 65535 --tun-csum
-a -t 10.0.0.33:81 -r 10.1.0.4 -i -w 4 --tun-type gue --tun-port 1 --tun-remcsum
-a -t 10.0.0.33:81 -r 10.1.0.5 -i -w 5 --tun-type gre
-a -t 10.0.0.33:81 -r 10.1.0.6 -i -w 6 --tun-type gre --tun-csum
-a -t 10.0.0.33:81 -r [2001:db8:1::1]:81 -i -w 7
-a -t 10.0.0.33:81 -r [2001:db8:1::2]:81 -i -w 8 --tun-type gue --tun-port 6081 --tun-nocsum
-A -t 172.16.0.1:80 -s lblcr
-A -t 192.168.0.1:65535 -s lc
-a -t 192.168.0.1:65535 -r 192.168.100.200:65535 -m -w 100
-A -t 10.0.0.60:0 -s dh -p 2678400
-a -t 10.0.0.60:0 -r 10.1.0.60:0 -g -w 1
-A -u 10.0.0.1:53 -s rr -o
-a -u 10.0.0.1:53 -r 10.1.0.1:53 -m -w 1
-A -u 10.0.0.1:5060 -s rr -p 60 --pe sip
-a -u 10.0.0.1:5060 -r 10.1.0.1:5060 -m -w 1
-A -u 10.0.0.1:5061 -s rr -o -p 60 --pe sip
-A -u 10.0.0.2:7001 -s sed
-A --sctp-service 10.0.0.1:3868 -s rr
-a --sctp-service 10.0.0.1:3868 -r 10.1.0.1:3868 -m -w 1
-A -t [2001:db8::1]:80 -s wlc
-a -t [2001:db8::1]:80 -r [2001:db8:1::1]:80 -m -w 1
-a -t [2001:db8::1]:80 -r [2001:db8:1::2]:8080 -m -w 2 -x 7 -y 7
-a -t [2001:db8::1]:80 -r [fd00::2]:8080 -m -w 2
-A -t [2001:db8::1]:443 -s nq -p 30 -M 64
-a -t [2001:db8::1]:443 -r [2001:db8:1::1]:443 -g -w 1
-a -t [2001:db8::1]:443 -r 10.1.0.1:443 -i -w 1
-A -t [fd00::1]:443 -s rr
-A -u [2001:db8::1]:53 -s rr -o
-a -u [2001:db8::1]:53 -r [2001:db8:1:ffff:ffff:ffff:ffff:ffff]:53 -m -w 1
-A --sctp-service [2001:db8::1]:3868 -s rr
-A -f 1 -s wlc
-a -f 1 -r 10.1.0.1:0 -g -w 1
-a -f 1 -r 10.1.0.2:0 -i -w 1
-A -f 7 -s mh -b mh-fallback,mh-port
-a -f 7 -r 10.1.0.1:0 -m -w 1
-A -f 7 -6 -s mh -p 30 -M 64 -b mh-port
-a -f 7 -6 -r [2001:db8:1::1]:80 -m -w 1
-a -f 7 -6 -r [2001:db8:1::6]:80 -m -w 1
-A -t [2001:db8::6]:443 -s rr
-a -t [2001:db8::6]:443 -r [2001:db8:1::6]:80 -m -w 1
-A -f 2147483647 -s rr -b flag-1,flag-3
-A -f 2147483646 -s fo
-A -f 2147483645 -s ovf
-A -f 2147483644 -s lblc
-A -f 2147483643 -s rr -b flag-2
-A -f 2147483642 -s none
--set 901 121 301
";

/// A small table for commands that need an existing object.
pub const SMALL: &str = "\
-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1
-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -w 1
-A -u 10.0.0.1:53 -s rr
-a -u 10.0.0.1:53 -r 10.1.0.1:53 -g -w 1
-A -t [2001:db8::1]:80 -s rr
-a -t [2001:db8::1]:80 -r [2001:db8:1::1]:80 -m -w 1
-A -f 1 -s rr
-a -f 1 -r 10.1.0.1:0 -g -w 1
-A -f 7 -6 -s rr
";
