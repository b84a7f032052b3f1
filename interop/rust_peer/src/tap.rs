//! A receive stream that remembers how many bytes came and how the stream broke.

use std::{
    io,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use iroh::endpoint::{ReadError, ReadExactError, RecvStream, VarInt};

#[derive(Debug, Default, Clone)]
pub struct Seen {
    pub bytes: u64,
    pub reset: Option<u64>,
    pub connection_lost: bool,
}

pub struct Tap {
    inner: RecvStream,
    seen: Arc<Mutex<Seen>>,
}

impl Tap {
    pub fn new(inner: RecvStream) -> (Self, Arc<Mutex<Seen>>) {
        let seen = Arc::new(Mutex::new(Seen::default()));
        (Self { inner, seen: seen.clone() }, seen)
    }

    fn note(&self, count: usize, error: Option<&ReadError>) {
        let mut seen = self.seen.lock().unwrap();
        seen.bytes += count as u64;
        match error {
            Some(ReadError::Reset(code)) => seen.reset = Some(code.into_inner()),
            Some(ReadError::ConnectionLost(_)) => seen.connection_lost = true,
            _ => {}
        }
    }
}

impl iroh_blobs::util::RecvStream for Tap {
    async fn recv_bytes(&mut self, len: usize) -> io::Result<Bytes> {
        let mut buffer = vec![0; len];
        match self.inner.read_exact(&mut buffer).await {
            Ok(()) => self.note(len, None),
            Err(ReadExactError::FinishedEarly(count)) => {
                self.note(count, None);
                buffer.truncate(count);
            }
            Err(ReadExactError::ReadError(error)) => {
                self.note(0, Some(&error));
                return Err(error.into());
            }
        }
        Ok(buffer.into())
    }

    async fn recv_bytes_exact(&mut self, len: usize) -> io::Result<Bytes> {
        let mut buffer = vec![0; len];
        self.recv_exact(&mut buffer).await?;
        Ok(buffer.into())
    }

    async fn recv_exact(&mut self, target: &mut [u8]) -> io::Result<()> {
        match self.inner.read_exact(target).await {
            Ok(()) => {
                self.note(target.len(), None);
                Ok(())
            }
            Err(ReadExactError::FinishedEarly(count)) => {
                self.note(count, None);
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Err(ReadExactError::ReadError(error)) => {
                self.note(0, Some(&error));
                Err(error.into())
            }
        }
    }

    fn stop(&mut self, code: VarInt) -> io::Result<()> {
        Ok(self.inner.stop(code)?)
    }

    fn id(&self) -> u64 {
        self.inner.id().index()
    }
}
