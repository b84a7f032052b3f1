//! provide: a stock iroh-blobs provider with complete, partial and refused blobs.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc,
    },
};

use iroh::{protocol::Router, EndpointAddr, TransportAddr};
use iroh_blobs::{
    api::{blobs::AddPathOptions, proto::ImportMode, Store, TempTag},
    format::collection::Collection,
    protocol::ChunkRanges,
    provider::events::{
        AbortReason, ConnectMode, EventMask, EventSender, ObserveMode, ProviderMessage,
        RequestMode, ThrottleMode,
    },
    store::{fs::FsStore, mem::MemStore},
    ticket::BlobTicket,
    BlobFormat, BlobsProtocol, Hash,
};

use crate::{
    args::{parse_hash, parse_ranges, Args, Result},
    net,
};

fn reason(text: &str) -> Result<AbortReason> {
    match text {
        "permission" => Ok(AbortReason::Permission),
        "limit" => Ok(AbortReason::RateLimited),
        other => Err(format!("{other}: permission or limit").into()),
    }
}

fn reason_opt(args: &Args, name: &str) -> Result<Option<AbortReason>> {
    args.get(name).map(reason).transpose()
}

/// The refusals asked for on the command line.
struct Policy {
    connect: Option<AbortReason>,
    request: Option<AbortReason>,
    hashes: HashMap<Hash, AbortReason>,
    /// Abort every transfer after so many leaves.
    throttle: Option<(u64, AbortReason)>,
    leaves: AtomicU64,
}

impl Policy {
    fn new(args: &Args) -> Result<Self> {
        let mut hashes = HashMap::new();
        for text in args.all("deny-hash") {
            let (hash, why) = text.split_once(':').unwrap_or((text, "permission"));
            hashes.insert(parse_hash(hash)?, reason(why)?);
        }
        let throttle = match args.get("deny-after") {
            None => None,
            Some(text) => {
                let (leaves, why) = text.split_once(':').unwrap_or((text, "limit"));
                Some((leaves.parse()?, reason(why)?))
            }
        };
        Ok(Self {
            connect: reason_opt(args, "deny")?,
            request: reason_opt(args, "deny-request")?,
            hashes,
            throttle,
            leaves: AtomicU64::new(0),
        })
    }

    fn decide(&self, hashes: &[Hash]) -> std::result::Result<(), AbortReason> {
        if let Some(why) = self.request {
            return Err(why);
        }
        match hashes.iter().find_map(|hash| self.hashes.get(hash)) {
            Some(why) => Err(*why),
            None => Ok(()),
        }
    }

    fn leaf(&self) -> std::result::Result<(), AbortReason> {
        let sent = self.leaves.fetch_add(1, Ordering::Relaxed);
        match self.throttle {
            Some((limit, why)) if sent >= limit => Err(why),
            _ => Ok(()),
        }
    }
}

fn events(args: &Args) -> Result<EventSender> {
    let policy = Arc::new(Policy::new(args)?);
    let mask = EventMask {
        connected: ConnectMode::Intercept,
        get: RequestMode::Intercept,
        get_many: RequestMode::Intercept,
        push: if args.has("allow-push") { RequestMode::None } else { RequestMode::Disabled },
        observe: ObserveMode::Intercept,
        throttle: match policy.throttle {
            Some(_) => ThrottleMode::Intercept,
            None => ThrottleMode::None,
        },
    };
    let log = args.has("log");
    let (sender, mut messages) = EventSender::channel(32, mask);
    tokio::spawn(async move {
        while let Some(message) = messages.recv().await {
            match message {
                ProviderMessage::ClientConnected(m) => {
                    if log {
                        net::text(&format!(
                            "event=connected id={}",
                            m.endpoint_id.map(|id| id.to_string()).unwrap_or_default()
                        ));
                    }
                    m.tx.send(policy.connect.map_or(Ok(()), Err)).await.ok();
                }
                ProviderMessage::GetRequestReceived(m) => {
                    if log {
                        net::text(&format!("event=get hash={}", m.request.hash.to_hex()));
                    }
                    let decision = policy.decide(&[m.request.hash]);
                    m.tx.send(decision).await.ok();
                }
                ProviderMessage::GetManyRequestReceived(m) => {
                    if log {
                        net::text(&format!("event=get_many count={}", m.request.hashes.len()));
                    }
                    let decision = policy.decide(&m.request.hashes);
                    m.tx.send(decision).await.ok();
                }
                ProviderMessage::ObserveRequestReceived(m) => {
                    if log {
                        net::text(&format!("event=observe hash={}", m.request.hash.to_hex()));
                    }
                    let decision = policy.decide(&[m.request.hash]);
                    m.tx.send(decision).await.ok();
                }
                ProviderMessage::Throttle(m) => {
                    m.tx.send(policy.leaf()).await.ok();
                }
                _ => {}
            }
        }
    });
    Ok(sender)
}

/// Regular files below `dir`, sorted; symbolic links are left out.
fn walk(dir: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries = std::fs::read_dir(dir)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), found)?;
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}

pub async fn open_store(args: &Args) -> Result<Store> {
    Ok(match args.get("fs-store") {
        Some(path) => {
            std::fs::create_dir_all(path)?;
            FsStore::load(path).await?.into()
        }
        None => MemStore::new().into(),
    })
}

/// Gives the store only `ranges` of a file, through a bao stream made by a second store.
async fn add_partial(store: &Store, ranges: ChunkRanges, path: &Path) -> Result<(Hash, u64)> {
    let data = std::fs::read(path)?;
    let size = data.len() as u64;
    let source = MemStore::new();
    let tag = source.add_bytes(data).temp_tag().await?;
    let hash = tag.hash();
    let bao = source.export_bao(hash, ranges.clone()).bao_to_vec().await?;
    store.import_bao_bytes(hash, ranges, bao).await?;
    Ok((hash, size))
}

async fn add_file(store: &Store, path: &Path) -> Result<(TempTag, u64)> {
    let options = AddPathOptions {
        path: std::path::absolute(path)?,
        format: BlobFormat::Raw,
        mode: ImportMode::TryReference,
    };
    let tag = store.add_path_with_opts(options).temp_tag().await?;
    Ok((tag, std::fs::metadata(path)?.len()))
}

/// `--partial RANGES:FILE`, ranges in chunks.
async fn add_partials(store: &Store, args: &Args) -> Result<()> {
    for text in args.all("partial") {
        let (ranges, path) = text.split_once(':').ok_or("--partial RANGES:FILE")?;
        let (hash, size) = add_partial(store, parse_ranges(ranges)?, Path::new(path)).await?;
        net::text(&format!("partial={} size={size} path={path}", hash.to_hex()));
    }
    Ok(())
}

pub async fn provide(args: &Args) -> Result<bool> {
    let store = open_store(args).await?;
    let endpoint = net::endpoint(args, vec![]).await?;
    let addr = net::local_addr(&endpoint);
    let here = EndpointAddr::from_parts(endpoint.id(), [TransportAddr::Ip(addr)]);
    net::text(&format!("id={} addr={addr}", endpoint.id()));

    let mut paths: Vec<(PathBuf, String)> = Vec::new();
    for file in args.all("files") {
        let path = PathBuf::from(file);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        paths.push((path, name));
    }
    if let Some(dir) = args.get("dir") {
        let mut found = Vec::new();
        walk(Path::new(dir), &mut found)?;
        for path in found {
            let name = path.strip_prefix(dir)?.to_string_lossy().into_owned();
            paths.push((path, name));
        }
    }
    let mut tags = Vec::new();
    let mut collection = Collection::default();
    for (path, name) in paths {
        let (tag, size) = add_file(&store, &path).await?;
        let ticket = BlobTicket::new(here.clone(), tag.hash(), BlobFormat::Raw);
        net::text(&format!("hash={} size={size} path={name}", tag.hash().to_hex()));
        net::text(&format!("ticket={ticket}"));
        collection.push(name, tag.hash());
        tags.push(tag);
    }
    if args.has("collection") {
        let tag = collection.store(&store).await?;
        let ticket = BlobTicket::new(here.clone(), tag.hash(), BlobFormat::HashSeq);
        net::text(&format!("collection={}", tag.hash().to_hex()));
        net::text(&format!("ticket={ticket}"));
        tags.push(tag);
    }
    add_partials(&store, args).await?;

    let blobs = BlobsProtocol::new(&store, Some(events(args)?));
    let router = Router::builder(endpoint).accept(iroh_blobs::ALPN, blobs).spawn();
    net::text("ready");

    // `fill RANGES FILE` on stdin adds to a partial blob, so that observers see it grow.
    let mut commands = net::stdin_lines();
    while let Some(command) = commands.recv().await {
        let words: Vec<&str> = command.splitn(3, ' ').collect();
        match words.as_slice() {
            ["fill", ranges, path] => {
                let (hash, _) =
                    add_partial(&store, parse_ranges(ranges)?, Path::new(path)).await?;
                net::text(&format!("filled={}", hash.to_hex()));
            }
            ["status", hash] => {
                let status = store.status(parse_hash(hash)?).await?;
                net::text(&format!("status={status:?}"));
            }
            _ => net::text("error=unknown command"),
        }
    }
    router.shutdown().await?;
    Ok(true)
}
