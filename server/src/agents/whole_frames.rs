//! A websocket's bytes, handed out so that no read goes beyond the end of a frame.
//!
//! What reads through this has nothing left over once it has taken a frame, and can be replaced
//! without losing what the agent has said meanwhile.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Two bytes, a length of up to eight, a mask of four.
const LONGEST_HEADER: usize = 14;

/// See the module.
#[derive(Debug)]
pub(super) struct WholeFrames<S> {
    inner: S,
    place: Place,
}

/// Where in a frame the next byte is.
#[derive(Debug, Default)]
struct Place {
    header: [u8; LONGEST_HEADER],
    /// How much of the header is there.
    seen: usize,
    /// How much of the payload is still to come; none where the next byte is a header's.
    payload: u64,
}

impl Place {
    /// How many bytes may be read without going beyond what is known of the frame.
    fn wanted(&self) -> usize {
        if self.payload > 0 {
            return usize::try_from(self.payload).unwrap_or(usize::MAX);
        }
        self.header_length().unwrap_or(2) - self.seen
    }

    /// Goes on by `bytes`, which are no more than were wanted.
    fn pass(&mut self, bytes: &[u8]) {
        if self.payload > 0 {
            self.payload -= bytes.len() as u64;
            return;
        }
        self.header[self.seen..self.seen + bytes.len()].copy_from_slice(bytes);
        self.seen += bytes.len();
        if self.header_length() == Some(self.seen) {
            self.payload = self.payload_length();
            self.seen = 0;
        }
    }

    fn header_length(&self) -> Option<usize> {
        let second = (self.seen >= 2).then_some(self.header[1])?;
        let length = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        Some(2 + length + mask)
    }

    fn payload_length(&self) -> u64 {
        let bytes = match self.header[1] & 0x7f {
            126 => &self.header[2..4],
            127 => &self.header[2..10],
            short => return short.into(),
        };
        bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte))
    }
}

impl<S> WholeFrames<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, place: Place::default() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WholeFrames<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let most = this.place.wanted().min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(Pin::new(&mut this.inner).poll_read(context, &mut part))?;
        this.place.pass(part.filled());
        let read = part.filled().len();
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WholeFrames<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// A frame as a client sends it, or without its mask.
    fn frame(length: usize, is_masked: bool) -> Vec<u8> {
        let mask = if is_masked { 0x80 } else { 0 };
        let mut bytes = vec![0x81];
        match length {
            0..126 => bytes.push(mask + u8::try_from(length).unwrap()),
            126..0x1_0000 => {
                bytes.push(mask + 126);
                bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                bytes.push(mask + 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend([7; 4].iter().filter(|_| is_masked));
        bytes.extend(std::iter::repeat_n(b'x', length));
        bytes
    }

    /// What each read gives.
    async fn reads(bytes: &[u8], room: usize) -> Vec<Vec<u8>> {
        let mut stream = WholeFrames::new(Cursor::new(bytes));
        let mut reads = Vec::new();
        loop {
            let mut buffer = vec![0; room];
            let read = stream.read(&mut buffer).await.unwrap();
            if read == 0 {
                return reads;
            }
            buffer.truncate(read);
            reads.push(buffer);
        }
    }

    proptest! {
        #[test]
        fn everything_is_read_and_each_frame_s_end_is_a_read_s_end(
            frames in proptest::collection::vec(
                (prop_oneof![Just(0_usize), 1..300_usize, 65_500..65_600_usize], any::<bool>()),
                1..6,
            ),
            room in 1..5000_usize,
        ) {
            let frames: Vec<_> = frames.into_iter().map(|(len, mask)| frame(len, mask)).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();

            let reads = runtime.block_on(reads(&frames.concat(), room));

            prop_assert_eq!(reads.concat(), frames.concat());
            let ends = |parts: &[Vec<u8>]| {
                let lengths = parts.iter().map(Vec::len);
                lengths.scan(0, |at, length| { *at += length; Some(*at) }).collect::<Vec<_>>()
            };
            let read_ends = ends(&reads);
            prop_assert!(ends(&frames).iter().all(|end| read_ends.contains(end)));
        }
    }

    #[tokio::test]
    async fn a_length_beyond_reason_is_passed_on_for_the_reader_to_refuse() {
        let mut bytes = vec![0x81, 0xff];
        bytes.extend([0xff; 8]);
        bytes.extend([1, 2, 3, 4, 5]);

        assert_eq!(reads(&bytes, 4096).await.concat(), bytes);
    }
}
