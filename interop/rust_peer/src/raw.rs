//! raw: exactly these request bytes, then FIN. push: a whole Push, watching how it is refused.

use std::time::Duration;

use iroh::endpoint::{Connection, ReadError, RecvStream, StoppedError, WriteError};
use iroh_blobs::{protocol::ChunkRanges, store::mem::MemStore};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};

use crate::{
    args::{hex, unhex, Args, Result},
    net,
};

struct Answer {
    bytes: u64,
    head: Vec<u8>,
    sha256: String,
    reset: Option<u64>,
    lost: bool,
}

async fn read_answer(mut recv: RecvStream, keep: usize) -> Answer {
    let mut hasher = Sha256::new();
    let mut answer =
        Answer { bytes: 0, head: Vec::new(), sha256: String::new(), reset: None, lost: false };
    loop {
        match recv.read_chunk(1 << 20).await {
            Ok(Some(chunk)) => {
                answer.bytes += chunk.len() as u64;
                let room = keep.saturating_sub(answer.head.len()).min(chunk.len());
                answer.head.extend_from_slice(&chunk[..room]);
                hasher.update(&chunk);
            }
            Ok(None) => break,
            Err(ReadError::Reset(code)) => {
                answer.reset = Some(code.into_inner());
                break;
            }
            Err(_) => {
                answer.lost = true;
                break;
            }
        }
    }
    answer.sha256 = hex(&hasher.finalize());
    answer
}

/// Writes the request, reads the answer; both halves at once, since either can be refused.
async fn exchange(
    connection: &Connection,
    request: &[u8],
    finish: bool,
    keep: usize,
    limit: Duration,
) -> Value {
    let (mut send, recv) = match connection.open_bi().await {
        Ok(pair) => pair,
        Err(error) => return json!({"ok": false, "error": "open", "close": net::close_json(&error)}),
    };
    let write = async {
        match send.write_all(request).await {
            Err(WriteError::Stopped(code)) => return json!(code.into_inner()),
            Err(error) => return json!(error.to_string()),
            Ok(()) => {}
        }
        if finish && send.finish().is_err() {
            return json!("finish");
        }
        if !finish {
            // Keeps the stream open until the answer is in or the time is up.
            return match send.stopped().await {
                Ok(Some(code)) => json!(code.into_inner()),
                _ => Value::Null,
            };
        }
        match tokio::time::timeout(Duration::from_secs(2), send.stopped()).await {
            Ok(Ok(Some(code))) => json!(code.into_inner()),
            Ok(Err(StoppedError::ConnectionLost(_))) => json!("lost"),
            _ => Value::Null,
        }
    };
    let both = async { tokio::join!(write, read_answer(recv, keep)) };
    let Ok((stopped, answer)) = tokio::time::timeout(limit, both).await else {
        return json!({"ok": false, "error": "timeout"});
    };
    let close = match answer.lost {
        true => net::closed(connection, Duration::from_secs(1)).await,
        false => Value::Null,
    };
    json!({"ok": true, "len": answer.bytes, "hex": hex(&answer.head), "sha256": answer.sha256,
           "fin": answer.reset.is_none() && !answer.lost, "reset": answer.reset,
           "stopped": stopped, "close": close})
}

pub async fn raw(args: &Args) -> Result<bool> {
    let endpoint = net::endpoint(args, vec![]).await?;
    let connection = match net::connect(&endpoint, args).await? {
        Ok(connection) => connection,
        Err(close) => {
            net::line(json!({"ok": false, "error": "connect", "close": close}));
            return Ok(false);
        }
    };
    let keep: usize = args.number("keep", 65_536)?;
    let limit = Duration::from_millis(args.number("limit-ms", 10_000)?);
    let mut ok = true;
    // `--request` may be given several times: one stream each, in order, same connection.
    for text in args.all("request") {
        let request = unhex(text)?;
        let report = exchange(&connection, &request, !args.has("no-fin"), keep, limit).await;
        ok &= report["ok"] == true;
        net::line(report);
    }
    connection.close(0u32.into(), b"");
    endpoint.close().await;
    Ok(ok)
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Pushes `--file F` whole. The stock pusher throws the answer half away, so this one is by hand.
pub async fn push(args: &Args) -> Result<bool> {
    let data = std::fs::read(args.need("file")?)?;
    let store = MemStore::new();
    let tag = store.add_bytes(data).temp_tag().await?;
    let hash = tag.hash();
    let bao = store.export_bao(hash, ChunkRanges::all()).bao_to_vec().await?;
    let mut body = hash.as_bytes().to_vec();
    body.extend_from_slice(&[2, 0, 1, 0, 1, 0]);
    let mut message = vec![8];
    varint(body.len() as u64, &mut message);
    message.extend_from_slice(&body);
    message.extend_from_slice(&bao);

    let endpoint = net::endpoint(args, vec![]).await?;
    let connection = match net::connect(&endpoint, args).await? {
        Ok(connection) => connection,
        Err(close) => {
            net::line(json!({"ok": false, "error": "connect", "close": close}));
            return Ok(false);
        }
    };
    let mut report = exchange(&connection, &message, true, 64, Duration::from_secs(10)).await;
    report["hash"] = json!(hash.to_hex());
    report["refused"] = json!(report["reset"].is_u64() || report["stopped"].is_u64());
    net::line(report);
    connection.close(0u32.into(), b"");
    endpoint.close().await;
    Ok(true)
}
