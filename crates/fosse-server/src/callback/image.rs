//! Size and format of an image, for `${imageInfo.…}`: read from the first bytes of the object.

use fosse_oss::callback::ImageInfo;
use fosse_store::{BodyReader, Object, Store};
use imagesize::ImageType;

/// Most bytes looked at. What a camera writes before the size is well below it.
const HEAD: u64 = 256 * 1024;

/// What the object says of itself; `None` when it is no image that callbacks tell about.
pub(super) async fn of(store: &Store, object: &Object) -> Option<ImageInfo> {
    let end = object.size.min(HEAD);
    let mut head = Vec::new();
    match store.read(object, 0..end).await.ok()? {
        BodyReader::Whole(bytes) => head.extend_from_slice(&bytes),
        BodyReader::Chunks(mut chunks) => {
            while let Some(Ok(chunk)) = chunks.next().await {
                head.extend_from_slice(&chunk);
            }
        }
    }
    info(&head)
}

fn info(head: &[u8]) -> Option<ImageInfo> {
    let format = match imagesize::image_type(head).ok()? {
        ImageType::Jpeg => "jpg",
        ImageType::Png => "png",
        ImageType::Gif => "gif",
        ImageType::Bmp => "bmp",
        ImageType::Webp => "webp",
        ImageType::Tiff => "tiff",
        _ => return None,
    };
    let size = imagesize::blob_size(head).ok()?;
    Some(ImageInfo {
        width: size.width as u64,
        height: size.height as u64,
        format,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_tell_their_size_and_others_nothing() {
        let mut gif = b"GIF89a".to_vec();
        gif.extend_from_slice(&[3, 0, 7, 0, 0, 0, 0]);
        assert_eq!(
            info(&gif),
            Some(ImageInfo {
                width: 3,
                height: 7,
                format: "gif"
            })
        );
        for other in [
            &b""[..],
            b"GIF89a",
            b"plain text, and not a short one",
            &[0xff, 0xd8, 0xff],
        ] {
            assert_eq!(info(other), None);
        }
    }
}
