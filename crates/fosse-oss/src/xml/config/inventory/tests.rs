use super::*;
use crate::OssError;

const FULL: &str = "<Id>report1</Id><IsEnabled>true</IsEnabled><Filter><Prefix>pre</Prefix>\
    <LastModifyBeginTimeStamp>1637883649</LastModifyBeginTimeStamp><LastModifyEndTimeStamp>1638347592</LastModifyEndTimeStamp>\
    <LowerSizeBound>1024</LowerSizeBound><UpperSizeBound>1048576</UpperSizeBound><StorageClass>IA,Standard</StorageClass></Filter>\
    <Destination><OSSBucketDestination><Format>CSV</Format><AccountId>1000000000000000</AccountId>\
    <RoleArn>acs:ram::1000000000000000:role/r</RoleArn><Bucket>acs:oss:::dest</Bucket><Prefix>p</Prefix>\
    <Encryption><SSE-KMS><KeyId>k</KeyId></SSE-KMS></Encryption></OSSBucketDestination></Destination>\
    <Schedule><Frequency>Monthly</Frequency><DayOfMonth>15</DayOfMonth></Schedule>\
    <IncludedObjectVersions>All</IncludedObjectVersions><OptionalFields><Field>Size</Field><Field>ETag</Field></OptionalFields>\
    <IncrementalInventory><IsEnabled>true</IsEnabled><Schedule><Frequency>600</Frequency></Schedule></IncrementalInventory>";

fn read(inner: &str) -> Result<InventoryConfiguration, OssError> {
    let xml = format!("<InventoryConfiguration>{inner}</InventoryConfiguration>");
    InventoryConfiguration::from_xml(xml.as_bytes())
}

#[test]
fn a_document_reads_as_it_is_written() {
    let inventory = read(FULL).unwrap();
    let xml = inventory.to_xml();
    assert_eq!(
        xml.split_once('\n').unwrap().1,
        format!("<InventoryConfiguration>{FULL}</InventoryConfiguration>")
    );
    assert_eq!(
        InventoryConfiguration::from_xml(xml.as_bytes()).unwrap(),
        inventory
    );
    assert_eq!(inventory.destination.bucket, "dest");
}

#[test]
fn faults_get_their_documented_answer() {
    for (from, to, expected) in [
        ("", "", "ok"),
        (
            "<StorageClass>IA,Standard<",
            "<StorageClass>Standard, IA,All<",
            "ok",
        ),
        ("<Id>report1</Id>", "", "MalformedXML"),
        ("<Id>report1</Id>", "<Id>re port</Id>", "InvalidArgument"),
        (
            "<IsEnabled>true</IsEnabled><Filter>",
            "<Filter>",
            "MalformedXML",
        ),
        (
            "<Format>CSV</Format>",
            "<Format>Parquet</Format>",
            "MalformedXML",
        ),
        ("acs:oss:::dest", "dest", "InvalidArgument"),
        ("acs:oss:::dest", "acs:oss:::D", "InvalidArgument"),
        ("<SSE-KMS><KeyId>k</KeyId></SSE-KMS>", "<SSE-OSS/>", "ok"),
        ("<SSE-KMS><KeyId>k</KeyId></SSE-KMS>", "", "ok"),
        ("<KeyId>k</KeyId>", "<KeyId></KeyId>", "MalformedXML"),
        (
            "<Frequency>Monthly</Frequency>",
            "<Frequency>Yearly</Frequency>",
            "MalformedXML",
        ),
        ("<DayOfMonth>15<", "<DayOfMonth>32<", "InvalidArgument"),
        (
            "<IncludedObjectVersions>All</IncludedObjectVersions>",
            "",
            "MalformedXML",
        ),
        (
            "<Field>Size</Field>",
            "<Field>Colour</Field>",
            "MalformedXML",
        ),
        (
            "<LowerSizeBound>1024<",
            "<LowerSizeBound>9999999<",
            "InvalidArgument",
        ),
        (
            "<StorageClass>IA,Standard<",
            "<StorageClass>Gold<",
            "InvalidArgument",
        ),
    ] {
        let body = FULL.replacen(from, to, usize::from(!from.is_empty()));
        let code = read(&body).map_or_else(|error| error.code().as_str(), |_| "ok");
        assert_eq!(code, expected, "{from} to {to}");
    }
}
