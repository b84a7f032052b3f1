//! lie: a provider that breaks the encoding on purpose, to see that getters reject it.
//!
//! `--lie none|child_order|no_inner_parents|size_plus_one|trailing_byte|short_last_group|flip_bit|
//! truncate|empty|half_header|wrong_content|stall|reset`. Answers Get of the blobs of `--files`, and of a collection
//! of them with `--collection`.

use bao_tree::io::{mixed::EncodedItem, Leaf, Parent};
use iroh::endpoint::{Connection, RecvStream, SendStream};
use iroh_blobs::{
    format::collection::Collection,
    hashseq::HashSeq,
    protocol::{ChunkRanges, GetRequest, Request},
    store::mem::MemStore,
    Hash,
};
use n0_future::StreamExt;

use crate::{
    args::{Args, Result},
    net,
};

/// The items of an honest answer for one blob; `Done` and errors left out.
async fn honest(store: &MemStore, hash: Hash, ranges: ChunkRanges) -> Vec<EncodedItem> {
    let stream = store.export_bao(hash, ranges).stream();
    n0_future::pin!(stream);
    let mut items = Vec::new();
    while let Some(item) = stream.next().await {
        if !matches!(item, EncodedItem::Done | EncodedItem::Error(_)) {
            items.push(item);
        }
    }
    items
}

fn distort(items: &mut Vec<EncodedItem>, lie: &str) {
    let last_leaf = items.iter().rposition(|item| matches!(item, EncodedItem::Leaf(_)));
    match lie {
        "child_order" => {
            if let Some(EncodedItem::Parent(Parent { pair, .. })) =
                items.iter_mut().find(|item| matches!(item, EncodedItem::Parent(_)))
            {
                *pair = (pair.1, pair.0);
            }
        }
        // A node of level 3 or less covers at most 16 chunks: one group.
        "no_inner_parents" => items.retain(|item| match item {
            EncodedItem::Parent(parent) => parent.node.level() >= 4,
            _ => true,
        }),
        "size_plus_one" => {
            if let Some(EncodedItem::Size(size)) = items.first_mut() {
                *size += 1;
            }
        }
        "short_last_group" => {
            if let Some(EncodedItem::Leaf(Leaf { data, .. })) = last_leaf.map(|at| &mut items[at]) {
                *data = data.slice(..data.len().saturating_sub(1));
            }
        }
        "flip_bit" => {
            if let Some(EncodedItem::Leaf(Leaf { data, .. })) = last_leaf.map(|at| &mut items[at]) {
                let mut bytes = data.to_vec();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                *data = bytes.into();
            }
        }
        _ => {}
    }
}

fn encode(items: &[EncodedItem], out: &mut Vec<u8>) {
    for item in items {
        match item {
            EncodedItem::Size(size) => out.extend_from_slice(&size.to_le_bytes()),
            EncodedItem::Parent(parent) => {
                out.extend_from_slice(parent.pair.0.as_bytes());
                out.extend_from_slice(parent.pair.1.as_bytes());
            }
            EncodedItem::Leaf(leaf) => out.extend_from_slice(&leaf.data),
            _ => {}
        }
    }
}

async fn answer(store: &MemStore, request: &GetRequest, lie: &str) -> Result<Vec<u8>> {
    let mut children = None;
    let mut out = Vec::new();
    for (offset, ranges) in request.ranges.iter_non_empty_infinite() {
        let hash = if offset == 0 {
            request.hash
        } else {
            if children.is_none() {
                children = Some(HashSeq::try_from(store.get_bytes(request.hash).await?)?);
            }
            match children.as_ref().and_then(|seq| seq.get(offset as usize - 1)) {
                Some(hash) => hash,
                None => break,
            }
        };
        let mut items = honest(store, hash, ranges.clone()).await;
        if lie == "wrong_content" {
            // Well-formed, right size, but of other bytes.
            let mut bytes = store.get_bytes(hash).await?.to_vec();
            bytes.iter_mut().for_each(|byte| *byte ^= 0x55);
            let other = store.add_bytes(bytes).temp_tag().await?;
            items = honest(store, other.hash(), ranges.clone()).await;
        }
        distort(&mut items, lie);
        encode(&items, &mut out);
    }
    if lie == "trailing_byte" {
        out.push(0);
    }
    Ok(out)
}

async fn stream(
    store: MemStore,
    lie: String,
    mut send: SendStream,
    mut recv: RecvStream,
) -> Result<()> {
    let request = match Request::read_async(&mut recv).await?.0 {
        Request::Get(request) => request,
        _ => {
            send.reset(1u32.into())?;
            return Ok(());
        }
    };
    let bytes = answer(&store, &request, &lie).await?;
    let half = bytes.len() / 2;
    net::text(&format!("event=get hash={} bytes={}", request.hash.to_hex(), bytes.len()));
    match lie.as_str() {
        "empty" => {}
        "half_header" => send.write_all(&bytes[..4]).await?,
        "truncate" => send.write_all(&bytes[..half]).await?,
        "stall" => {
            send.write_all(&bytes[..half]).await?;
            send.stopped().await?;
            return Ok(());
        }
        "reset" => {
            send.write_all(&bytes[..half]).await?;
            send.reset(3u32.into())?;
            return Ok(());
        }
        _ => send.write_all(&bytes).await?,
    }
    send.finish()?;
    send.stopped().await?;
    Ok(())
}

async fn connection(store: MemStore, lie: String, connection: Connection) {
    while let Ok((send, recv)) = connection.accept_bi().await {
        tokio::spawn(stream(store.clone(), lie.clone(), send, recv));
    }
}

pub async fn lie(args: &Args) -> Result<bool> {
    let lie = args.need("lie")?.to_owned();
    let store = MemStore::new();
    let endpoint = net::endpoint(args, vec![iroh_blobs::ALPN.to_vec()]).await?;
    net::text(&format!("id={} addr={}", endpoint.id(), net::local_addr(&endpoint)));
    let mut tags = Vec::new();
    let mut collection = Collection::default();
    for path in args.all("files") {
        let data = std::fs::read(path)?;
        let size = data.len();
        let tag = store.add_bytes(data).temp_tag().await?;
        net::text(&format!("hash={} size={size} path={path}", tag.hash().to_hex()));
        collection.push(path.rsplit('/').next().unwrap_or(path).to_owned(), tag.hash());
        tags.push(tag);
    }
    if args.has("collection") {
        let tag = collection.store(&store).await?;
        net::text(&format!("collection={}", tag.hash().to_hex()));
        tags.push(tag);
    }
    net::text("ready");
    let accepting = endpoint.clone();
    tokio::spawn(async move {
        while let Some(incoming) = accepting.accept().await {
            let (store, lie) = (store.clone(), lie.clone());
            tokio::spawn(async move {
                if let Ok(accepted) = incoming.await {
                    connection(store, lie, accepted).await;
                }
            });
        }
    });
    let mut commands = net::stdin_lines();
    while commands.recv().await.is_some() {}
    endpoint.close().await;
    Ok(true)
}
