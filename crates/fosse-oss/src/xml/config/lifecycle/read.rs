//! Reading the document: its form, not yet its rules.

use super::{
    LifecycleConfiguration, LifecycleExpiration, LifecycleFilter, LifecycleNot, LifecycleRule,
    LifecycleTransition, LifecycleWhen,
};
use crate::OssError;
use crate::header::StorageClass;
use crate::xml::Element;
use crate::xml::read::malformed;

/// Most rules.
const MAX_RULES: usize = 1000;

impl LifecycleConfiguration {
    /// Reads the document without judging its rules: what was stored is accepted whatever is allowed today.
    ///
    /// Errors: 400 `MalformedXML`; 400 `InvalidArgument` for several times in one action, for days or dates that
    /// cannot be, and for a storage class that is none.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "LifecycleConfiguration")?;
        let rules: Vec<LifecycleRule> = root
            .all("Rule")
            .take(MAX_RULES + 1)
            .map(LifecycleRule::read)
            .collect::<Result<_, _>>()?;
        if rules.is_empty() || rules.len() > MAX_RULES {
            return Err(malformed());
        }
        Ok(Self { rules })
    }
}

impl LifecycleRule {
    fn read(element: &Element) -> Result<Self, OssError> {
        let noncurrent = element.child("NoncurrentVersionExpiration");
        Ok(Self {
            id: element.text_of("ID").to_owned(),
            prefix: element.text_of("Prefix").to_owned(),
            enabled: match element.value_of("Status") {
                Some("Enabled") => true,
                Some("Disabled") => false,
                _ => return Err(malformed()),
            },
            tags: element.all("Tag").map(tag).collect::<Result<_, _>>()?,
            filter: element
                .child("Filter")
                .map(LifecycleFilter::read)
                .transpose()?,
            expiration: element.child("Expiration").map(expiration).transpose()?,
            transitions: element
                .all("Transition")
                .map(|transition| LifecycleTransition::read(transition, "Transition", "Days"))
                .collect::<Result<_, _>>()?,
            abort_multipart_upload: element
                .child("AbortMultipartUpload")
                .map(|abort| one_time(abort, "AbortMultipartUpload", "Days"))
                .transpose()?,
            noncurrent_expiration_days: noncurrent
                .map(|element| days(element, "NoncurrentDays")?.ok_or_else(malformed))
                .transpose()?,
            noncurrent_transitions: element
                .all("NoncurrentVersionTransition")
                .map(|transition| {
                    let name = "NoncurrentVersionTransition";
                    LifecycleTransition::read(transition, name, "NoncurrentDays")
                })
                .collect::<Result<_, _>>()?,
            atime_base: element.optional_number("AtimeBase")?,
        })
    }
}

impl LifecycleFilter {
    fn read(element: &Element) -> Result<Self, OssError> {
        let not = |element: &Element| -> Result<LifecycleNot, OssError> {
            Ok(LifecycleNot {
                prefix: element.text_of("Prefix").to_owned(),
                tag: element.child("Tag").map(tag).transpose()?,
            })
        };
        Ok(Self {
            nots: element.all("Not").map(not).collect::<Result<_, _>>()?,
            size_greater_than: element.optional_number("ObjectSizeGreaterThan")?,
            size_less_than: element.optional_number("ObjectSizeLessThan")?,
        })
    }
}

impl LifecycleTransition {
    fn read(element: &Element, action: &str, days_name: &str) -> Result<Self, OssError> {
        let class = element.value_of("StorageClass").ok_or_else(malformed)?;
        Ok(Self {
            when: one_time(element, action, days_name)?,
            storage_class: StorageClass::parse(class)?,
            is_access_time: element.optional_flag("IsAccessTime")?,
            return_to_std_when_visit: element.optional_flag("ReturnToStdWhenVisit")?,
            allow_small_file: element.optional_flag("AllowSmallFile")?,
        })
    }
}

fn expiration(element: &Element) -> Result<LifecycleExpiration, OssError> {
    let when = time(element, "Expiration", "Days")?;
    match (element.optional_flag("ExpiredObjectDeleteMarker")?, when) {
        (Some(true), None) => Ok(LifecycleExpiration::DeleteMarker),
        (Some(true), Some(_)) => Err(several("Expiration")),
        (_, Some(when)) => Ok(LifecycleExpiration::When(when)),
        (_, None) => Err(malformed()),
    }
}

/// The time of an action. Errors: 400 `MalformedXML` when there is none, else as [`time`].
fn one_time(element: &Element, action: &str, days_name: &str) -> Result<LifecycleWhen, OssError> {
    time(element, action, days_name)?.ok_or_else(malformed)
}

fn time(
    element: &Element,
    action: &str,
    days_name: &str,
) -> Result<Option<LifecycleWhen>, OssError> {
    let mut times = [
        days(element, days_name)?.map(LifecycleWhen::Days),
        date(element, "CreatedBeforeDate")?.map(LifecycleWhen::CreatedBefore),
        date(element, "Date")?.map(LifecycleWhen::Date),
    ]
    .into_iter()
    .flatten();
    match (times.next(), times.next()) {
        (_, Some(_)) => Err(several(action)),
        (one, None) => Ok(one),
    }
}

fn several(action: &str) -> OssError {
    let message = format!("{action} takes exactly one of Days, CreatedBeforeDate and Date.");
    OssError::invalid_argument(action, "", message)
}

fn days(element: &Element, name: &str) -> Result<Option<u32>, OssError> {
    match element.optional_number::<u32>(name)? {
        Some(0) => Err(OssError::invalid_argument(
            name,
            "0",
            format!("'{name}' for lifecycle action must be a positive integer."),
        )),
        days => Ok(days),
    }
}

/// A midnight, Unix seconds.
fn date(element: &Element, name: &str) -> Result<Option<i64>, OssError> {
    let Some(text) = element.value_of(name) else {
        return Ok(None);
    };
    let at = element.time_of(name)?;
    if at.rem_euclid(86_400) != 0 {
        return Err(OssError::invalid_argument(
            name,
            text,
            format!("'{name}' must be at midnight GMT."),
        ));
    }
    Ok(Some(at))
}

fn tag(element: &Element) -> Result<(String, String), OssError> {
    Ok((
        element.required("Key")?.text.clone(),
        element.text_of("Value").to_owned(),
    ))
}
