//! The bytes of a bundle, for code that reads and waits.

use std::io::{self, Read};

use bytes::{Buf as _, Bytes};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectStoreExt as _};
use tokio::runtime::Handle;

use crate::objects::Objects;

/// The bytes of an object. It is read on a thread that may wait, and only there.
pub struct Source(Inner);

enum Inner {
    File(std::fs::File),
    Stream { runtime: Handle, stream: BoxStream<'static, object_store::Result<Bytes>>, here: Bytes },
}

/// Opens an object.
pub async fn open(objects: &Objects, name: &str) -> object_store::Result<Source> {
    let found = objects.get(&Path::from(name)).await?;
    Ok(Source(match found.payload {
        GetResultPayload::File(file, _) => Inner::File(file),
        GetResultPayload::Stream(stream) => {
            Inner::Stream { runtime: Handle::current(), stream, here: Bytes::new() }
        }
    }))
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::File(file) => file.read(buffer),
            Inner::Stream { runtime, stream, here } => {
                while here.is_empty() {
                    match runtime.block_on(stream.next()) {
                        Some(bytes) => *here = bytes.map_err(io::Error::other)?,
                        None => return Ok(0),
                    }
                }
                let taken = here.len().min(buffer.len());
                here.copy_to_slice(&mut buffer[..taken]);
                Ok(taken)
            }
        }
    }
}
