//! The minimal form of archy/paid-blobs/1: what a peer that has read only doc/formats/paid-blobs.md says.

use iroh::endpoint::{RecvStream, SendStream};
use iroh_blobs::Hash;
use serde_json::{json, Value};

use crate::args::{parse_hash, Result};

pub const ALPN: &[u8] = b"archy/paid-blobs/1";
const MOST: usize = 65_536;

/// One frame and FIN.
pub async fn write(send: &mut SendStream, message: &Value) -> Result<()> {
    let json = message.to_string();
    send.write_all(&u32::try_from(json.len())?.to_le_bytes()).await?;
    send.write_all(json.as_bytes()).await?;
    Ok(send.finish()?)
}

/// One frame and FIN, and nothing else.
pub async fn read(recv: &mut RecvStream) -> Result<Value> {
    let bytes = recv.read_to_end(4 + MOST).await?;
    let (length, json) = bytes.split_first_chunk::<4>().ok_or("a frame without a length")?;
    let length = u32::from_le_bytes(*length) as usize;
    if length != json.len() {
        return Err(format!("a frame that says {length} bytes and has {}", json.len()).into());
    }
    Ok(serde_json::from_slice(json)?)
}

pub struct Question {
    pub want: Hash,
    pub token: Option<String>,
    /// Names that the minimal form does not have; they are read over.
    pub extra: Vec<String>,
}

impl Question {
    pub fn json(&self) -> Value {
        let mut out = json!({"want": self.want.to_hex()});
        if let Some(token) = &self.token {
            out["token"] = json!(token);
        }
        out
    }

    pub fn parse(message: &Value) -> Result<Self> {
        let members = message.as_object().ok_or("a question is an object")?;
        let want = parse_hash(message["want"].as_str().ok_or("no want")?)?;
        let token = match &message["token"] {
            Value::Null => None,
            other => Some(other.as_str().ok_or("a token is a string")?.to_owned()),
        };
        let extra = members.keys().filter(|name| !["want", "token"].contains(&name.as_str()));
        Ok(Self { want, token, extra: extra.cloned().collect() })
    }
}

pub enum Answer {
    Granted,
    PaymentRequired { price_sats: u64, accepted_mints: Vec<String> },
    Denied { reason: String },
}

impl Answer {
    pub fn json(&self) -> Value {
        match self {
            Answer::Granted => json!("Granted"),
            Answer::PaymentRequired { price_sats, accepted_mints } => json!({"PaymentRequired":
                {"price_sats": price_sats, "accepted_mints": accepted_mints}}),
            Answer::Denied { reason } => json!({"Denied": {"reason": reason}}),
        }
    }
}
