//! Reading and validating the document.

use super::{
    InventoryConfiguration, InventoryDestination, InventoryEncryption, InventoryField,
    InventoryFilter, InventoryFrequency,
};
use crate::OssError;
use crate::header::StorageClass;
use crate::name::BucketName;
use crate::xml::Element;
use crate::xml::read::malformed;

const MAX_ID: usize = 64;
const MAX_PREFIX: usize = 1023;

impl InventoryConfiguration {
    /// Reads and validates the document; whether the destination exists is the server's to say.
    ///
    /// Errors: 400 `MalformedXML` for what is missing or not in form; 400 `InvalidArgument` for values that cannot be.
    pub fn from_xml(bytes: &[u8]) -> Result<Self, OssError> {
        let root = Element::parse_kept(bytes, "InventoryConfiguration")?;
        let schedule = root.required("Schedule")?;
        let destination = root
            .required("Destination")?
            .required("OSSBucketDestination")?;
        let read = Self {
            id: id(&root)?,
            enabled: root.optional_flag("IsEnabled")?.ok_or_else(malformed)?,
            filter: root
                .child("Filter")
                .map(InventoryFilter::read)
                .transpose()?,
            destination: InventoryDestination::read(destination)?,
            frequency: named(schedule, "Frequency", &InventoryFrequency::ALL, |f| {
                f.as_str()
            })?,
            day_of_month: schedule.optional_number("DayOfMonth")?,
            all_versions: match root.value_of("IncludedObjectVersions") {
                Some("All") => true,
                Some("Current") => false,
                _ => return Err(malformed()),
            },
            fields: fields(&root)?,
            incremental: root.child("IncrementalInventory").cloned(),
        };
        if read
            .day_of_month
            .is_some_and(|day| !(1..=31).contains(&day))
        {
            let message = "The DayOfMonth must be between 1 and 31.";
            return Err(OssError::invalid_argument("DayOfMonth", "", message));
        }
        Ok(read)
    }
}

fn id(root: &Element) -> Result<String, OssError> {
    let id = root.value_of("Id").ok_or_else(malformed)?;
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if id.len() > MAX_ID || !id.bytes().all(legal) {
        let message = "The Id of an inventory is not valid.";
        return Err(OssError::invalid_argument("Id", id, message));
    }
    Ok(id.to_owned())
}

/// One of a closed list.
fn named<T: Copy>(
    element: &Element,
    name: &str,
    all: &[T],
    text: impl Fn(T) -> &'static str,
) -> Result<T, OssError> {
    let word = element.value_of(name).ok_or_else(malformed)?;
    all.iter()
        .copied()
        .find(|one| text(*one) == word)
        .ok_or_else(malformed)
}

fn fields(root: &Element) -> Result<Vec<InventoryField>, OssError> {
    let mut fields = Vec::new();
    for element in root
        .all("OptionalFields")
        .flat_map(|list| list.all("Field"))
    {
        let word = element.text.trim();
        let field = InventoryField::ALL
            .into_iter()
            .find(|field| field.as_str() == word)
            .ok_or_else(malformed)?;
        // A column once; this also bounds their number.
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    Ok(fields)
}

impl InventoryFilter {
    fn read(element: &Element) -> Result<Self, OssError> {
        let mut storage_classes = Vec::new();
        let classes = element.value_of("StorageClass").unwrap_or_default();
        for word in classes.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            if word == "All" {
                continue;
            }
            let class = StorageClass::from_text(word).ok_or_else(|| {
                let message = "The StorageClass of an inventory filter is not valid.";
                OssError::invalid_argument("StorageClass", word, message)
            })?;
            if !storage_classes.contains(&class) {
                storage_classes.push(class);
            }
        }
        storage_classes.sort_by_key(|class| class.as_str());
        let read = Self {
            prefix: prefix(element)?,
            modified_from: element.optional_number("LastModifyBeginTimeStamp")?,
            modified_to: element.optional_number("LastModifyEndTimeStamp")?,
            size_from: element.optional_number("LowerSizeBound")?,
            size_to: element.optional_number("UpperSizeBound")?,
            storage_classes,
        };
        let crossed =
            |from: Option<u64>, to: Option<u64>| from.zip(to).is_some_and(|(from, to)| from > to);
        if crossed(read.modified_from, read.modified_to) || crossed(read.size_from, read.size_to) {
            let message = "A range of an inventory filter ends before it begins.";
            return Err(OssError::invalid_argument("Filter", "", message));
        }
        Ok(read)
    }
}

impl InventoryDestination {
    fn read(element: &Element) -> Result<Self, OssError> {
        if element.value_of("Format") != Some("CSV") {
            return Err(malformed());
        }
        let owned = |name: &str| element.value_of(name).unwrap_or_default().to_owned();
        let arn = element.value_of("Bucket").ok_or_else(malformed)?;
        let bucket = arn
            .strip_prefix("acs:oss:::")
            .filter(|name| BucketName::parse(name).is_ok())
            .ok_or_else(|| {
                let message = "The Bucket of an inventory destination is not valid.";
                OssError::invalid_argument("Bucket", arn, message)
            })?;
        Ok(Self {
            account_id: owned("AccountId"),
            role_arn: owned("RoleArn"),
            bucket: bucket.to_owned(),
            prefix: prefix(element)?,
            // ali-oss sends an empty element for none.
            encryption: element
                .child("Encryption")
                .filter(|element| !element.children.is_empty())
                .map(encryption)
                .transpose()?,
        })
    }
}

fn encryption(element: &Element) -> Result<InventoryEncryption, OssError> {
    match (element.child("SSE-OSS"), element.child("SSE-KMS")) {
        (Some(_), None) => Ok(InventoryEncryption::Oss),
        (None, Some(kms)) => {
            let key = kms.value_of("KeyId").ok_or_else(malformed)?;
            Ok(InventoryEncryption::Kms(key.to_owned()))
        }
        _ => Err(malformed()),
    }
}

fn prefix(element: &Element) -> Result<Option<String>, OssError> {
    let Some(prefix) = element.child("Prefix").map(|child| child.text.as_str()) else {
        return Ok(None);
    };
    if prefix.len() > MAX_PREFIX {
        let message = "The length of Prefix must be less than 1024.";
        return Err(OssError::invalid_argument("Prefix", prefix, message));
    }
    Ok(Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty()))
}
