//! Every configuration against what strangers send: what is accepted is read again as it was, everything else gets its
//! documented refusal, and nothing panics.

use super::*;
use crate::ErrorCode;
use proptest::prelude::*;

/// Reads a text; when it is accepted, reads what is written of it and compares. The code of a refusal.
type Reader = fn(&[u8]) -> Result<(), ErrorCode>;

macro_rules! readers {
    ($($document:ident: $sample:expr;)+) => {
        /// Root, a text that is accepted, and its reader.
        fn readers() -> Vec<(&'static str, String, Reader)> {
            vec![$({
                fn read(bytes: &[u8]) -> Result<(), ErrorCode> {
                    let read = $document::from_xml(bytes).map_err(|error| error.code())?;
                    let written = read.to_xml();
                    let again = $document::from_xml(written.as_bytes());
                    assert_eq!(again.ok().as_ref(), Some(&read), "{written}");
                    Ok(())
                }
                let sample: String = $sample.into();
                let root = sample.trim_start_matches('<').split(['>', '/']).next().unwrap_or_default().to_owned();
                (&*root.leak(), sample, read as Reader)
            },)+]
        }
    };
}

const RULE: &str = "<Rule><ID>r</ID><Prefix>a/</Prefix><Status>Enabled</Status><Tag><Key>k</Key><Value>v</Value></Tag>\
    <Filter><Not><Prefix>a/b</Prefix></Not><ObjectSizeLessThan>9</ObjectSizeLessThan></Filter>\
    <Expiration><Days>9</Days></Expiration><Transition><Days>3</Days><StorageClass>IA</StorageClass></Transition></Rule>";
const INVENTORY: &str = "<InventoryConfiguration><Id>a</Id><IsEnabled>true</IsEnabled><Filter><Prefix>p</Prefix>\
    <StorageClass>IA</StorageClass></Filter><Destination><OSSBucketDestination><Format>CSV</Format><AccountId>1</AccountId>\
    <RoleArn>r</RoleArn><Bucket>acs:oss:::dest</Bucket><Encryption><SSE-OSS/></Encryption></OSSBucketDestination></Destination>\
    <Schedule><Frequency>Daily</Frequency></Schedule><IncludedObjectVersions>All</IncludedObjectVersions>\
    <OptionalFields><Field>Size</Field></OptionalFields></InventoryConfiguration>";
const WEBSITE: &str = "<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix><Type>1</Type></IndexDocument>\
    <ErrorDocument><Key>e</Key></ErrorDocument><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Condition>\
    <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect><RedirectType>Mirror</RedirectType>\
    <MirrorURL>http://a/</MirrorURL><MirrorHeaders><Pass>x</Pass></MirrorHeaders></Redirect></RoutingRule></RoutingRules>\
    </WebsiteConfiguration>";
const STYLES: &str = "<StyleList><Style><Name>n</Name><Content>image/resize,w_1</Content><Category>image</Category>\
    <CreateTime>Wed, 21 Oct 2026 07:28:00 GMT</CreateTime><LastModifyTime>Wed, 21 Oct 2026 07:28:00 GMT</LastModifyTime>\
    </Style></StyleList>";

readers! {
    AccessMonitorConfiguration: "<AccessMonitorConfiguration><Status>Enabled</Status></AccessMonitorConfiguration>";
    ArchiveDirectReadConfiguration: "<ArchiveDirectReadConfiguration><Enabled>true</Enabled></ArchiveDirectReadConfiguration>";
    BucketCallbackPolicy: "<BucketCallbackPolicy><PolicyItem><PolicyName>p</PolicyName><Callback>e30=</Callback></PolicyItem></BucketCallbackPolicy>";
    BucketLoggingStatus: "<BucketLoggingStatus><LoggingEnabled><TargetBucket>b</TargetBucket><TargetPrefix>p</TargetPrefix></LoggingEnabled></BucketLoggingStatus>";
    BucketResourceGroupConfiguration: "<BucketResourceGroupConfiguration><ResourceGroupId>rg-1</ResourceGroupId></BucketResourceGroupConfiguration>";
    BucketTagging: "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>";
    BucketUserQos: "<BucketUserQos><StorageCapacity>1</StorageCapacity></BucketUserQos>";
    CorsConfiguration: "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>";
    HttpsConfiguration: "<HttpsConfiguration><TLS><Enable>true</Enable><TLSVersion>TLSv1.2</TLSVersion></TLS><CipherSuite><Enable>true</Enable><CustomCipherSuite>A-B</CustomCipherSuite></CipherSuite></HttpsConfiguration>";
    InventoryConfiguration: INVENTORY;
    LifecycleConfiguration: format!("<LifecycleConfiguration>{RULE}</LifecycleConfiguration>");
    OverwriteConfiguration: "<OverwriteConfiguration><Rule><ID>r</ID><Action>forbid</Action><Prefix>p</Prefix><Principals><Principal>1</Principal></Principals></Rule></OverwriteConfiguration>";
    PublicAccessBlockConfiguration: "<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess></PublicAccessBlockConfiguration>";
    QoSConfiguration: "<QoSConfiguration><TotalQps>5</TotalQps></QoSConfiguration>";
    RefererConfiguration: "<RefererConfiguration><AllowEmptyReferer>true</AllowEmptyReferer><RefererList><Referer>http://a</Referer></RefererList></RefererConfiguration>";
    RequestPaymentConfiguration: "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>";
    StyleList: STYLES;
    TransferAccelerationConfiguration: "<TransferAccelerationConfiguration><Enabled>true</Enabled></TransferAccelerationConfiguration>";
    UserDefinedLogFieldsConfiguration: "<UserDefinedLogFieldsConfiguration><HeaderSet><header>h</header></HeaderSet></UserDefinedLogFieldsConfiguration>";
    WebsiteConfiguration: WEBSITE;
}

#[test]
fn samples_are_accepted_with_and_without_namespace() {
    for (root, sample, read) in readers() {
        assert_eq!(read(sample.as_bytes()), Ok(()), "{root}");
        let open = format!("<{root}>");
        let named = sample.replacen(
            &open,
            &format!("<{root} xmlns=\"http://doc.oss-cn-hangzhou.aliyuncs.com\">"),
            1,
        );
        assert_eq!(read(named.as_bytes()), Ok(()), "{named}");
        let inner = sample.replacen(
            &open,
            &format!("{open}<NewElement><x>1</x></NewElement>"),
            1,
        );
        assert_eq!(read(inner.as_bytes()), Ok(()), "{inner}");
    }
}

#[test]
fn what_is_no_document_is_malformed() {
    for (root, sample, read) in readers() {
        let deep = format!("<{root}>{}{}</{root}>", "<a>".repeat(20), "</a>".repeat(20));
        let wide = format!("<{root}>{}</{root}>", "<a/>".repeat(70_000));
        let bomb = format!(
            "<!DOCTYPE {root} [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>{sample}"
        );
        let file =
            format!("<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><{root}>&f;</{root}>");
        for text in [
            String::new(),
            "no xml".to_owned(),
            format!("<{root}>"),
            sample
                .replacen(&format!("<{root}>"), "<Other>", 1)
                .replace(&format!("</{root}>"), "</Other>"),
            sample[..sample.len() - 3].to_owned(),
            format!("{sample}{sample}"),
            format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{sample}"),
            format!("<{root}>&undefined;</{root}>"),
            format!("<{root}><a>&#1;</a></{root}>"),
            deep,
            wide,
            bomb,
            file,
        ] {
            let shown = &text[..text.len().min(200)];
            assert_eq!(
                read(text.as_bytes()),
                Err(ErrorCode::MalformedXml),
                "{root}: {shown}"
            );
        }
        assert_eq!(
            read(&[0xFF, 0xFE, 0x00]),
            Err(ErrorCode::MalformedXml),
            "{root}"
        );
    }
}

/// A part of a sample taken out, doubled, or replaced by something else.
fn damaged(sample: &str, from: usize, length: usize, with: &str, twice: bool) -> String {
    let start = sample.floor_char_boundary(from % (sample.len() + 1));
    let end = sample.floor_char_boundary((start + length).min(sample.len()));
    let piece = if twice { &sample[start..end] } else { "" };
    format!("{}{with}{piece}{piece}{}", &sample[..start], &sample[end..])
}

proptest! {
    #[test]
    fn damaged_documents_are_refused_or_read_as_they_are_written(
        which in any::<prop::sample::Index>(), from in 0usize..2000, length in 0usize..60, twice: bool,
        with in "([<>/&;a-zA-Z0-9=\"' -]|\\PC){0,12}|<(Days|Key|Rule|Status|Enabled)>[-0-9a-z]{0,8}</(Days|Key|Rule|Status|Enabled)>|&#[0-9]{1,7};",
    ) {
        let readers = readers();
        let (_, sample, read) = which.get(&readers);
        // The reader itself compares what it wrote with what it read.
        let _ = read(damaged(sample, from, length, &with, twice).as_bytes());
    }

    #[test]
    fn any_text_in_a_document_is_refused_or_kept(which in any::<prop::sample::Index>(), text in any::<String>()) {
        let readers = readers();
        let (_, sample, read) = which.get(&readers);
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#13;");
        // Every leaf by turns.
        for (at, _) in sample.match_indices("</") {
            let before = &sample[..at];
            let Some(open) = before.rfind('>') else { continue };
            let _ = read(format!("{}{escaped}{}", &sample[..=open], &sample[at..]).as_bytes());
        }
    }
}
