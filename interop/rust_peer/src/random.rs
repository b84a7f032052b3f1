//! get-random: many Gets with random chunk ranges, each compared with a local copy.

use std::time::Instant;

use bao_tree::ChunkNum;
use iroh::endpoint::Connection;
use iroh_blobs::{
    protocol::{ChunkRanges, GetRequest},
    Hash,
};
use serde_json::json;

use crate::{
    args::{Args, Result},
    get::{boundaries, run},
    net,
};

/// xorshift64*: the same seed gives the same requests on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }
}

/// One to four ranges around the blob of `chunks` chunks: groups, single chunks, tails, past the
/// end, the last chunk.
fn ranges(random: &mut Random, chunks: u64, longest: u64) -> ChunkRanges {
    let mut ranges = ChunkRanges::empty();
    for _ in 0..1 + random.below(4) {
        let start = random.below(chunks + 4);
        ranges |= match random.below(8) {
            0 => ChunkRanges::from(ChunkNum(u64::MAX)..),
            1 => ChunkRanges::from(ChunkNum(chunks.saturating_sub(1 + random.below(40)))..),
            2 => ChunkRanges::from(ChunkNum(start)..ChunkNum(start + 1)),
            3 => {
                let group = start / 16 * 16;
                ChunkRanges::from(ChunkNum(group)..ChunkNum(group + 16))
            }
            _ => ChunkRanges::from(ChunkNum(start)..ChunkNum(start + 1 + random.below(longest))),
        };
    }
    ranges
}

/// The chunks an answer must hold: those asked for, and the last one if any lies past the end.
fn effective(asked: &ChunkRanges, chunks: u64) -> ChunkRanges {
    let inside = asked & &ChunkRanges::from(..ChunkNum(chunks));
    let outside = asked & &ChunkRanges::from(ChunkNum(chunks)..);
    if outside.is_empty() {
        return inside;
    }
    inside | ChunkRanges::from(ChunkNum(chunks - 1)..ChunkNum(chunks))
}

async fn one(
    connection: &Connection,
    hash: Hash,
    data: &[u8],
    asked: ChunkRanges,
) -> Result<std::result::Result<(u64, u64), String>> {
    let chunks = (data.len() as u64).div_ceil(1024).max(1);
    let expected = effective(&asked, chunks);
    let request = GetRequest::blob_ranges(hash, asked.clone());
    let outcome = run(connection, request, &[], |_| None).await?;
    if let Some(error) = outcome.error {
        return Ok(Err(format!("{error}: {}, reset {:?}", outcome.detail, outcome.reset)));
    }
    let Some(blob) = outcome.blobs.first() else {
        // Nothing asked, nothing sent.
        return Ok(if asked.is_empty() { Ok((0, 0)) } else { Err("no blob".into()) });
    };
    if blob.size != data.len() as u64 {
        return Ok(Err(format!("size {} instead of {}", blob.size, data.len())));
    }
    if blob.chunks != expected {
        let (got, want) = (boundaries(&blob.chunks), boundaries(&expected));
        return Ok(Err(format!("chunks {got:?} instead of {want:?}")));
    }
    for range in boundaries(&expected).chunks(2) {
        let from = (range[0] * 1024) as usize;
        let to = ((range[1] * 1024) as usize).min(data.len());
        if blob.memory().get(from..to) != Some(&data[from..to]) {
            return Ok(Err(format!("bytes {from}..{to} differ")));
        }
    }
    Ok(Ok((blob.payload, outcome.wire)))
}

/// Needs `--verify FILE`, the local copy; `--seed`, `--count`, `--max-chunk` (longest range),
/// `--parallel` streams at once.
pub async fn get_random(args: &Args) -> Result<bool> {
    let data = std::fs::read(args.need("verify")?)?;
    let hash = match args.get("hash") {
        Some(_) => args.hash("hash")?,
        None => Hash::new(&data),
    };
    let count: u64 = args.number("count", 100)?;
    let parallel: u64 = args.number("parallel", 1)?;
    let longest: u64 = args.number("max-chunk", 64)?;
    let mut random = Random(args.number::<u64>("seed", 1)?.wrapping_mul(0x9e37_79b9) | 1);
    let endpoint = net::endpoint(args, vec![]).await?;
    let connection = match net::connect(&endpoint, args).await? {
        Ok(connection) => connection,
        Err(close) => {
            net::line(json!({"ok": false, "error": "connect", "close": close}));
            return Ok(false);
        }
    };
    let chunks = (data.len() as u64).div_ceil(1024).max(1);
    let started = Instant::now();
    let (mut done, mut failed, mut payload, mut wire) = (0u64, 0u64, 0u64, 0u64);
    while done < count && failed < 5 {
        let batch: Vec<ChunkRanges> = (0..parallel.min(count - done))
            .map(|_| ranges(&mut random, chunks, longest))
            .collect();
        let all = batch.iter().map(|asked| one(&connection, hash, &data, asked.clone()));
        for (asked, result) in batch.iter().zip(n0_future::join_all(all).await) {
            done += 1;
            match result? {
                Ok((bytes, raw)) => {
                    payload += bytes;
                    wire += raw;
                }
                Err(why) => {
                    failed += 1;
                    net::line(json!({"event": "mismatch", "request": done,
                        "asked": boundaries(asked), "why": why}));
                }
            }
        }
    }
    net::line(json!({"ok": failed == 0, "count": done, "failed": failed, "payload": payload,
        "wire": wire, "seconds": started.elapsed().as_secs_f64()}));
    connection.close(0u32.into(), b"");
    endpoint.close().await;
    Ok(failed == 0)
}
