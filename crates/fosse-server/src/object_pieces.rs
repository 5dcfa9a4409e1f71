//! The bytes of an object for a task that makes something else of them while it streams by.

use bytes::Bytes;
use fosse_store::{BodyReader, StoreError};

/// Most bytes of a piece: what is worked on between two turns of other tasks.
const PIECE: usize = 64 * 1024;

/// The pieces.
pub(crate) struct ObjectPieces {
    reader: Option<BodyReader>,
    rest: Bytes,
}

impl ObjectPieces {
    /// `None`: an object without bytes.
    pub(crate) fn new(reader: Option<BodyReader>) -> Self {
        Self {
            reader,
            rest: Bytes::new(),
        }
    }

    /// The next piece; others get a turn before it.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        while self.rest.is_empty() {
            match self.reader.take() {
                None => return Ok(None),
                Some(BodyReader::Whole(bytes)) => self.rest = bytes,
                Some(BodyReader::Chunks(mut chunks)) => match chunks.next().await {
                    None => return Ok(None),
                    Some(bytes) => {
                        self.rest = bytes?;
                        self.reader = Some(BodyReader::Chunks(chunks));
                    }
                },
            }
        }
        tokio::task::yield_now().await;
        let length = PIECE.min(self.rest.len());
        Ok(Some(self.rest.split_to(length)))
    }
}
