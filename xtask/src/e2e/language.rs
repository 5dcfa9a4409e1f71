//! The languages: what each needs on the machine, how its packages are installed, how its tests run
//! and how they report.

use super::without_proxies;
use crate::process;
use crate::tally::Tally;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longest run of one language's tests.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// One folder of `e2e/`.
pub(super) struct Language {
    /// The folder's name.
    pub(super) name: &'static str,
    /// Programs that must be there, with arguments that make them end with success.
    programs: &'static [(&'static str, &'static [&'static str])],
    /// Installs pinned packages: from the test folder into the work folder `target/e2e/NAME`.
    pub(super) install: fn(&Path, &Path) -> Result<()>,
    /// The test command.
    pub(super) test: fn(&Path, &Path) -> Result<Command>,
    report: Report,
}

/// Where the counts come from.
enum Report {
    /// JUnit files `junit/*.xml` in the work folder.
    Junit,
    /// TAP on standard output, with node's closing counts.
    NodeTap,
    /// TAP on standard output, one result a line.
    Tap,
    /// `go test -json` on standard output.
    Go,
}

/// All languages, in the order in which they run.
pub(super) const ALL: &[Language] = &[
    Language {
        name: "python",
        programs: &[
            (
                "python3",
                &["-c", "import sys; sys.exit(sys.version_info < (3, 9))"],
            ),
            ("python3", &["-c", "import venv, ensurepip"]),
        ],
        install: install_python,
        test: test_python,
        report: Report::Junit,
    },
    Language {
        name: "node",
        programs: &[
            (
                "node",
                &[
                    "-e",
                    "process.exit(Number(process.versions.node.split('.')[0] < 20))",
                ],
            ),
            ("npm", &["--version"]),
        ],
        install: install_node,
        test: test_node,
        report: Report::NodeTap,
    },
    Language {
        name: "shell",
        programs: &[
            ("bash", &["--version"]),
            ("curl", &["--version"]),
            ("wget", &["--version"]),
        ],
        install: |_, _| Ok(()),
        test: test_shell,
        report: Report::Tap,
    },
    Language {
        name: "go",
        programs: &[("go", &["version"])],
        install: install_go,
        test: test_go,
        report: Report::Go,
    },
    Language {
        name: "java",
        programs: &[("javac", &["-version"]), ("mvn", &["--version"])],
        install: install_java,
        test: test_java,
        report: Report::Junit,
    },
];

impl Language {
    /// What is not on this machine, if anything.
    pub(super) fn missing(&self) -> Option<String> {
        self.programs
            .iter()
            .find(|(program, args)| !process::succeeds(program, args))
            .map(|(program, args)| {
                if process::succeeds(program, &["--version"])
                    || *program == "go" && process::succeeds("go", &["version"])
                {
                    format!("{program} does not do: {program} {}", args.join(" "))
                } else {
                    format!("{program} not found")
                }
            })
    }

    /// Runs the test command, passing its output on, and counts.
    pub(super) fn collect(&self, command: &mut Command, work: &Path) -> Result<Tally> {
        let reports = work.join("junit");
        if matches!(self.report, Report::Junit) && reports.exists() {
            std::fs::remove_dir_all(&reports)?;
        }
        let mut tally = Tally::default();
        let started = Instant::now();
        let status = if matches!(self.report, Report::Junit) {
            let mut child = command
                .stdin(Stdio::null())
                .spawn()
                .with_context(|| format!("cannot start {}", process::describe(command)))?;
            let Some(status) = process::wait_for(&mut child, LIMIT)? else {
                child.kill()?;
                child.wait()?;
                bail!("stopped after {} s", LIMIT.as_secs());
            };
            for entry in std::fs::read_dir(&reports).into_iter().flatten() {
                let path = entry?.path();
                if path.extension().is_some_and(|extension| extension == "xml") {
                    tally.add_junit(&std::fs::read_to_string(&path)?);
                }
            }
            status
        } else {
            // Node and Go end their own tests after their own limits.
            process::each_line(command.stdin(Stdio::null()), |line| match self.report {
                Report::Go => {
                    print_go_event(line);
                    tally.add_go_line(line);
                }
                Report::NodeTap => {
                    println!("{line}");
                    tally.add_node_tap_line(line);
                }
                Report::Tap | Report::Junit => {
                    println!("{line}");
                    tally.add_tap_line(line);
                }
            })?
        };
        println!("e2e {}: {} s", self.name, started.elapsed().as_secs());
        if !status.success() && tally.failed == 0 {
            println!(
                "e2e {}: {} ended with {status}",
                self.name,
                process::describe(command)
            );
            tally.failed += 1;
        }
        if tally.total() == 0 {
            bail!("no test ran");
        }
        Ok(tally)
    }
}

/// The readable part of a `go test -json` event: failures, and what tests print.
fn print_go_event(line: &str) {
    match serde_json::from_str::<serde_json::Value>(line) {
        Ok(event) => {
            if let Some(text) = event.get("Output").and_then(serde_json::Value::as_str) {
                print!("{text}");
            }
        }
        Err(_) => println!("{line}"),
    }
}

/// Whether the packages of this lock file are installed already: the text of the last one is kept.
fn unchanged(lock: &Path, stamp: &Path) -> Result<bool> {
    let wanted = std::fs::read(lock).with_context(|| format!("cannot read {}", lock.display()))?;
    Ok(std::fs::read(stamp).is_ok_and(|have| have == wanted))
}

fn venv() -> PathBuf {
    process::target_dir().join("e2e").join("python-venv")
}

fn install_python(folder: &Path, _: &Path) -> Result<()> {
    let venv = venv();
    let lock = folder.join("requirements.txt");
    let stamp = venv.join("installed.txt");
    if unchanged(&lock, &stamp)? {
        return Ok(());
    }
    process::run(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv),
    )?;
    process::run(
        Command::new(venv.join("bin").join("python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(["--require-hashes", "-r"])
            .arg(&lock),
    )?;
    std::fs::copy(&lock, &stamp)?;
    Ok(())
}

fn test_python(folder: &Path, work: &Path) -> Result<Command> {
    let mut command = Command::new(venv().join("bin").join("python"));
    command
        .args(["-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"])
        .arg(format!(
            "--junitxml={}",
            work.join("junit").join("pytest.xml").display()
        ))
        .arg(format!("--rootdir={}", folder.display()))
        .arg("-c")
        .arg(folder.join("pytest.ini"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(folder);
    without_proxies(&mut command);
    Ok(command)
}

fn install_node(folder: &Path, _: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let stamp = folder.join("node_modules").join(".installed.json");
    if unchanged(&lock, &stamp)? {
        return Ok(());
    }
    process::run(
        Command::new("npm")
            .args([
                "ci",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--loglevel=error",
            ])
            .current_dir(folder),
    )?;
    std::fs::copy(&lock, &stamp)?;
    Ok(())
}

fn test_node(folder: &Path, _: &Path) -> Result<Command> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter=tap", "--test-concurrency=1"])
        .current_dir(folder);
    for file in &files {
        command.arg(file.file_name().unwrap_or_default());
    }
    without_proxies(&mut command);
    Ok(command)
}

fn test_shell(folder: &Path, _: &Path) -> Result<Command> {
    let mut command = Command::new("bash");
    command.arg(folder.join("run.sh")).current_dir(folder);
    without_proxies(&mut command);
    Ok(command)
}

fn install_go(folder: &Path, _: &Path) -> Result<()> {
    process::run(
        Command::new("go")
            .args(["mod", "download"])
            .current_dir(folder),
    )
}

fn test_go(folder: &Path, _: &Path) -> Result<Command> {
    let mut command = Command::new("go");
    command
        .args([
            "test",
            "-mod=readonly",
            "-count=1",
            "-p=1",
            "-timeout=10m",
            "-json",
            "./...",
        ])
        .current_dir(folder);
    without_proxies(&mut command);
    Ok(command)
}

fn install_java(folder: &Path, work: &Path) -> Result<()> {
    process::run(maven(folder, work).args(["-q", "test-compile"]))
}

fn test_java(folder: &Path, work: &Path) -> Result<Command> {
    // Maven itself may still fetch the test provider, so proxies stay.
    let mut command = maven(folder, work);
    command
        .args(["-q", "test"])
        .env("NO_PROXY", "localhost,.localhost,127.0.0.1,::1");
    Ok(command)
}

/// Maven with its output below `target/e2e/java`: the POM takes `fosse.e2e.build` as build directory and
/// `fosse.e2e.reports` as the directory of the surefire reports.
fn maven(folder: &Path, work: &Path) -> Command {
    let mut command = Command::new("mvn");
    command
        .args(["-B", "-ntp"])
        .arg(format!(
            "-Dfosse.e2e.build={}",
            work.join("build").display()
        ))
        .arg(format!(
            "-Dfosse.e2e.reports={}",
            work.join("junit").display()
        ))
        .current_dir(folder);
    command
}
