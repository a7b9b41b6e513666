//! The HTTP server: one thread, a limited number of connections, and a time limit for each of their
//! parts.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::TcpListener as Listener;
use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::select;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

use super::Site;

/// Connections at a time. Further ones get [`BUSY`].
const CONNECTIONS: usize = 64;
/// Bytes of the request line and all headers.
const HEAD: usize = 16 * 1024;
/// Number of headers.
const HEADERS: usize = 64;
/// Time in which a client must send its headers, also after an answer.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Time after which a connection gets no further answer.
const LIFE: Duration = Duration::from_secs(60);
/// Time in which a client must take the last answer.
const GRACE: Duration = Duration::from_secs(5);
/// The same at the end of the server.
const LAST: Duration = Duration::from_secs(2);
/// Time from one point of a sparkline to the next.
const INTERVAL: Duration = Duration::from_secs(2);
/// A reading of a large table is followed by a pause of so many times its length, so that readings
/// take at most 2 % of a processor.
const PAUSE: u32 = 50;

const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\
    Connection: close\r\nRetry-After: 1\r\n\r\n";

/// Serves until SIGTERM or SIGINT. Calls `ready` when these signals end the server in order.
///
/// # Errors
/// The runtime could not be started. Errors of single connections end only these.
pub fn serve(listener: Listener, site: Site, ready: impl FnOnce()) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    LocalSet::new().block_on(&runtime, run(listener, Rc::new(site), ready))
}

async fn run(listener: Listener, site: Rc<Site>, ready: impl FnOnce()) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    ready();
    // The receivers are the open connections.
    let (stop, _) = watch::channel(false);
    spawn_local(keep_reading(Rc::clone(&site)));
    loop {
        select! {
            _ = terminated.recv() => break,
            _ = interrupted.recv() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if stop.receiver_count() < CONNECTIONS => {
                    spawn_local(attend(stream, Rc::clone(&site), stop.subscribe()));
                }
                Ok((stream, _)) => turn_away(stream),
                // Too many open files: wait until a connection has ended.
                Err(_) => sleep(Duration::from_millis(100)).await,
            },
        }
    }
    drop(listener);
    let _ = stop.send(true);
    let _ = timeout(LAST, stop.closed()).await;
    Ok(())
}

/// Reads the table for the sparklines.
async fn keep_reading(site: Rc<Site>) {
    loop {
        let start = Instant::now();
        site.table.borrow_mut().advance();
        sleep(INTERVAL.max(start.elapsed() * PAUSE)).await;
    }
}

/// Tells the client to come back later. It may miss that, because its request is not read.
fn turn_away(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write_all(BUSY);
    }
}

/// Answers the requests of one connection.
async fn attend(stream: TcpStream, site: Rc<Site>, mut stop: watch::Receiver<bool>) {
    let answer = service_fn(|request| {
        let response = site.answer(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    http.max_buf_size(HEAD).max_headers(HEADERS);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), answer));
    let grace = select! {
        _ = connection.as_mut() => return,
        () = sleep(LIFE) => GRACE,
        _ = stop.wait_for(|stop| *stop) => LAST,
    };
    connection.as_mut().graceful_shutdown();
    let _ = timeout(grace, connection).await;
}
