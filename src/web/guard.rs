//! Which requests are answered.
//!
//! A page of another site can make a browser send requests to this server. It cannot read the
//! answers, unless a name of its own resolves to this server's address (DNS rebinding). So the
//! `Host` header must be an address, `localhost` or a name that the administrator has permitted.

use std::net::{IpAddr, Ipv6Addr};

use hyper::header::{HOST, HeaderMap};
use hyper::http::uri::Authority;
use hyper::{Method, StatusCode, Uri};

/// Checks requests by their method and host.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Names that the `Host` header may have, in lower case, besides `localhost` and addresses.
    names: Vec<String>,
}

/// Status and text of a refusal.
pub type Refusal = (StatusCode, &'static str);

impl Guard {
    /// Permits these names besides `localhost` and addresses.
    pub fn new(names: &[String]) -> Self {
        Self { names: names.iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// Refuses a request that another site may have caused, or that would write.
    pub fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err((StatusCode::BAD_REQUEST, "a request needs exactly one Host header"));
        };
        let host = Authority::try_from(host.as_bytes())
            .map_err(|_| (StatusCode::BAD_REQUEST, "the Host header is malformed"))?;
        if !self.permits(&host) || uri.authority().is_some_and(|it| !self.permits(it)) {
            let text = "this name is not permitted; use the address of the director, or start \
                        ipvsadm serve with --allow-host NAME";
            return Err((StatusCode::MISDIRECTED_REQUEST, text));
        }
        if method == Method::GET || method == Method::HEAD {
            return Ok(());
        }
        Err((StatusCode::METHOD_NOT_ALLOWED, "this server only answers GET and HEAD"))
    }

    fn permits(&self, authority: &Authority) -> bool {
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host().to_ascii_lowercase();
        let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_address = match inside {
            Some(inside) => inside.parse::<Ipv6Addr>().is_ok(),
            None => host.parse::<IpAddr>().is_ok(),
        };
        is_address || host == "localhost" || self.names.contains(&host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(method: &Method, uri: &str, hosts: &[&str]) -> u16 {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, host.parse().unwrap());
        }
        let guard = Guard::new(&["LVS.example".to_owned()]);
        let outcome = guard.check(method, &uri.parse().unwrap(), &headers);
        outcome.map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    #[test]
    fn addresses_localhost_and_permitted_names_are_hosts() {
        for host in ["127.0.0.1:9469", "[::1]:9469", "[::1]", "LocalHost:1", "lvs.EXAMPLE:80"] {
            assert_eq!(answer(&Method::GET, "/", &[host]), 200, "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "a@127.0.0.1", "localhost.", "::1x"]
        {
            assert_ne!(answer(&Method::GET, "/", &[host]), 200, "{host}");
        }
        assert_eq!(answer(&Method::GET, "/", &[]), 400);
        assert_eq!(answer(&Method::GET, "/", &["127.0.0.1", "evil.example"]), 400);
        assert_eq!(answer(&Method::GET, "http://evil.example/", &["127.0.0.1"]), 421);
    }

    #[test]
    fn only_reading_methods_are_answered() {
        assert_eq!(answer(&Method::HEAD, "/", &["127.0.0.1"]), 200);
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::CONNECT]
        {
            assert_eq!(answer(&method, "/", &["127.0.0.1"]), 405, "{method}");
            assert_eq!(answer(&method, "/", &["evil.example"]), 421, "{method}");
        }
    }
}
