//! The resources of the server: the page with its style and script, the metrics, the table.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Request, Response, StatusCode};
use nix::unistd::gethostname;

use crate::output::metrics::{self, Format};

use super::api;
use super::guard::Guard;
use super::page::{self, Attachment, Page};
use super::table::{Seen, Table};

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Headers of every answer. Whatever the table contains, a browser runs only the script of this
/// server, loads nothing from elsewhere and shows the page in no frame.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (CACHE_CONTROL, "no-store"),
];

/// Status, content type and body of an answer.
type Answer = (StatusCode, &'static str, Vec<u8>);

/// Everything that the server offers.
pub struct Site {
    guard: Guard,
    pub(super) table: RefCell<Table>,
    /// Name of this host, for the page.
    host: String,
    /// Leave real servers out of `/metrics`.
    services_only: bool,
}

impl Site {
    /// A site about a table.
    pub fn new(guard: Guard, table: Table, services_only: bool) -> Self {
        Self { guard, table: RefCell::new(table), host: host(), services_only }
    }

    /// The page as one file without links, about a table that was watched for some time.
    ///
    /// # Errors
    /// The table could not be read.
    pub fn report(
        table: &Table,
        watched: Duration,
        attachments: &[Attachment],
    ) -> Result<String, String> {
        let seen = table.seen()?;
        let page = Page { host: &host(), seen: &seen, history: table.history() };
        Ok(page.report(watched, attachments).into_string())
    }

    /// Answers a request. Its body is never read.
    pub fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        let (status, kind, body) = match self.guard.check(method, uri, headers) {
            Ok(()) => self.resource(uri.path(), headers),
            Err((status, text)) => (status, TEXT, line(text)),
        };
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        response
    }

    fn resource(&self, path: &str, headers: &HeaderMap) -> Answer {
        match path {
            "/" => self.page(),
            "/metrics" => self.metrics(headers),
            "/api/table" => self.table(),
            "/page.css" => (StatusCode::OK, "text/css; charset=utf-8", page::STYLE.into()),
            "/page.js" => (StatusCode::OK, "text/javascript; charset=utf-8", page::SCRIPT.into()),
            _ => (
                StatusCode::NOT_FOUND,
                TEXT,
                line("not found: this server has /, /metrics and /api/table"),
            ),
        }
    }

    fn fresh(&self) -> Result<Rc<Seen>, String> {
        self.table.borrow_mut().fresh()
    }

    fn page(&self) -> Answer {
        let seen = self.fresh();
        let table = self.table.borrow();
        match seen {
            Ok(seen) => {
                let page = Page { host: &self.host, seen: &seen, history: table.history() };
                (StatusCode::OK, HTML, page.html().into_string().into())
            }
            Err(why) => {
                let html = page::failure(&self.host, &why).into_string();
                (StatusCode::SERVICE_UNAVAILABLE, HTML, html.into())
            }
        }
    }

    fn metrics(&self, headers: &HeaderMap) -> Answer {
        let accepted = headers.get(ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let (format, kind) = if accepted.contains("application/openmetrics-text") {
            (Format::OpenMetrics, OPENMETRICS)
        } else {
            (Format::Prometheus, PROMETHEUS)
        };
        let text = self.fresh().and_then(|seen| {
            let mut sample = seen.reading.sample.clone();
            sample.services_only = self.services_only;
            metrics::text(sample, format).map_err(|error| error.to_string())
        });
        answer(kind, text.map(String::into_bytes))
    }

    fn table(&self) -> Answer {
        let json = self
            .fresh()
            .and_then(|seen| api::json(&seen.reading.sample).map_err(|error| error.to_string()));
        answer("application/json", json)
    }
}

/// The name of this host.
fn host() -> String {
    gethostname().unwrap_or_default().to_string_lossy().into_owned()
}

fn answer(kind: &'static str, outcome: Result<Vec<u8>, String>) -> Answer {
    match outcome {
        Ok(body) => (StatusCode::OK, kind, body),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, TEXT, line(&why)),
    }
}

fn line(text: &str) -> Vec<u8> {
    format!("{text}\n").into()
}
