//! buy: asks what a blob costs, pays with the tokens it is given, and gets the blob with the same key.

use std::path::PathBuf;

use iroh::{endpoint::Connection, Endpoint};
use iroh_blobs::{protocol::GetRequest, Hash};
use serde_json::{json, Value};

use crate::{
    args::{Args, Result},
    get, net,
    paid::{self, Question},
};

/// The answer as it came, whatever it says.
async fn ask(asking: &Connection, question: Question) -> Result<Value> {
    let (mut send, mut recv) = asking.open_bi().await?;
    paid::write(&mut send, &question.json()).await?;
    paid::read(&mut recv).await
}

async fn fetch(
    endpoint: &Endpoint,
    args: &Args,
    hash: Hash,
    out: Option<PathBuf>,
) -> Result<Value> {
    let connection = match net::connect_as(endpoint, args, iroh_blobs::ALPN).await? {
        Ok(connection) => connection,
        Err(close) => return Ok(json!({"ok": false, "error": "connect", "close": close})),
    };
    let outcome = get::run(&connection, GetRequest::blob(hash), &[], |_| out.clone()).await?;
    connection.close(0u32.into(), b"");
    Ok(outcome.json())
}

/// A line on stdin, a line of JSON back: `ask`, `pay TOKEN`, `get [PATH]`.
pub async fn buy(args: &Args) -> Result<bool> {
    let hash = args.hash("hash")?;
    let endpoint = net::endpoint(args, vec![]).await?;
    let asking = match net::connect_as(&endpoint, args, paid::ALPN).await? {
        Ok(connection) => connection,
        Err(close) => {
            net::line(json!({"ok": false, "error": "connect", "close": close}));
            return Ok(false);
        }
    };
    net::line(json!({"ok": true, "id": endpoint.id().to_string()}));
    let mut commands = net::stdin_lines();
    while let Some(command) = commands.recv().await {
        let (word, rest) = command.split_once(' ').unwrap_or((&command, ""));
        let question = |token| Question { want: hash, token, extra: Vec::new() };
        let done = match word {
            "ask" => ask(&asking, question(None)).await,
            "pay" => ask(&asking, question(Some(rest.to_owned()))).await,
            "get" => {
                let out = (!rest.is_empty()).then(|| PathBuf::from(rest));
                fetch(&endpoint, args, hash, out).await
            }
            _ => Err("ask, pay TOKEN or get [PATH]".into()),
        };
        net::line(match done {
            Ok(value) => json!({"event": word, "said": value}),
            Err(error) => json!({"event": word, "error": error.to_string()}),
        });
    }
    asking.close(0u32.into(), b"");
    endpoint.close().await;
    Ok(true)
}
