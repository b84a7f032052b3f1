//! Figures of the native programs, for a comparison column: file to file, raw streams, connects.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use bytes::Bytes;
use iroh::{endpoint::Connection, protocol::Router};
use iroh_blobs::{
    api::{
        blobs::{AddPathOptions, ExportMode, ExportOptions},
        proto::ImportMode,
    },
    protocol::GetRequest,
    store::fs::FsStore,
    BlobFormat, BlobsProtocol, HashAndFormat,
};
use serde_json::{json, Value};

use crate::{
    args::{parse_ranges, Args, Result},
    net,
};

const RAW_ALPN: &[u8] = b"archy/bench-raw/0";
const CONNECT_ALPN: &[u8] = b"archy/bench-connect/0";

/// Answers `cpu` on stdin until it ends.
async fn answer_cpu_until_eof() {
    let mut commands = net::stdin_lines();
    while let Some(command) = commands.recv().await {
        if command == "cpu" {
            net::line(json!({"cpu_s": net::cpu_seconds()}));
        }
    }
}

pub async fn serve(args: &Args) -> Result<bool> {
    let path = std::path::absolute(args.need("file")?)?;
    let size = std::fs::metadata(&path)?.len();
    let store = FsStore::load(args.need("fs-store")?).await?;
    let (started, cpu) = (Instant::now(), net::cpu_seconds());
    let mode = match args.has("copy") {
        true => ImportMode::Copy,
        false => ImportMode::TryReference,
    };
    let options = AddPathOptions { path, format: BlobFormat::Raw, mode };
    let tag = store.add_path_with_opts(options).temp_tag().await?;
    let import = (started.elapsed().as_secs_f64(), net::cpu_seconds() - cpu);
    let endpoint = net::endpoint(args, vec![]).await?;
    let (id, addr) = (endpoint.id(), net::local_addr(&endpoint));
    let blobs = BlobsProtocol::new(&store, None);
    let router = Router::builder(endpoint).accept(iroh_blobs::ALPN, blobs).spawn();
    net::line(json!({"id": id.to_string(), "addr": addr.to_string(), "size": size,
        "hash": tag.hash().to_hex(), "import_wall_s": import.0, "import_cpu_s": import.1,
        "cpu_s": net::cpu_seconds()}));
    answer_cpu_until_eof().await;
    router.shutdown().await?;
    Ok(true)
}

pub async fn get(args: &Args) -> Result<bool> {
    let hash = args.hash("hash")?;
    let store = FsStore::load(args.need("fs-store")?).await?;
    let out: PathBuf = std::path::absolute(args.need("out")?)?;
    let endpoint = net::endpoint(args, vec![]).await?;
    let (started, cpu) = (Instant::now(), net::cpu_seconds());
    let connection = match net::connect(&endpoint, args).await? {
        Ok(connection) => connection,
        Err(close) => return Err(close.to_string().into()),
    };
    let stats = store.remote().fetch(connection.clone(), HashAndFormat::raw(hash)).await?;
    let fetch = (started.elapsed().as_secs_f64(), net::cpu_seconds() - cpu);
    let mode = match args.has("copy") {
        true => ExportMode::Copy,
        false => ExportMode::TryReference,
    };
    store.export_with_opts(ExportOptions { hash, mode, target: out.clone() }).finish().await?;
    let all = (started.elapsed().as_secs_f64(), net::cpu_seconds() - cpu);
    let size = std::fs::metadata(&out)?.len();
    let gib = size as f64 / (1u64 << 30) as f64;
    net::line(json!({"ok": true, "size": size, "payload": stats.counters.payload_bytes_read,
        "fetch_wall_s": fetch.0, "fetch_cpu_s": fetch.1, "wall_s": all.0, "cpu_s": all.1,
        "cpu_s_per_gib": all.1 / gib, "gbit_s": size as f64 * 8.0 / all.0 / 1e9}));
    connection.close(0u32.into(), b"");
    endpoint.close().await;
    store.shutdown().await?;
    Ok(true)
}

async fn receive(connection: Connection, before: f64) -> Value {
    let started = Instant::now();
    let mut readers = Vec::new();
    while let Ok(mut stream) = connection.accept_uni().await {
        readers.push(tokio::spawn(async move {
            let mut bytes = 0u64;
            while let Ok(Some(chunk)) = stream.read_chunk(1 << 20).await {
                bytes += chunk.len() as u64;
            }
            (bytes, Instant::now())
        }));
    }
    let (mut bytes, mut end) = (0, started);
    for reader in readers {
        if let Ok((count, at)) = reader.await {
            bytes += count;
            end = end.max(at);
        }
    }
    let (wall, cpu) = ((end - started).as_secs_f64(), net::cpu_seconds() - before);
    json!({"event": "received", "bytes": bytes, "wall_s": wall, "cpu_s": cpu,
        "cpu_s_per_gib": cpu / (bytes as f64 / (1u64 << 30) as f64),
        "gbit_s": bytes as f64 * 8.0 / wall / 1e9})
}

/// Takes raw uni streams and accepts bench-connect; one line for each raw connection.
pub async fn raw_recv(args: &Args) -> Result<bool> {
    let alpns = vec![RAW_ALPN.to_vec(), CONNECT_ALPN.to_vec()];
    let endpoint = net::endpoint(args, alpns).await?;
    net::line(json!({"id": endpoint.id().to_string(),
        "addr": net::local_addr(&endpoint).to_string()}));
    let accepting = endpoint.clone();
    tokio::spawn(async move {
        while let Some(incoming) = accepting.accept().await {
            let before = net::cpu_seconds();
            tokio::spawn(async move {
                let Ok(connection) = incoming.await else { return };
                if connection.alpn() == RAW_ALPN {
                    net::line(receive(connection, before).await);
                } else {
                    connection.closed().await;
                }
            });
        }
    });
    answer_cpu_until_eof().await;
    endpoint.close().await;
    Ok(true)
}

/// `--streams N` uni streams of `--size BYTES` each, written in pieces of `--piece BYTES`.
pub async fn raw_send(args: &Args) -> Result<bool> {
    let streams: u64 = args.number("streams", 8)?;
    let size: u64 = args.number("size", 32 << 20)?;
    let piece: usize = args.number("piece", 1 << 20)?;
    let endpoint = net::endpoint(args, vec![]).await?;
    let connection = endpoint.connect(net::peer(args)?, RAW_ALPN).await?;
    let block = Bytes::from((0..piece).map(|i| (i % 251) as u8).collect::<Vec<u8>>());
    let (started, cpu) = (Instant::now(), net::cpu_seconds());
    let mut writers = Vec::new();
    for _ in 0..streams {
        let mut stream = connection.open_uni().await?;
        let block = block.clone();
        writers.push(tokio::spawn(async move {
            let mut left = size;
            while left > 0 {
                let part = block.slice(..(left.min(block.len() as u64)) as usize);
                left -= part.len() as u64;
                stream.write_chunk(part).await?;
            }
            stream.finish()?;
            // Resolves when the peer has acknowledged everything.
            stream.stopped().await?;
            Result::<()>::Ok(())
        }));
    }
    for writer in writers {
        writer.await??;
    }
    let (wall, cpu) = (started.elapsed().as_secs_f64(), net::cpu_seconds() - cpu);
    let bytes = streams * size;
    connection.close(0u32.into(), b"done");
    endpoint.close().await;
    net::line(json!({"ok": true, "bytes": bytes, "streams": streams, "wall_s": wall, "cpu_s": cpu,
        "cpu_s_per_gib": cpu / (bytes as f64 / (1u64 << 30) as f64),
        "gbit_s": bytes as f64 * 8.0 / wall / 1e9}));
    Ok(true)
}

fn percentile(sorted: &[f64], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

/// `--count N` sequential connects from one endpoint. With `--hash H` (ALPN of blobs): each also
/// gets the first 16 KiB, verified. `--no-resume` forbids session resumption.
pub async fn connect(args: &Args) -> Result<bool> {
    let count: usize = args.number("count", 100)?;
    let hash = args.get("hash").map(|_| args.hash("hash")).transpose()?;
    let alpn = match (args.get("alpn"), hash) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(_)) => iroh_blobs::ALPN.to_vec(),
        (None, None) => CONNECT_ALPN.to_vec(),
    };
    let mut endpoint = net::endpoint(args, vec![]).await?;
    let (mut connects, mut firsts) = (Vec::new(), Vec::new());
    let cpu = net::cpu_seconds();
    for _ in 0..count {
        if args.has("fresh") {
            endpoint.close().await;
            endpoint = net::endpoint(args, vec![]).await?;
        }
        let started = Instant::now();
        let attempt = endpoint.connect(net::peer(args)?, &alpn);
        let connection = tokio::time::timeout(Duration::from_secs(5), attempt).await??;
        connects.push(started.elapsed().as_secs_f64() * 1e3);
        if let Some(hash) = hash {
            let request = GetRequest::blob_ranges(hash, parse_ranges("0..16")?);
            let outcome = crate::get::run(&connection, request, &[], |_| None).await?;
            if !outcome.ok() {
                return Err(outcome.detail.into());
            }
            firsts.push(started.elapsed().as_secs_f64() * 1e3);
        }
        connection.close(0u32.into(), b"");
    }
    let cpu = net::cpu_seconds() - cpu;
    let spread = |times: &mut Vec<f64>| -> Value {
        times.sort_by(f64::total_cmp);
        match times.is_empty() {
            true => Value::Null,
            false => json!({"p10": percentile(times, 0.1), "p50": percentile(times, 0.5),
                            "p90": percentile(times, 0.9), "max": percentile(times, 1.0)}),
        }
    };
    net::line(json!({"ok": true, "count": count, "connect_ms": spread(&mut connects),
        "first_16k_ms": spread(&mut firsts), "cpu_ms_each": cpu * 1e3 / count as f64}));
    endpoint.close().await;
    Ok(true)
}
