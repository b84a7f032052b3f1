//! get, get-many and observe: the stock decoder of iroh-blobs, with every outcome reported.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bao_tree::{io::BaoContentItem, ChunkNum};
use iroh::endpoint::Connection;
use iroh_blobs::{
    get::fsm::{
        AtBlobHeader, AtBlobHeaderNextError, AtConnected, AtEndBlob, BlobContentNext,
        ConnectedNext, DecodeError, EndBlobNext,
    },
    protocol::{ChunkRanges, ChunkRangesSeq, GetManyRequest, GetRequest, ObserveRequest},
    store::mem::MemStore,
    util::RecvStream,
    Hash,
};
use n0_future::StreamExt;
use serde_json::{json, Value};

use crate::{
    args::{parse_ranges, Args, Result},
    net,
    tap::Tap,
};

/// Where verified leaves go, and what is known about one blob of a response.
pub struct Blob {
    pub index: u64,
    pub hash: Hash,
    pub size: u64,
    pub payload: u64,
    /// Chunks of the leaves that came and verified.
    pub chunks: ChunkRanges,
    sink: Sink,
}

pub enum Sink {
    Memory(Vec<u8>),
    File(File),
}

impl Blob {
    fn write(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        self.payload += data.len() as u64;
        let first = offset / 1024;
        let count = (data.len() as u64).div_ceil(1024).max(1);
        self.chunks |= ChunkRanges::from(ChunkNum(first)..ChunkNum(first + count));
        match &mut self.sink {
            Sink::File(file) => file.write_all_at(data, offset)?,
            Sink::Memory(memory) => {
                let end = offset as usize + data.len();
                if memory.len() < end {
                    memory.resize(end, 0);
                }
                memory[offset as usize..end].copy_from_slice(data);
            }
        }
        Ok(())
    }

    pub fn memory(&self) -> &[u8] {
        match &self.sink {
            Sink::Memory(memory) => memory,
            Sink::File(_) => &[],
        }
    }

    fn json(&self) -> Value {
        json!({"index": self.index, "hash": self.hash.to_hex(), "size": self.size,
               "payload": self.payload, "chunks": boundaries(&self.chunks)})
    }
}

/// What one request brought: blobs (the last may be incomplete), and how it ended.
#[derive(Default)]
pub struct Outcome {
    pub blobs: Vec<Blob>,
    pub error: Option<&'static str>,
    pub detail: String,
    pub reset: Option<u64>,
    pub close: Value,
    pub wire: u64,
    pub extra_bytes: bool,
}

impl Outcome {
    pub fn ok(&self) -> bool {
        self.error.is_none()
    }

    pub fn json(&self) -> Value {
        json!({"ok": self.ok(), "error": self.error, "detail": self.detail, "reset": self.reset,
               "close": self.close, "wire": self.wire,
               "blobs": self.blobs.iter().map(Blob::json).collect::<Vec<_>>()})
    }

    fn fail(&mut self, error: &'static str, detail: impl ToString) {
        self.error = Some(error);
        self.detail = detail.to_string();
    }
}

pub fn boundaries(ranges: &ChunkRanges) -> Vec<u64> {
    ranges.boundaries().iter().map(|chunk| chunk.0).collect()
}

fn decode_error(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::ChunkNotFound { .. } => "not_found",
        DecodeError::ParentNotFound { .. } => "parent_not_found",
        DecodeError::LeafNotFound { .. } => "leaf_not_found",
        DecodeError::ParentHashMismatch { .. } => "parent_hash_mismatch",
        DecodeError::LeafHashMismatch { .. } => "leaf_hash_mismatch",
        DecodeError::Read { .. } => "read",
        _ => "other",
    }
}

async fn read_blob<R: RecvStream>(
    header: AtBlobHeader<R>,
    index: u64,
    out: Option<&Path>,
    outcome: &mut Outcome,
) -> Result<Option<AtEndBlob<R>>> {
    let hash = header.hash();
    let (mut content, size) = match header.next().await {
        Ok(next) => next,
        Err(AtBlobHeaderNextError::NotFound { .. }) => {
            outcome.fail("not_found", "end of stream before a size header");
            return Ok(None);
        }
        Err(error) => {
            outcome.fail("read_size", error);
            return Ok(None);
        }
    };
    let sink = match out {
        Some(path) => Sink::File(File::create(path)?),
        None => Sink::Memory(Vec::new()),
    };
    let chunks = ChunkRanges::empty();
    outcome.blobs.push(Blob { index, hash, size, payload: 0, chunks, sink });
    let blob = outcome.blobs.len() - 1;
    loop {
        match content.next().await {
            BlobContentNext::Done(end) => return Ok(Some(end)),
            BlobContentNext::More((_, Err(error))) => {
                outcome.fail(decode_error(&error), error);
                return Ok(None);
            }
            BlobContentNext::More((next, Ok(item))) => {
                if let BaoContentItem::Leaf(leaf) = item {
                    outcome.blobs[blob].write(leaf.offset, &leaf.data)?;
                }
                content = next;
            }
        }
    }
}

fn child_hash(outcome: &Outcome, given: &[Hash], child: u64) -> Option<Hash> {
    if let Some(hash) = given.get(child as usize) {
        return Some(*hash);
    }
    let root = outcome.blobs.first().filter(|blob| blob.index == 0)?;
    let at = child as usize * 32;
    let bytes: [u8; 32] = root.memory().get(at..at + 32)?.try_into().ok()?;
    Some(Hash::from_bytes(bytes))
}

/// Runs one Get on a new stream and decodes all of the answer.
pub async fn run(
    connection: &Connection,
    request: GetRequest,
    children: &[Hash],
    out: impl Fn(u64) -> Option<PathBuf>,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let (send, recv) = match connection.open_bi().await {
        Ok(pair) => pair,
        Err(error) => {
            outcome.fail("open", &error);
            outcome.close = net::close_json(&error);
            return Ok(outcome);
        }
    };
    let (tap, seen) = Tap::new(recv);
    let connected =
        AtConnected::new(tokio::time::Instant::now(), tap, send, request, Default::default());
    match connected.next().await {
        Err(error) => outcome.fail("send", error),
        Ok(first) => read_all(first, children, &out, &mut outcome, &seen).await?,
    }
    let seen = seen.lock().unwrap().clone();
    outcome.wire = seen.bytes;
    outcome.reset = seen.reset;
    if seen.connection_lost || outcome.error == Some("send") {
        outcome.close = net::closed(connection, Duration::from_secs(1)).await;
    }
    if outcome.ok() && outcome.extra_bytes {
        outcome.fail("extra_bytes", "bytes after the end of the answer");
    }
    Ok(outcome)
}

async fn read_all(
    first: ConnectedNext<Tap>,
    children: &[Hash],
    out: &impl Fn(u64) -> Option<PathBuf>,
    outcome: &mut Outcome,
    seen: &std::sync::Mutex<crate::tap::Seen>,
) -> Result<()> {
    let mut next = match first {
        ConnectedNext::StartRoot(root) => {
            // A sequence keeps its root in memory: the child hashes are read from it.
            let path = out(0);
            let Some(end) = read_blob(root.next(), 0, path.as_deref(), outcome).await? else {
                return Ok(());
            };
            end.next()
        }
        ConnectedNext::StartChild(child) => EndBlobNext::MoreChildren(child),
        ConnectedNext::Closing(closing) => EndBlobNext::Closing(closing),
    };
    let closing = loop {
        match next {
            EndBlobNext::Closing(closing) => break closing,
            EndBlobNext::MoreChildren(child) => {
                let offset = child.offset();
                let Some(hash) = child_hash(outcome, children, offset - 1) else {
                    break child.finish();
                };
                let path = out(offset);
                match read_blob(child.next(hash), offset, path.as_deref(), outcome).await? {
                    Some(end) => next = end.next(),
                    None => return Ok(()),
                }
            }
        }
    };
    let before = seen.lock().unwrap().bytes;
    // The stock getter only logs extra bytes; a test peer must notice them.
    match closing.next().await {
        Err(error) => outcome.fail("close", error),
        Ok(_) => outcome.extra_bytes = seen.lock().unwrap().bytes != before,
    }
    Ok(())
}

fn request(args: &Args, hash: Hash) -> Result<GetRequest> {
    let ranges = match args.get("ranges") {
        Some(text) => parse_ranges(text)?,
        None if args.has("last-chunk") => parse_ranges("last")?,
        None => ChunkRanges::all(),
    };
    if let Some(child) = args.get("child") {
        return Ok(GetRequest::builder().child(child.parse()?, ranges).build(hash));
    }
    if args.has("seq") {
        let seq = ChunkRangesSeq::from_ranges_infinite([ChunkRanges::all(), ranges]);
        return Ok(GetRequest::new(hash, seq));
    }
    Ok(GetRequest::blob_ranges(hash, ranges))
}

/// Names of a collection, if `bytes` is its metadata blob.
fn collection_names(bytes: &[u8]) -> Option<Vec<String>> {
    let mut rest = bytes.strip_prefix(b"CollectionV0.")?;
    let count = varint(&mut rest)?;
    let mut names = Vec::new();
    for _ in 0..count {
        let length = varint(&mut rest)? as usize;
        names.push(String::from_utf8(rest.get(..length)?.to_vec()).ok()?);
        rest = &rest[length..];
    }
    Some(names)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

pub async fn get(args: &Args) -> Result<bool> {
    let hash = args.hash("hash")?;
    let endpoint = net::endpoint(args, vec![]).await?;
    let started = Instant::now();
    let connection = match net::connect(&endpoint, args).await? {
        Ok(connection) => connection,
        Err(close) => {
            net::line(json!({"ok": false, "error": "connect", "close": close}));
            return Ok(false);
        }
    };
    let request = request(args, hash)?;
    let single = request.ranges.is_blob();
    let children = args.hashes("child-hash")?;
    let out = args.get("out").map(PathBuf::from);
    if let (Some(dir), false) = (&out, single) {
        std::fs::create_dir_all(dir)?;
    }
    let place = |index: u64| match (&out, single, index) {
        (Some(path), true, _) => Some(path.clone()),
        (Some(dir), false, index) if index > 1 => Some(dir.join(index.to_string())),
        _ => None,
    };
    let limit = Duration::from_secs(args.number("limit-s", 300)?);
    let outcome =
        match tokio::time::timeout(limit, run(&connection, request, &children, place)).await {
            Ok(outcome) => outcome?,
            Err(_) => {
                net::line(json!({"ok": false, "error": "timeout"}));
                return Ok(false);
            }
        };
    let mut report = outcome.json();
    let meta = outcome.blobs.iter().find(|blob| blob.index == 1);
    if let Some(names) = meta.and_then(|blob| collection_names(blob.memory())) {
        report["names"] = json!(names);
    }
    report["seconds"] = json!(started.elapsed().as_secs_f64());
    net::line(report);
    connection.close(0u32.into(), b"");
    endpoint.close().await;
    Ok(outcome.ok())
}

pub async fn get_many(args: &Args) -> Result<bool> {
    let hashes = args.hashes("hash")?;
    let endpoint = net::endpoint(args, vec![]).await?;
    let connection = match net::connect(&endpoint, args).await? {
        Ok(connection) => connection,
        Err(close) => {
            net::line(json!({"ok": false, "error": "connect", "close": close}));
            return Ok(false);
        }
    };
    // One range for all (`--ranges X`), or one for each hash in order (`--ranges X Y Z`).
    let given = args.all("ranges");
    let mut ranges = Vec::new();
    for index in 0..hashes.len() {
        let text = given.get(index).or(given.first()).map_or("all", String::as_str);
        ranges.push(parse_ranges(text)?);
    }
    let request = GetManyRequest::new(hashes.clone(), ChunkRangesSeq::from_ranges(ranges));
    let mut outcome = Outcome::default();
    let first = iroh_blobs::get::fsm::start_get_many(connection.clone(), request, Default::default())
        .await?;
    let mut next = match first {
        Ok(child) => EndBlobNext::MoreChildren(child),
        Err(closing) => EndBlobNext::Closing(closing),
    };
    loop {
        match next {
            EndBlobNext::Closing(closing) => {
                if let Err(error) = closing.next().await {
                    outcome.fail("close", error);
                }
                break;
            }
            EndBlobNext::MoreChildren(child) => {
                let offset = child.offset();
                let header = child.next(hashes[offset as usize]);
                match read_blob(header, offset, None, &mut outcome).await? {
                    Some(end) => next = end.next(),
                    None => break,
                }
            }
        }
    }
    if outcome.detail.contains("reset by peer: error ") {
        outcome.reset = outcome.detail.rsplit(' ').next().and_then(|code| code.parse().ok());
    }
    if let Some(dir) = args.get("out") {
        std::fs::create_dir_all(dir)?;
        for blob in &outcome.blobs {
            std::fs::write(Path::new(dir).join(blob.index.to_string()), blob.memory())?;
        }
    }
    net::line(outcome.json());
    connection.close(0u32.into(), b"");
    endpoint.close().await;
    Ok(outcome.ok())
}

/// Prints one line for each bitfield; ends after `--items N`, when complete, or after `--for-ms`.
pub async fn observe(args: &Args) -> Result<bool> {
    let hash = args.hash("hash")?;
    let items: usize = args.number("items", usize::MAX)?;
    let limit = Duration::from_millis(args.number("for-ms", 2_000)?);
    let endpoint = net::endpoint(args, vec![]).await?;
    let connection = match net::connect(&endpoint, args).await? {
        Ok(connection) => connection,
        Err(close) => {
            net::line(json!({"ok": false, "error": "connect", "close": close}));
            return Ok(false);
        }
    };
    let store = MemStore::new();
    let stream = store.remote().observe(connection.clone(), ObserveRequest::new(hash));
    n0_future::pin!(stream);
    let mut count = 0;
    let mut error = Value::Null;
    let read = async {
        while let Some(item) = stream.next().await {
            match item {
                Err(failure) => {
                    error = json!(failure.to_string());
                    break;
                }
                Ok(bits) => {
                    count += 1;
                    net::line(json!({"event": "bitfield", "size": bits.size(),
                        "ranges": boundaries(&bits.ranges), "complete": bits.is_complete()}));
                    if count >= items || bits.is_complete() && !args.has("stay") {
                        break;
                    }
                }
            }
        }
    };
    let timed_out = tokio::time::timeout(limit, read).await.is_err();
    let ok = count > 0 && error.is_null();
    net::line(json!({"ok": ok, "items": count, "timed_out": timed_out, "error": error}));
    connection.close(0u32.into(), b"");
    endpoint.close().await;
    Ok(ok)
}
