//! Multipart uploads (api-objects.md §9).

use fosse_oss::xml::Writer;

use crate::bucket::text;
use crate::client::{Call, Client};
use crate::error::Result;
use crate::object::{Stored, check_crc};
use crate::payload::Payload;

/// A part that the server holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartDone {
    /// 1 to 10000.
    pub number: u32,
    /// Without quotes.
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// CRC-64, when known.
    pub crc64: Option<u64>,
}

impl Client {
    /// InitiateMultipartUpload: the upload id. `headers` as for PutObject.
    ///
    /// # Errors
    /// See [`crate::Error`].
    pub async fn initiate_upload(
        &self,
        bucket: &str,
        key: &[u8],
        headers: Vec<(String, Vec<u8>)>,
    ) -> Result<String> {
        let mut call =
            Call::new("InitiateMultipartUpload", "POST", Some(bucket), key).query("uploads", "");
        call.headers = headers;
        // A repeat whose first answer was lost would leave an upload behind that nobody knows.
        call.repeatable = false;
        let answer = self.send(call).await?;
        let id = text(&answer.xml("InitiateMultipartUploadResult")?, "UploadId").to_owned();
        if id.is_empty() {
            return Err(answer.malformed("there is no UploadId in it".to_owned()));
        }
        Ok(id)
    }

    /// UploadPart.
    ///
    /// # Errors
    /// [`crate::Error::Integrity`]; see [`crate::Error`].
    pub async fn upload_part(
        &self,
        bucket: &str,
        key: &[u8],
        id: &str,
        number: u32,
        size: u64,
        payload: Payload,
    ) -> Result<PartDone> {
        let mut call = Call::new("UploadPart", "PUT", Some(bucket), key)
            .query("partNumber", number.to_string())
            .query("uploadId", id);
        call.payload = payload;
        let answer = self.send(call).await?;
        let stored = Stored::of(&answer);
        let what = format!(
            "part {number} of oss://{bucket}/{}",
            String::from_utf8_lossy(key)
        );
        check_crc(&what, answer.sent_crc64, stored.crc64)?;
        Ok(PartDone {
            number,
            etag: stored.etag,
            size,
            crc64: Some(answer.sent_crc64),
        })
    }

    /// ListParts: all parts of an upload, in order, over as many pages as it takes. Their CRC-64 is not told.
    ///
    /// # Errors
    /// 404 `NoSuchUpload` and others; see [`crate::Error`].
    pub async fn list_parts(&self, bucket: &str, key: &[u8], id: &str) -> Result<Vec<PartDone>> {
        let mut parts: Vec<PartDone> = Vec::new();
        loop {
            let marker = parts.last().map_or(0, |part| part.number);
            let call = Call::new("ListParts", "GET", Some(bucket), key)
                .query("uploadId", id)
                .query("max-parts", "1000")
                .query("part-number-marker", marker.to_string());
            let answer = self.send(call).await?;
            let root = answer.xml("ListPartsResult")?;
            for part in root.children.iter().filter(|child| child.name == "Part") {
                let number = |name: &str| {
                    text(part, name)
                        .parse::<u64>()
                        .map_err(|_| answer.malformed(format!("{name} is no number")))
                };
                parts.push(PartDone {
                    number: u32::try_from(number("PartNumber")?).unwrap_or(u32::MAX),
                    etag: text(part, "ETag").trim_matches('"').to_owned(),
                    size: number("Size")?,
                    crc64: None,
                });
            }
            if text(&root, "IsTruncated") != "true"
                || parts.last().map_or(0, |part| part.number) <= marker
            {
                return Ok(parts);
            }
        }
    }

    /// CompleteMultipartUpload with these parts, ascending. Compares the CRC-64 of the whole when every part's is known.
    ///
    /// # Errors
    /// [`crate::Error::Integrity`]; see [`crate::Error`].
    pub async fn complete_upload(
        &self,
        bucket: &str,
        key: &[u8],
        id: &str,
        parts: &[PartDone],
    ) -> Result<Stored> {
        let body = Writer::document("CompleteMultipartUpload", |w| {
            for part in parts {
                w.element("Part", |w| {
                    w.number("PartNumber", u64::from(part.number));
                    w.text("ETag", &format!("\"{}\"", part.etag));
                });
            }
        });
        let mut call = Call::new("CompleteMultipartUpload", "POST", Some(bucket), key)
            .query("uploadId", id)
            .header("content-type", *b"application/xml");
        call.payload = Payload::Bytes(body.into());
        let answer = self.send(call).await?;
        let result = answer.xml("CompleteMultipartUploadResult")?;
        let stored = Stored {
            etag: text(&result, "ETag").trim_matches('"').to_owned(),
            ..Stored::of(&answer)
        };
        if let Some(ours) = combined_crc(parts) {
            check_crc(
                &format!(
                    "the upload to oss://{bucket}/{}",
                    String::from_utf8_lossy(key)
                ),
                ours,
                stored.crc64,
            )?;
        }
        Ok(stored)
    }

    /// AbortMultipartUpload.
    ///
    /// # Errors
    /// See [`crate::Error`].
    pub async fn abort_upload(&self, bucket: &str, key: &[u8], id: &str) -> Result<()> {
        let call =
            Call::new("AbortMultipartUpload", "DELETE", Some(bucket), key).query("uploadId", id);
        self.send(call).await.map(drop)
    }
}

/// CRC-64 of the parts put together; `None` when one is not known.
fn combined_crc(parts: &[PartDone]) -> Option<u64> {
    parts.iter().try_fold(0, |whole, part| {
        Some(crc_fast::checksum_combine(
            crc_fast::CrcAlgorithm::Crc64Xz,
            whole,
            part.crc64?,
            part.size,
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::{PartDone, combined_crc};
    use crate::crc64;

    #[test]
    fn crc_of_parts_is_crc_of_the_whole() {
        let part = |number, bytes: &[u8]| PartDone {
            number,
            etag: String::new(),
            size: bytes.len() as u64,
            crc64: Some(crc64(bytes)),
        };
        let parts = [part(1, b"1234"), part(2, b"56789"), part(3, b"")];
        assert_eq!(combined_crc(&parts), Some(crc64(b"123456789")));
        let unknown = [
            part(1, b"x"),
            PartDone {
                crc64: None,
                ..part(2, b"y")
            },
        ];
        assert_eq!(combined_crc(&unknown), None);
    }
}
