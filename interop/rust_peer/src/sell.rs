//! sell: a stock iroh-blobs provider whose blobs cost something.
//!
//! What is asked for over archy/paid-blobs/1 is answered in the minimal form; a blob is given to whom
//! it was granted, all of it and as often as wanted, and refused with code 1 to everybody else. Each
//! token is printed, and whoever runs this says by a line on stdin whether it was worth something.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use iroh::{
    endpoint::{Connection, RecvStream, SendStream},
    protocol::{AcceptError, ProtocolHandler, Router},
    EndpointId,
};
use iroh_blobs::{
    provider::events::{
        AbortReason, ConnectMode, EventMask, EventSender, ObserveMode, ProviderMessage,
        RequestMode, ThrottleMode,
    },
    store::mem::MemStore,
    BlobsProtocol, Hash,
};
use serde_json::json;
use tokio::sync::mpsc;

use crate::{
    args::{Args, Result},
    net,
    paid::{self, Answer, Question},
};

#[derive(Debug)]
struct Shop {
    goods: HashSet<Hash>,
    price_sats: u64,
    mints: Vec<String>,
    granted: Mutex<HashSet<(EndpointId, Hash)>>,
    /// `grant` or `deny REASON`: one line for one token.
    verdicts: tokio::sync::Mutex<mpsc::Receiver<String>>,
}

impl Shop {
    fn is_granted(&self, peer: EndpointId, hash: Hash) -> bool {
        self.granted.lock().unwrap().contains(&(peer, hash))
    }

    async fn decide(&self, peer: EndpointId, question: &Question) -> Answer {
        if !self.goods.contains(&question.want) {
            return Answer::Denied { reason: "not found".to_owned() };
        }
        if self.is_granted(peer, question.want) {
            return Answer::Granted;
        }
        if question.token.is_none() {
            let (price_sats, accepted_mints) = (self.price_sats, self.mints.clone());
            return Answer::PaymentRequired { price_sats, accepted_mints };
        }
        let verdict = self.verdicts.lock().await.recv().await.unwrap_or_default();
        if verdict == "grant" {
            self.granted.lock().unwrap().insert((peer, question.want));
            return Answer::Granted;
        }
        Answer::Denied { reason: verdict.trim_start_matches("deny ").to_owned() }
    }

    async fn answer(
        &self,
        peer: EndpointId,
        mut send: SendStream,
        mut recv: RecvStream,
    ) -> Result<()> {
        let question = Question::parse(&paid::read(&mut recv).await?)?;
        net::line(json!({"event": "question", "peer": peer.to_string(), "extra": question.extra,
                         "want": question.want.to_hex(), "token": question.token}));
        paid::write(&mut send, &self.decide(peer, &question).await.json()).await?;
        send.stopped().await?;
        Ok(())
    }
}

#[derive(Debug)]
struct Counter(Arc<Shop>);

impl ProtocolHandler for Counter {
    async fn accept(&self, connection: Connection) -> std::result::Result<(), AcceptError> {
        while let Ok((send, recv)) = connection.accept_bi().await {
            let (shop, peer) = (self.0.clone(), connection.remote_id());
            tokio::spawn(async move {
                if let Err(error) = shop.answer(peer, send, recv).await {
                    net::line(json!({"event": "no_answer", "error": error.to_string()}));
                }
            });
        }
        Ok(())
    }
}

/// Refuses what was not granted to the key of the connection.
fn gate(shop: Arc<Shop>) -> EventSender {
    let mask = EventMask {
        connected: ConnectMode::Intercept,
        get: RequestMode::Intercept,
        get_many: RequestMode::Disabled,
        push: RequestMode::Disabled,
        observe: ObserveMode::None,
        throttle: ThrottleMode::None,
    };
    let (sender, mut messages) = EventSender::channel(32, mask);
    tokio::spawn(async move {
        let mut peers: HashMap<u64, EndpointId> = HashMap::new();
        while let Some(message) = messages.recv().await {
            match message {
                ProviderMessage::ClientConnected(m) => {
                    if let Some(peer) = m.endpoint_id {
                        peers.insert(m.connection_id, peer);
                    }
                    m.tx.send(Ok(())).await.ok();
                }
                ProviderMessage::ConnectionClosed(m) => {
                    peers.remove(&m.connection_id);
                }
                ProviderMessage::GetRequestReceived(m) => {
                    let hash = m.request.hash;
                    let peer = peers.get(&m.connection_id);
                    let granted = peer.is_some_and(|peer| shop.is_granted(*peer, hash));
                    net::line(json!({"event": "get", "peer": peer.map(EndpointId::to_string),
                                     "hash": hash.to_hex(), "granted": granted}));
                    let decision = if granted { Ok(()) } else { Err(AbortReason::Permission) };
                    m.tx.send(decision).await.ok();
                }
                _ => {}
            }
        }
    });
    sender
}

pub async fn sell(args: &Args) -> Result<bool> {
    let store = MemStore::new();
    let endpoint = net::endpoint(args, vec![]).await?;
    net::text(&format!("id={} addr={}", endpoint.id(), net::local_addr(&endpoint)));
    let mut tags = Vec::new();
    let mut goods = HashSet::new();
    for path in args.all("files") {
        let data = std::fs::read(path)?;
        let size = data.len();
        let tag = store.add_bytes(data).temp_tag().await?;
        let name = path.rsplit('/').next().unwrap_or(path);
        net::text(&format!("hash={} size={size} path={name}", tag.hash().to_hex()));
        goods.insert(tag.hash());
        tags.push(tag);
    }
    let (verdict, verdicts) = mpsc::channel(16);
    let shop = Arc::new(Shop {
        goods,
        price_sats: args.need("price")?.parse()?,
        mints: args.all("mint").to_vec(),
        granted: Mutex::default(),
        verdicts: tokio::sync::Mutex::new(verdicts),
    });
    let blobs = BlobsProtocol::new(&store, Some(gate(shop.clone())));
    let router = Router::builder(endpoint)
        .accept(iroh_blobs::ALPN, blobs)
        .accept(paid::ALPN, Counter(shop))
        .spawn();
    net::text("ready");
    let mut lines = net::stdin_lines();
    while let Some(line) = lines.recv().await {
        verdict.send(line).await?;
    }
    router.shutdown().await?;
    Ok(true)
}
