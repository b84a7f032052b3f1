//! Endpoint on loopback, close codes as JSON, output lines, process CPU time.

use std::{io::Write, net::SocketAddr, str::FromStr, time::Duration};

use iroh::{
    endpoint::{presets, ConnectError, ConnectingError, Connection, ConnectionError},
    Endpoint, EndpointAddr, EndpointId, RelayMode, SecretKey, TransportAddr,
};
use serde_json::{json, Value};

use crate::args::{unhex, Args, Result};

pub async fn endpoint(args: &Args, alpns: Vec<Vec<u8>>) -> Result<Endpoint> {
    let secret = match args.get("secret") {
        Some(text) => {
            let bytes: [u8; 32] = unhex(text)?.try_into().map_err(|_| "--secret: 32 bytes")?;
            SecretKey::from_bytes(&bytes)
        }
        None => SecretKey::generate(),
    };
    let mut builder = Endpoint::builder(presets::Minimal)
        .relay_mode(RelayMode::Disabled)
        .clear_ip_transports()
        .clear_address_lookup()
        .bind_addr(args.get("bind").unwrap_or("127.0.0.1:0"))?
        .secret_key(secret)
        .alpns(alpns);
    if args.has("no-resume") {
        builder = builder.max_tls_tickets(0);
    }
    Ok(builder.bind().await?)
}

pub fn local_addr(endpoint: &Endpoint) -> SocketAddr {
    endpoint.bound_sockets()[0]
}

/// The peer named by `--id HEX --addr IP:PORT[,IP:PORT]`.
pub fn peer(args: &Args) -> Result<EndpointAddr> {
    let id = EndpointId::from_str(args.need("id")?)?;
    let addrs = args
        .need("addr")?
        .split(',')
        .map(|text| text.parse::<SocketAddr>().map(TransportAddr::Ip))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(EndpointAddr::from_parts(id, addrs))
}

pub fn alpn(args: &Args) -> Vec<u8> {
    match args.get("alpn") {
        Some(text) => text.as_bytes().to_vec(),
        None => iroh_blobs::ALPN.to_vec(),
    }
}

/// Connects, or returns the JSON that says why not.
pub async fn connect(
    endpoint: &Endpoint,
    args: &Args,
) -> Result<std::result::Result<Connection, Value>> {
    connect_as(endpoint, args, &alpn(args)).await
}

pub async fn connect_as(
    endpoint: &Endpoint,
    args: &Args,
    alpn: &[u8],
) -> Result<std::result::Result<Connection, Value>> {
    let peer = peer(args)?;
    let limit = Duration::from_millis(args.number("timeout-ms", 10_000)?);
    let attempt = endpoint.connect(peer, alpn);
    Ok(match tokio::time::timeout(limit, attempt).await {
        Err(_) => Err(json!({"kind": "timeout"})),
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(match &error {
            ConnectError::Connection { source, .. } => close_json(source),
            ConnectError::Connecting {
                source: ConnectingError::ConnectionError { source, .. },
                ..
            } => close_json(source),
            other => json!({"kind": "local", "reason": other.to_string()}),
        }),
    })
}

pub fn close_json(error: &ConnectionError) -> Value {
    match error {
        ConnectionError::ConnectionClosed(close) => json!({
            "kind": "transport", "code": u64::from(close.error_code),
            "reason": String::from_utf8_lossy(&close.reason)}),
        ConnectionError::ApplicationClosed(close) => json!({
            "kind": "application", "code": close.error_code.into_inner(),
            "reason": String::from_utf8_lossy(&close.reason)}),
        ConnectionError::TransportError(error) => json!({
            "kind": "local_transport", "code": u64::from(error.code), "reason": error.reason}),
        ConnectionError::TimedOut => json!({"kind": "timed_out"}),
        ConnectionError::LocallyClosed => json!({"kind": "local_close"}),
        other => json!({"kind": "other", "reason": other.to_string()}),
    }
}

/// Why the connection is closed; waits a moment, because a stream error can be seen first.
pub async fn closed(connection: &Connection, wait: Duration) -> Value {
    match tokio::time::timeout(wait, connection.closed()).await {
        Ok(error) => close_json(&error),
        Err(_) => Value::Null,
    }
}

/// One output line, flushed, so that the reader sees it at once. A closed pipe is not an error.
pub fn line(value: Value) {
    text(&value.to_string());
}

pub fn text(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// User plus system seconds of this process, all threads (resolution 10 ms).
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |index: usize| -> f64 {
        fields.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

/// Lines of stdin through a thread, so that a test can end us by closing the pipe.
pub fn stdin_lines() -> tokio::sync::mpsc::Receiver<String> {
    let (tx, rx) = tokio::sync::mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { break };
            if tx.blocking_send(line).is_err() {
                break;
            }
        }
    });
    rx
}
