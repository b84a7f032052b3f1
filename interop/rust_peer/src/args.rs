//! Command line: `--name value...`, any option may be repeated or carry several values.

use std::{collections::HashMap, str::FromStr};

use iroh_blobs::{protocol::ChunkRanges, Hash};

use bao_tree::ChunkNum;

pub type Error = Box<dyn std::error::Error + Send + Sync>;
pub type Result<T> = std::result::Result<T, Error>;

pub struct Args(HashMap<String, Vec<String>>);

impl Args {
    pub fn parse(words: impl Iterator<Item = String>) -> Self {
        let mut options: HashMap<String, Vec<String>> = HashMap::new();
        let mut current = String::new();
        for word in words {
            if let Some(name) = word.strip_prefix("--") {
                current = name.to_owned();
                options.entry(current.clone()).or_default();
            } else {
                options.entry(current.clone()).or_default().push(word);
            }
        }
        Self(options)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    pub fn need(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| format!("--{name} is missing").into())
    }

    pub fn number<T: FromStr>(&self, name: &str, default: T) -> Result<T> {
        match self.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| format!("--{name}: not a number").into()),
        }
    }

    pub fn hash(&self, name: &str) -> Result<Hash> {
        parse_hash(self.need(name)?)
    }

    pub fn hashes(&self, name: &str) -> Result<Vec<Hash>> {
        self.all(name).iter().map(|text| parse_hash(text)).collect()
    }
}

pub fn parse_hash(text: &str) -> Result<Hash> {
    if text.len() != 64 {
        return Err(format!("not a hash: {text}").into());
    }
    Hash::from_str(text).map_err(|e| format!("hash {text}: {e}").into())
}

/// Chunk ranges as `a..b,c..,..d`, `last` for the last chunk, `all`, `none`; chunks of 1 KiB.
pub fn parse_ranges(text: &str) -> Result<ChunkRanges> {
    let mut ranges = ChunkRanges::empty();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        ranges |= match part {
            "all" => ChunkRanges::all(),
            "none" => ChunkRanges::empty(),
            "last" => ChunkRanges::from(ChunkNum(u64::MAX)..),
            _ => {
                let (from, to) = part.split_once("..").ok_or_else(|| format!("range: {part}"))?;
                let from: u64 = if from.is_empty() { 0 } else { from.parse()? };
                if to.is_empty() {
                    ChunkRanges::from(ChunkNum(from)..)
                } else {
                    ChunkRanges::from(ChunkNum(from)..ChunkNum(to.parse()?))
                }
            }
        };
    }
    Ok(ranges)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(text: &str) -> Result<Vec<u8>> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| (byte as char).to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()
        .ok_or("not hex")?;
    if digits.len() % 2 != 0 {
        return Err("odd number of hex digits".into());
    }
    Ok(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
