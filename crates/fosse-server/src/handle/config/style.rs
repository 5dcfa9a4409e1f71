//! Styles: named image operations (image.md, api-buckets.md §6.8).

use super::{change, received};
use crate::bucket_config::name::STYLES;
use crate::gate::Authorized;
use crate::request::Call;
use crate::respond::{Answer, empty, xml};
use crate::upload::RequestBody;
use fosse_oss::xml::{MAX_STYLES, Style, StyleList};
use fosse_oss::{ErrorCode, OssError};
use http::StatusCode;

/// `PUT /?style&styleName=NAME`: adds the style, or gives it a new operation.
pub(super) async fn put(call: &Call, body: &mut RequestBody, granted: &Authorized) -> Answer {
    let name = named(call)?.to_owned();
    let category = Style::check_category(call.query.get("category"))?.to_owned();
    let document = received(call, body).await?;
    let style = Style {
        name,
        content: Style::content_from_xml(&document)?,
        category,
        created: call.now(),
        modified: call.now(),
    };
    change(call, granted, move |configs| {
        let mut list = read(configs.get(STYLES))?;
        let full = list.styles.len() >= MAX_STYLES;
        match list.styles.iter_mut().find(|old| old.name == style.name) {
            Some(old) => {
                let created = old.created;
                *old = Style {
                    created,
                    ..style.clone()
                };
            }
            None if full => {
                return Err(OssError::new(ErrorCode::InvalidArgument)
                    .with_message("The number of styles must not exceed 50."));
            }
            None => list.styles.push(style.clone()),
        }
        configs.insert(STYLES.to_owned(), list.to_xml().into_bytes());
        Ok(())
    })
    .await?;
    Ok(empty(StatusCode::OK))
}

/// `GET /?style&styleName=NAME`.
pub(super) fn get(call: &Call, granted: &Authorized) -> Answer {
    let name = named(call)?;
    let configs = call.service.configs.of(granted.bucket()?);
    match configs.styles()?.and_then(|list| list.get(name)) {
        Some(style) => Ok(xml(style.to_xml())),
        None => Err(ErrorCode::NoSuchStyle.into()),
    }
}

/// `GET /?style`.
pub(super) fn list(granted: &Authorized) -> Answer {
    super::stored_or(granted, STYLES, || StyleList::default().to_xml())
}

/// `DELETE /?style&styleName=NAME`.
pub(super) async fn delete(call: &Call, granted: &Authorized) -> Answer {
    let name = named(call)?.to_owned();
    if granted.bucket()?.configs.contains_key(STYLES) {
        change(call, granted, move |configs| {
            let mut list = read(configs.get(STYLES))?;
            list.styles.retain(|style| style.name != name);
            configs.insert(STYLES.to_owned(), list.to_xml().into_bytes());
            Ok(())
        })
        .await?;
    }
    Ok(empty(StatusCode::NO_CONTENT))
}

/// `styleName`.
fn named(call: &Call) -> Result<&str, OssError> {
    let name = call.query.get("styleName").unwrap_or_default();
    Style::check_name(name)?;
    Ok(name)
}

fn read(stored: Option<&Vec<u8>>) -> Result<StyleList, OssError> {
    match stored {
        None => Ok(StyleList::default()),
        Some(text) => StyleList::from_xml(text).map_err(Call::internal),
    }
}
