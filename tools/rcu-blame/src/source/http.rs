// SPDX-License-Identifier: GPL-2.0

//! A server for one page.
//!
//! Each connection has a thread and one answer. A client that sends nothing, or does not read, is
//! cut off after [`PATIENCE`], and at most [`CONNECTIONS`] are served at a time, so none holds up
//! others for long.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    os::fd::AsRawFd,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

/// The time that a client has for its request, and again for the answer.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// The connections at a time.
pub const CONNECTIONS: usize = 16;

/// The longest request.
const REQUEST_MAX: usize = 8192;

/// A request.
#[derive(Debug, Eq, PartialEq)]
pub struct Request {
    /// The path, without what comes after a question mark.
    pub path: String,
    accept: String,
}

impl Request {
    /// The request in its head; `None` if it is not a GET of HTTP.
    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, path, version) = (words.next()?, words.next()?, words.next()?);

        if method != "GET" || !path.starts_with('/') || !version.starts_with("HTTP/1.") {
            return None;
        }
        let accept = lines
            .filter_map(|line| line.split_once(':'))
            .filter(|(name, _)| name.eq_ignore_ascii_case("accept"))
            .map(|(_, value)| value.trim())
            .collect::<Vec<_>>()
            .join(",");

        Some(Self {
            path: path.split('?').next()?.to_string(),
            accept,
        })
    }

    /// Whether the client takes that type.
    pub fn accepts(&self, media_type: &str) -> bool {
        self.accept
            .split(',')
            .any(|item| item.split(';').next().map(str::trim) == Some(media_type))
    }
}

/// An answer.
pub struct Answer {
    status: &'static str,
    media_type: &'static str,
    body: String,
}

impl Answer {
    /// The page.
    pub fn fine(media_type: &'static str, body: String) -> Self {
        Self {
            status: "200 OK",
            media_type,
            body,
        }
    }

    /// There is no such page.
    pub fn not_found(body: &str) -> Self {
        Self {
            status: "404 Not Found",
            media_type: "text/plain",
            body: body.into(),
        }
    }

    /// The page cannot be made.
    pub fn failed(body: String) -> Self {
        Self {
            status: "500 Internal Server Error",
            media_type: "text/plain",
            body,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        format!(
            "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
            self.status,
            self.media_type,
            self.body.len(),
            self.body
        )
        .into_bytes()
    }
}

/// Serves until `ends` says so.
///
/// # Errors
///
/// The listener fails. An error of a connection ends that connection.
pub fn serve(
    listener: &TcpListener,
    ends: &dyn Fn() -> bool,
    answer: &(dyn Fn(&Request) -> Answer + Sync),
) -> io::Result<()> {
    let connections = AtomicUsize::new(0);

    listener.set_nonblocking(true)?;
    thread::scope(|scope| {
        while !ends() {
            wait(listener);
            let stream = match listener.accept() {
                Ok((stream, _)) => stream,
                // Those of a connection that has ended already, or too many open files.
                Err(_) => continue,
            };

            if connections.load(Ordering::Relaxed) >= CONNECTIONS {
                continue;
            }
            connections.fetch_add(1, Ordering::Relaxed);
            let connections = &connections;

            scope.spawn(move || {
                let _ = one(stream, answer);
                connections.fetch_sub(1, Ordering::Relaxed);
            });
        }
        Ok(())
    })
}

/// Waits for a connection, for a moment.
fn wait(listener: &TcpListener) {
    let mut poll = libc::pollfd {
        fd: listener.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };

    // SAFETY: One pollfd, which stays where it is.
    unsafe { libc::poll(&raw mut poll, 1, 200) };
}

fn one(mut stream: TcpStream, answer: &(dyn Fn(&Request) -> Answer + Sync)) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    let head = head(&mut stream)?;
    let answer = match Request::parse(&head) {
        Some(request) => answer(&request),
        None => Answer {
            status: "400 Bad Request",
            media_type: "text/plain",
            body: "Only GET is served.\n".into(),
        },
    };
    let end = Instant::now() + PATIENCE;
    let bytes = answer.bytes();
    let mut rest = &bytes[..];

    while !rest.is_empty() {
        stream.set_write_timeout(Some(left(end)?))?;
        let n = stream.write(rest)?;

        if n == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        rest = &rest[n..];
    }
    Ok(())
}

/// The time that is left.
fn left(end: Instant) -> io::Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());

    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

/// The head of a request, up to the empty line.
fn head(stream: &mut TcpStream) -> io::Result<String> {
    let end = Instant::now() + PATIENCE;
    let mut head = Vec::new();
    let mut part = [0; 1024];

    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        stream.set_read_timeout(Some(left(end)?))?;
        let n = stream.read(&mut part)?;

        if n == 0 || head.len() + n > REQUEST_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.extend_from_slice(&part[..n]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{net::SocketAddr, sync::atomic::AtomicBool};

    #[test]
    fn requests() {
        let request = Request::parse(
            "GET /metrics?x HTTP/1.1\r\nHost: a\r\naccept: text/plain;q=0.5, a/b ; q=1\r\n\r\n",
        )
        .unwrap();

        assert_eq!(request.path, "/metrics");
        assert!(request.accepts("a/b") && request.accepts("text/plain"));
        assert!(!request.accepts("a/c"));
        for bad in [
            "",
            "POST / HTTP/1.1\r\n",
            "GET x HTTP/1.1",
            "GET /",
            "GET / FTP",
        ] {
            assert_eq!(Request::parse(bad), None, "{bad}");
        }
    }

    fn get(address: SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        let mut text = String::new();

        stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn silent_clients() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ends = AtomicBool::new(false);

        thread::scope(|scope| {
            scope.spawn(|| {
                serve(&listener, &|| ends.load(Ordering::Relaxed), &|request| {
                    Answer::fine("text/plain", request.path.clone())
                })
                .unwrap();
            });
            // All but one of the places are taken by clients that say nothing.
            let silent: Vec<_> = (1..CONNECTIONS)
                .map(|_| TcpStream::connect(address).unwrap())
                .collect();
            let begin = Instant::now();
            let text = get(address);

            assert!(begin.elapsed() < PATIENCE / 2, "{:?}", begin.elapsed());
            assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("/metrics"));
            // And they are cut off.
            for mut stream in silent {
                stream.set_read_timeout(Some(2 * PATIENCE)).unwrap();
                assert_eq!(stream.read(&mut [0; 8]).unwrap_or(0), 0);
            }
            ends.store(true, Ordering::Relaxed);
        });
    }

    proptest! {
        #[test]
        fn any_head(head in any::<String>()) {
            if let Some(request) = Request::parse(&head) {
                let _ = request.accepts("a");
            }
        }
    }
}
