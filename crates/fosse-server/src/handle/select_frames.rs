//! The frames that an answer of SelectObject consists of, as the SDKs read them: version and type, length of the payload,
//! checksum of these, payload, checksum of the payload; everything big-endian, checksums CRC-32.

use flate2::Crc;

/// The first byte of every frame.
const VERSION: u32 = 1 << 24;
const DATA: u32 = 8_388_609;
const GOING_ON: u32 = 8_388_612;
const END: u32 = 8_388_613;
const META_END_CSV: u32 = 8_388_614;
const META_END_JSON: u32 = 8_388_615;

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Every payload begins with the bytes of the object that were read so far.
fn frame(kind: u32, scanned: u64, rest: &[&[u8]]) -> Vec<u8> {
    let length = 8 + rest.iter().map(|piece| piece.len()).sum::<usize>();
    let mut out = Vec::with_capacity(length + 16);
    out.extend_from_slice(&(VERSION | kind).to_be_bytes());
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    let head = crc(&out);
    out.extend_from_slice(&head.to_be_bytes());
    let begin = out.len();
    out.extend_from_slice(&scanned.to_be_bytes());
    for piece in rest {
        out.extend_from_slice(piece);
    }
    let payload = crc(out.get(begin..).unwrap_or_default());
    out.extend_from_slice(&payload.to_be_bytes());
    out
}

/// Bytes of the result.
pub(crate) fn data(scanned: u64, bytes: &[u8]) -> Vec<u8> {
    frame(DATA, scanned, &[bytes])
}

/// Nothing to tell but that the scan goes on.
pub(crate) fn going_on(scanned: u64) -> Vec<u8> {
    frame(GOING_ON, scanned, &[])
}

/// The end of a result: a status and, unless it is 206, `CODE.MESSAGE`.
pub(crate) fn end(scanned: u64, status: u32, text: &str) -> Vec<u8> {
    let (total, status) = (scanned.to_be_bytes(), status.to_be_bytes());
    frame(END, scanned, &[&total, &status, text.as_bytes()])
}

/// The end of a count; `columns` for CSV.
pub(crate) fn meta_end(
    scanned: u64,
    status: u32,
    splits: u32,
    rows: u64,
    columns: Option<u32>,
    text: &str,
) -> Vec<u8> {
    let (total, status) = (scanned.to_be_bytes(), status.to_be_bytes());
    let (splits, rows) = (splits.to_be_bytes(), rows.to_be_bytes());
    let known: [&[u8]; 4] = [&total, &status, &splits, &rows];
    match columns {
        Some(columns) => {
            let columns = columns.to_be_bytes();
            let tail: [&[u8]; 2] = [&columns, text.as_bytes()];
            frame(META_END_CSV, scanned, &[known.as_slice(), &tail].concat())
        }
        None => {
            let tail: [&[u8]; 1] = [text.as_bytes()];
            frame(META_END_JSON, scanned, &[known.as_slice(), &tail].concat())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_as_the_sdks_read_it() {
        let frame = data(5, b"abc");
        assert_eq!(frame[..8], [1, 0x80, 0, 1, 0, 0, 0, 11]);
        assert_eq!(frame[12..23], [0, 0, 0, 0, 0, 0, 0, 5, b'a', b'b', b'c']);
        assert_eq!(frame[23..], crc(&frame[12..23]).to_be_bytes());
        assert_eq!(crc(b"123456789"), 0xCBF4_3926);
        assert_eq!(end(1, 206, "").len(), 12 + 20 + 4);
        assert_eq!(meta_end(1, 200, 1, 2, Some(3), "").len(), 12 + 36 + 4);
        assert_eq!(meta_end(1, 200, 1, 2, None, "").len(), 12 + 32 + 4);
        assert_eq!(going_on(1).len(), 12 + 8 + 4);
    }
}
