//! Numbers of the kernel's interfaces, in one module for each header enum.

/// Commands of the family `IPVS`: `IPVS_CMD_*` in `linux/ip_vs.h`. An answer often carries the
/// command that would set what it describes.
pub mod command {
    /// Also the command of each answer about a service.
    pub const NEW_SERVICE: u8 = 1;
    pub const SET_SERVICE: u8 = 2;
    pub const DEL_SERVICE: u8 = 3;
    pub const GET_SERVICE: u8 = 4;
    /// Also the command of each answer about a destination.
    pub const NEW_DEST: u8 = 5;
    pub const SET_DEST: u8 = 6;
    pub const DEL_DEST: u8 = 7;
    pub const GET_DEST: u8 = 8;
    /// Also the command of each answer about a sync daemon.
    pub const NEW_DAEMON: u8 = 9;
    pub const DEL_DAEMON: u8 = 10;
    pub const GET_DAEMON: u8 = 11;
    /// Also the command of the answer to [`GET_CONFIG`].
    pub const SET_CONFIG: u8 = 12;
    pub const GET_CONFIG: u8 = 13;
    /// Command of the answer to [`GET_INFO`]; never sent as a request.
    pub const SET_INFO: u8 = 14;
    pub const GET_INFO: u8 = 15;
    pub const ZERO: u8 = 16;
    pub const FLUSH: u8 = 17;
}

/// Top-level attributes of a message: `IPVS_CMD_ATTR_*` in `linux/ip_vs.h`.
pub mod message {
    pub const SERVICE: u16 = 1;
    pub const DEST: u16 = 2;
    pub const DAEMON: u16 = 3;
    pub const TIMEOUT_TCP: u16 = 4;
    pub const TIMEOUT_TCP_FIN: u16 = 5;
    pub const TIMEOUT_UDP: u16 = 6;
}

/// Attributes of a service: `IPVS_SVC_ATTR_*` in `linux/ip_vs.h`.
pub mod service {
    pub const AF: u16 = 1;
    pub const PROTOCOL: u16 = 2;
    pub const ADDR: u16 = 3;
    pub const PORT: u16 = 4;
    pub const FWMARK: u16 = 5;
    pub const SCHED_NAME: u16 = 6;
    pub const FLAGS: u16 = 7;
    pub const TIMEOUT: u16 = 8;
    pub const NETMASK: u16 = 9;
    pub const STATS: u16 = 10;
    pub const PE_NAME: u16 = 11;
    /// Since Linux 4.1.
    pub const STATS64: u16 = 12;

    /// Flags: `IP_VS_SVC_F_*`. The kernel owns 0x02: it always sets it in answers and ignores it in
    /// requests.
    pub const FLAG_PERSISTENT: u32 = 0x01;
    pub const FLAG_ONE_PACKET: u32 = 0x04;
    /// Position of the lowest of the three scheduler flags `IP_VS_SVC_F_SCHED1..3`.
    pub const FLAG_SCHED_SHIFT: u32 = 3;
}

/// Attributes of a destination: `IPVS_DEST_ATTR_*` in `linux/ip_vs.h`.
pub mod destination {
    pub const ADDR: u16 = 1;
    pub const PORT: u16 = 2;
    pub const FWD_METHOD: u16 = 3;
    pub const WEIGHT: u16 = 4;
    pub const U_THRESH: u16 = 5;
    pub const L_THRESH: u16 = 6;
    pub const ACTIVE_CONNS: u16 = 7;
    pub const INACT_CONNS: u16 = 8;
    pub const PERSIST_CONNS: u16 = 9;
    pub const STATS: u16 = 10;
    /// Since Linux 3.18.
    pub const ADDR_FAMILY: u16 = 11;
    /// Since Linux 4.1.
    pub const STATS64: u16 = 12;
    /// Since Linux 5.2, as is [`TUN_PORT`].
    pub const TUN_TYPE: u16 = 13;
    pub const TUN_PORT: u16 = 14;
    /// Since Linux 5.3.
    pub const TUN_FLAGS: u16 = 15;

    /// Mask of the forwarding methods, `IP_VS_CONN_F_*`.
    pub const FWD_MASK: u32 = 7;
    pub const FWD_MASQ: u8 = 0;
    pub const FWD_LOCAL: u8 = 1;
    pub const FWD_TUNNEL: u8 = 2;
    pub const FWD_DROUTE: u8 = 3;
    pub const FWD_BYPASS: u8 = 4;
}

/// Attributes of a sync daemon: `IPVS_DAEMON_ATTR_*` in `linux/ip_vs.h`.
pub mod daemon {
    pub const STATE: u16 = 1;
    pub const MCAST_IFN: u16 = 2;
    pub const SYNC_ID: u16 = 3;
    /// This and all later attributes exist since Linux 4.3 and are reliable since 4.7.
    pub const SYNC_MAXLEN: u16 = 4;
    pub const MCAST_GROUP: u16 = 5;
    pub const MCAST_GROUP6: u16 = 6;
    pub const MCAST_PORT: u16 = 7;
    pub const MCAST_TTL: u16 = 8;

    /// Values of [`STATE`]: `IP_VS_STATE_*`.
    pub const STATE_MASTER: u32 = 1;
    pub const STATE_BACKUP: u32 = 2;
}

/// Attributes of counters: `IPVS_STATS_ATTR_*` in `linux/ip_vs.h`.
pub mod stats {
    pub const CONNS: u16 = 1;
    pub const INPKTS: u16 = 2;
    pub const OUTPKTS: u16 = 3;
    pub const INBYTES: u16 = 4;
    pub const OUTBYTES: u16 = 5;
    pub const CPS: u16 = 6;
    pub const INPPS: u16 = 7;
    pub const OUTPPS: u16 = 8;
    pub const INBPS: u16 = 9;
    pub const OUTBPS: u16 = 10;
}

/// Top-level attributes of the answer to `GET_INFO`, which replace those of [`message`]:
/// `IPVS_INFO_ATTR_*` in `linux/ip_vs.h`.
pub mod info {
    pub const VERSION: u16 = 1;
    pub const CONN_TAB_SIZE: u16 = 2;
}

/// Address families: `AF_*` in `bits/socket.h`.
pub mod family {
    pub const INET: u16 = 2;
    pub const INET6: u16 = 10;
}

/// Numbers of rtnetlink: `linux/rtnetlink.h`, `linux/if_link.h`, `linux/if_addr.h`,
/// `linux/neighbour.h`, `linux/if_tunnel.h`.
pub mod rtnetlink {
    pub const RTM_NEWLINK: u16 = 16;
    pub const RTM_DELLINK: u16 = 17;
    pub const RTM_GETLINK: u16 = 18;
    pub const RTM_SETLINK: u16 = 19;
    pub const RTM_NEWADDR: u16 = 20;
    pub const RTM_DELADDR: u16 = 21;
    pub const RTM_GETADDR: u16 = 22;
    pub const RTM_NEWROUTE: u16 = 24;
    pub const RTM_DELROUTE: u16 = 25;
    pub const RTM_GETROUTE: u16 = 26;
    pub const RTM_GETNEIGH: u16 = 30;
    pub const RT_TABLE_MAIN: u8 = 254;
    pub const RT_SCOPE_LINK: u8 = 253;
    pub const RTN_UNICAST: u8 = 1;
    pub const RTN_LOCAL: u8 = 2;
    pub const RTNH_F_ONLINK: u32 = 4;
    pub const RTA_OIF: u16 = 4;
    pub const RTA_GATEWAY: u16 = 5;
    pub const RTA_PRIORITY: u16 = 6;
    pub const RTA_METRICS: u16 = 8;
    pub const RTAX_ADVMSS: u16 = 8;
    pub const IFLA_ADDRESS: u16 = 1;
    pub const IFLA_IFNAME: u16 = 3;
    pub const IFLA_LINKINFO: u16 = 18;
    pub const IFLA_INFO_KIND: u16 = 1;
    pub const IFLA_IPTUN_PROTO: u16 = 9;
    pub const IFF_UP: u32 = 1;
    pub const IFF_LOOPBACK: u32 = 8;
    pub const IFF_NOARP: u32 = 0x80;
    pub const ARPHRD_ETHER: u16 = 1;
    pub const IFA_ADDRESS: u16 = 1;
    pub const IFA_LOCAL: u16 = 2;
    /// Since Linux 5.18.
    pub const IFA_PROTO: u16 = 11;
    pub const IFA_F_DADFAILED: u8 = 8;
    pub const IFA_F_PERMANENT: u8 = 0x80;
    pub const NDA_DST: u16 = 1;
    pub const NTF_PROXY: u8 = 8;
}

/// Numbers of the family `fou`: `linux/fou.h`.
pub mod fou {
    pub const ADD: u8 = 1;
    pub const DEL: u8 = 2;
    pub const GET: u8 = 3;
    /// In network byte order, like all ports.
    pub const PORT: u16 = 1;
    pub const AF: u16 = 2;
    pub const TYPE: u16 = 4;
    pub const TYPE_GUE: u8 = 2;
}
