//! `cp`: one file, object or stream from here to there (cli.md §6.3).

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use clap::Args;
use fosse_client::{Client, GetRequest, UploadPlan};
use http::HeaderMap;

use crate::args::client_options::{ClientOptions, OutputFormat};
use crate::args::listing::EncodingType;
use crate::args::object_flags::ObjectFlags;
use crate::args::oss_url::{OssUrl, is_oss_url};
use crate::args::size::{Size, human};
use crate::checkpoint::CheckpointFile;
use crate::cmd::cat::to_stdout;
use crate::content_type;
use crate::failure::{Failure, Result};
use crate::out::ElapsedTo;
use crate::session::Session;

/// `cp`
#[derive(Args, Debug)]
pub(crate) struct CpArgs {
    /// File, oss://BUCKET/KEY, or - for standard input
    source: String,
    /// oss://BUCKET[/KEY], file or directory, or - for standard output
    target: String,
    /// Whole directories and prefixes (not in this version)
    #[arg(short = 'r', long)]
    recursive: bool,
    /// Overwrite without asking, which is what happens anyway for one object
    #[arg(short = 'f', long)]
    force: bool,
    /// Only when the source is newer than the target
    #[arg(short = 'u', long)]
    update: bool,
    /// Only when the sizes differ
    #[arg(long)]
    size_only: bool,
    /// Only when there is no target yet
    #[arg(long)]
    ignore_existing: bool,
    /// Files at once; with one file it changes nothing
    #[arg(short = 'j', long, value_name = "N", default_value_t = 3)]
    job: u32,
    /// Parts at once within one file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    parallel: Option<u32>,
    /// Larger files go in parts, and go on where they stopped
    #[arg(long, value_name = "SIZE", default_value = "100M")]
    bigfile_threshold: Size,
    /// Bytes of a part, 100K to 5G [default: by size]
    #[arg(long, value_name = "SIZE")]
    part_size: Option<Size>,
    /// Where unfinished uploads are remembered
    #[arg(long, value_name = "DIR", default_value = ".ossutil_checkpoint")]
    checkpoint_dir: PathBuf,
    /// No progress
    #[arg(long)]
    no_progress: bool,
    #[command(flatten)]
    object: ObjectFlags,
    /// Between objects: COPY takes the metadata over, REPLACE takes that of the command line
    #[arg(long, value_name = "WHICH", ignore_case = true, value_parser = ["COPY", "REPLACE"])]
    metadata_directive: Option<String>,
    /// Between objects: COPY takes the tags over, REPLACE takes those of the command line
    #[arg(long, value_name = "WHICH", ignore_case = true, value_parser = ["COPY", "REPLACE"])]
    tagging_directive: Option<String>,
    /// A certain version of the source
    #[arg(long, value_name = "ID")]
    version_id: Option<String>,
    /// Only these bytes of the source object: FIRST-LAST
    #[arg(long, value_name = "RANGE")]
    range: Option<String>,
    #[command(flatten)]
    encoding: EncodingType,
    #[command(flatten)]
    options: ClientOptions,
}

/// What was moved.
struct Done {
    bytes: u64,
    skipped: bool,
}

/// Runs `cp`.
pub(crate) fn run(args: &CpArgs) -> Result<()> {
    if args.recursive {
        return Err(Failure::usage(
            "cp -r is not in this version: copy file by file, for example with find and xargs",
        ));
    }
    match (is_oss_url(&args.source), is_oss_url(&args.target)) {
        (false, true) => upload(args),
        (true, false) => download(args),
        (true, true) => copy(args),
        (false, false) => Err(Failure::usage(
            "one of the two must be in the store: oss://BUCKET/KEY",
        )),
    }
}

fn upload(args: &CpArgs) -> Result<()> {
    let target = args.encoding.parse(&args.target)?;
    let Some(bucket) = target.bucket.as_deref() else {
        return Err(Failure::usage(
            "the target needs a bucket: oss://BUCKET/KEY",
        ));
    };
    let from_stdin = args.source == "-";
    let path = Path::new(&args.source);
    let name = if from_stdin {
        None
    } else {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let key = target_key(&target, name.as_deref())?;
    let session = Session::open(&args.options)?;
    let mut headers = args.object.headers()?;
    if args.object.content_type.is_none() {
        let guessed = content_type::guess(&String::from_utf8_lossy(&key))
            .or_else(|| name.as_deref().and_then(content_type::guess));
        headers.push((
            "content-type".to_owned(),
            guessed.unwrap_or("application/octet-stream").into(),
        ));
    }
    let plan = UploadPlan {
        headers,
        threshold: args.bigfile_threshold.0,
        part_size: args.part_size.map(|size| size.0),
        parallel: args.parallel.map_or(UploadPlan::default().parallel, |n| {
            usize::try_from(n).unwrap_or(1)
        }),
    };
    let metadata = if from_stdin {
        None
    } else {
        Some(std::fs::metadata(path).map_err(|error| Failure::file("read", path, error))?)
    };
    if metadata.as_ref().is_some_and(std::fs::Metadata::is_dir) {
        return Err(Failure::usage(format!(
            "{} is a directory: cp takes one file",
            path.display()
        )));
    }
    if session.dry_run() {
        session.out.line(&format!(
            "(dry-run) upload {} to oss://{bucket}/{}",
            args.source,
            String::from_utf8_lossy(&key)
        ))?;
        return session.out.elapsed(ElapsedTo::Stdout);
    }
    let client = session.client(Some(bucket))?;
    let done = session.run(async {
        let Some(metadata) = metadata.filter(std::fs::Metadata::is_file) else {
            // Standard input, a pipe, a device: read until it ends.
            let bytes = if from_stdin {
                client
                    .upload_reader(tokio::io::stdin(), bucket, &key, &plan)
                    .await?
                    .1
            } else {
                let file = tokio::fs::File::open(path)
                    .await
                    .map_err(|error| Failure::file("open", path, error))?;
                client.upload_reader(file, bucket, &key, &plan).await?.1
            };
            return Ok(Done {
                bytes,
                skipped: false,
            });
        };
        let bytes = metadata.len();
        let modified = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.map_or(0, |since| {
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
        });
        if skip(
            args,
            bytes,
            modified,
            there(args, &client, bucket, &key).await?,
        ) {
            return Ok(Done {
                bytes,
                skipped: true,
            });
        }
        let source = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let checkpoint = CheckpointFile::new(
            &args.checkpoint_dir,
            &source,
            &format!("oss://{bucket}/{}", String::from_utf8_lossy(&key)),
            bytes,
            modified,
        );
        client
            .upload_file(path, bucket, &key, &plan, Some(&checkpoint))
            .await?;
        Ok(Done {
            bytes,
            skipped: false,
        })
    })?;
    success(
        &session,
        &done,
        ["file", "Upload", "objects"],
        ElapsedTo::Stdout,
    )
}

fn download(args: &CpArgs) -> Result<()> {
    let source = args.encoding.parse(&args.source)?;
    let (bucket, key) = source.object().map_err(Failure::usage)?;
    let to_standard_output = args.target == "-";
    let target = if to_standard_output {
        PathBuf::new()
    } else {
        target_path(&args.target, key)?
    };
    let range = args.range.as_deref().map(parse_range).transpose()?;
    let session = Session::open(&args.options)?;
    if session.dry_run() {
        session
            .out
            .line(&format!("(dry-run) download {source} to {}", args.target))?;
        return session.out.elapsed(ElapsedTo::Stdout);
    }
    let client = session.client(Some(bucket))?;
    let request = GetRequest {
        version_id: args.version_id.clone(),
        range,
        ..GetRequest::default()
    };
    let done = session.run(async {
        if to_standard_output {
            let download = client.get_object(bucket, key, &request).await?;
            return Ok(Done {
                bytes: to_stdout(&session, download).await?,
                skipped: false,
            });
        }
        if let Ok(metadata) = std::fs::metadata(&target)
            && (args.update || args.size_only || args.ignore_existing)
        {
            let head = client
                .head_object(bucket, key, args.version_id.as_deref())
                .await?;
            let (size, modified) = size_and_time(&head);
            let ours = metadata
                .modified()
                .ok()
                .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let ours = ours.map_or(0, |since| {
                i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
            });
            if skip(args, size, modified, Some((metadata.len(), ours))) {
                return Ok(Done {
                    bytes: size,
                    skipped: true,
                });
            }
        }
        let download = client.get_object(bucket, key, &request).await?;
        if let Some(parent) = target
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            std::fs::create_dir_all(parent)
                .map_err(|error| Failure::file("make the directory", parent, error))?;
        }
        Ok(Done {
            bytes: fosse_client::save(download, &target).await?,
            skipped: false,
        })
    })?;
    // When standard output is the object, nothing else may be on it.
    success(
        &session,
        &done,
        ["object", "Download", "files"],
        if to_standard_output {
            ElapsedTo::Stderr
        } else {
            ElapsedTo::Stdout
        },
    )
}

fn copy(args: &CpArgs) -> Result<()> {
    let source = args.encoding.parse(&args.source)?;
    let target = args.encoding.parse(&args.target)?;
    let (bucket, key) = source.object().map_err(Failure::usage)?;
    let Some(target_bucket) = target.bucket.as_deref() else {
        return Err(Failure::usage(
            "the target needs a bucket: oss://BUCKET/KEY",
        ));
    };
    let text = String::from_utf8_lossy(key).into_owned();
    let target_key = target_key(&target, text.trim_end_matches('/').rsplit('/').next())?;
    let mut headers = args.object.headers()?;
    let describes = |name: &str| {
        name.starts_with("content-")
            || name.starts_with("x-oss-meta-")
            || matches!(name, "cache-control" | "expires")
    };
    match &args.metadata_directive {
        Some(directive) => headers.push((
            "x-oss-metadata-directive".to_owned(),
            directive.to_ascii_uppercase().into(),
        )),
        // Metadata on the command line would be ignored without it.
        None if headers.iter().any(|(name, _)| describes(name)) => {
            headers.push(("x-oss-metadata-directive".to_owned(), b"REPLACE".to_vec()))
        }
        None => {}
    }
    match &args.tagging_directive {
        Some(directive) => headers.push((
            "x-oss-tagging-directive".to_owned(),
            directive.to_ascii_uppercase().into(),
        )),
        None if !args.object.tagging.is_empty() => {
            headers.push(("x-oss-tagging-directive".to_owned(), b"REPLACE".to_vec()))
        }
        None => {}
    }
    let session = Session::open(&args.options)?;
    let shown = format!(
        "oss://{target_bucket}/{}",
        String::from_utf8_lossy(&target_key)
    );
    if session.dry_run() {
        session
            .out
            .line(&format!("(dry-run) copy {source} to {shown}"))?;
        return session.out.elapsed(ElapsedTo::Stdout);
    }
    let client = session.client(Some(target_bucket))?;
    let done = session.run(async {
        let head = client
            .head_object(bucket, key, args.version_id.as_deref())
            .await?;
        let (bytes, modified) = size_and_time(&head);
        if skip(
            args,
            bytes,
            modified,
            there(args, &client, target_bucket, &target_key).await?,
        ) {
            return Ok(Done {
                bytes,
                skipped: true,
            });
        }
        client
            .copy_object(
                (bucket, key, args.version_id.as_deref()),
                (target_bucket, &target_key),
                headers,
            )
            .await?;
        Ok(Done {
            bytes,
            skipped: false,
        })
    })?;
    success(
        &session,
        &done,
        ["object", "Copy", "objects"],
        ElapsedTo::Stdout,
    )
}

/// The success line of cli.md §6.3, then the elapsed line. `words`: what was counted, what was done, what came out.
fn success(session: &Session, done: &Done, words: [&str; 3], to: ElapsedTo) -> Result<()> {
    let [counted, verb, out] = words;
    let size = human(done.bytes);
    let speed = human((done.bytes as f64 / session.out.seconds().max(1e-9)) as u64);
    let line = if done.skipped {
        format!("Success: Total 1 {counted}, size {size}, Skip done:(1 {counted}s, {size})")
    } else {
        format!(
            "Success: Total 1 {counted}, size {size}, {verb} done:(1 {out}, {size}), avg {speed}/s"
        )
    };
    match to {
        ElapsedTo::Stdout if session.out.quiet() => {}
        ElapsedTo::Stdout if session.format() == OutputFormat::Raw => session.out.line(&line)?,
        ElapsedTo::Stdout | ElapsedTo::Stderr => session.out.note(&line),
    }
    session.out.elapsed(to)
}

/// Size and time of what is at the target, when a flag asks for it and something is there.
async fn there(
    args: &CpArgs,
    client: &Client,
    bucket: &str,
    key: &[u8],
) -> Result<Option<(u64, i64)>> {
    if !(args.update || args.size_only || args.ignore_existing) {
        return Ok(None);
    }
    match client.head_object(bucket, key, None).await {
        Ok(head) => Ok(Some(size_and_time(&head))),
        Err(error)
            if error
                .service()
                .is_some_and(|refusal| refusal.status == 404 && refusal.code != "NoSuchBucket") =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn size_and_time(head: &HeaderMap) -> (u64, i64) {
    let text = |name: &str| {
        head.get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    (
        text("content-length").parse().unwrap_or(0),
        fosse_oss::time::parse_http(text("last-modified")).unwrap_or(0),
    )
}

fn skip(args: &CpArgs, size: u64, modified: i64, target: Option<(u64, i64)>) -> bool {
    target.is_some_and(|(target_size, target_modified)| {
        args.ignore_existing
            || args.update && target_modified >= modified
            || args.size_only && target_size == size
    })
}

/// One file to an empty prefix gets its base name, to `dir/` it goes below, to `name` it gets exactly that.
fn target_key(target: &OssUrl, base: Option<&str>) -> Result<Vec<u8>> {
    if !target.key.is_empty() && !target.key.ends_with(b"/") {
        return Ok(target.key.clone());
    }
    match base {
        Some(base) if !base.is_empty() => Ok([target.key.as_slice(), base.as_bytes()].concat()),
        _ => Err(Failure::usage(format!(
            "`{target}` needs a key: nothing else gives the object a name"
        ))),
    }
}

/// Where a downloaded object goes: a directory takes its base name. A name that leaves the directory is refused.
fn target_path(target: &str, key: &[u8]) -> Result<PathBuf> {
    let path = Path::new(target);
    let directory = target.ends_with(['/', std::path::MAIN_SEPARATOR]) || path.is_dir();
    if !directory {
        return Ok(path.to_owned());
    }
    let key = std::str::from_utf8(key)
        .map_err(|_| Failure::usage("the key is not UTF-8: name the target file"))?;
    let base = key.rsplit('/').next().unwrap_or_default();
    let own_name = Path::new(base).file_name().is_some_and(|name| name == base)
        && !base.contains(['\\', '\0']);
    if !own_name {
        return Err(Failure::usage(format!(
            "the key `{key}` gives no file name inside {target}: name the target file"
        )));
    }
    Ok(path.join(base))
}

/// `FIRST-LAST`, both inclusive; an empty LAST is the end.
fn parse_range(text: &str) -> Result<(u64, Option<u64>)> {
    let bad = || {
        Failure::usage(format!(
            "`{text}` is not a range: write FIRST-LAST, such as 0-99, or 100-"
        ))
    };
    let (first, last) = text.split_once('-').ok_or_else(bad)?;
    let first = first.parse().map_err(|_| bad())?;
    let last = if last.is_empty() {
        None
    } else {
        Some(last.parse().map_err(|_| bad())?)
    };
    if last.is_some_and(|last: u64| last < first) {
        Err(bad())
    } else {
        Ok((first, last))
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_range, target_key, target_path};
    use crate::args::oss_url::OssUrl;

    #[test]
    fn names_of_new_objects() {
        let key = |target: &str, base| {
            target_key(&OssUrl::parse(target, false).unwrap(), base)
                .map(|key| String::from_utf8(key).unwrap())
        };
        assert_eq!(key("oss://bkt", Some("f.txt")).unwrap(), "f.txt");
        assert_eq!(key("oss://bkt/", Some("f.txt")).unwrap(), "f.txt");
        assert_eq!(key("oss://bkt/dir/", Some("f.txt")).unwrap(), "dir/f.txt");
        assert_eq!(key("oss://bkt/name", Some("f.txt")).unwrap(), "name");
        assert!(key("oss://bkt/dir/", None).is_err());
    }

    #[test]
    fn names_of_new_files() {
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().to_str().unwrap();
        assert_eq!(
            target_path(inside, b"a/b.txt").unwrap(),
            dir.path().join("b.txt")
        );
        assert_eq!(
            target_path("new/", b"a/b.txt").unwrap(),
            std::path::Path::new("new/b.txt")
        );
        assert_eq!(
            target_path("file", b"../b").unwrap(),
            std::path::Path::new("file")
        );
        for key in [&b".."[..], b"a/..", b"a/.", b"a/", b"a/b\\..\\c"] {
            assert!(
                target_path(inside, key).is_err(),
                "{}",
                String::from_utf8_lossy(key)
            );
        }
    }

    #[test]
    fn ranges() {
        assert_eq!(parse_range("0-9").unwrap(), (0, Some(9)));
        assert_eq!(parse_range("5-").unwrap(), (5, None));
        for text in ["", "-5", "9-5", "a-b", "5"] {
            assert!(parse_range(text).is_err(), "{text}");
        }
    }
}
