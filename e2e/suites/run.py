#!/usr/bin/env python3
"""Runs the official SDKs' own integration tests, unchanged, against a local Fosse. See README.md."""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import xml.etree.ElementTree as ElementTree

import identities

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "suites"
RESULTS = WORK / "results"
REPOSITORIES = {
    "oss2": "aliyun/aliyun-oss-python-sdk",
    "python2": "aliyun/alibabacloud-oss-python-sdk-v2",
    "go2": "aliyun/alibabacloud-oss-go-sdk-v2",
    "java2": "aliyun/alibabacloud-oss-java-sdk-v2",
    "ali-oss": "ali-sdk/ali-oss",
}
PATH_STYLE_BUCKET = "path-style-suite"
ROOT_KEY = ("LTAISuitesRootKey000", "suites-root-secret-0000000000")
# What the account of the makers has switched on.
SETTINGS = {
    "go2": ["--new-bucket-block-public-access"],
    "python2": ["--new-bucket-block-public-access"],
}
# One test that hangs must not cost the run.
TEST_SECONDS = 180
CLASS_SECONDS = 300


def sh(*command: object, **options) -> None:
    subprocess.run([str(part) for part in command], check=True, **options)


# Preparing: everything that needs the network.


def prepare(suite: str, sources: pathlib.Path | None) -> None:
    place = WORK / suite
    if not place.exists():
        place.mkdir(parents=True)
        if sources:
            mirror = sources / REPOSITORIES[suite].replace("/", "+") / "repo"
            archive = subprocess.run(["git", "-C", str(mirror), "archive", "HEAD"], check=True, stdout=subprocess.PIPE)
            sh("tar", "x", "-C", place, input=archive.stdout)
        else:
            sh("git", "clone", "--depth", "1", f"https://github.com/{REPOSITORIES[suite]}", place)
    if suite == "oss2":
        venv(suite, "pytest", "pytest-timeout", "mock", "aliyun-python-sdk-sts", "oss2")
        sh(WORK / "oss2-venv/bin/pip", "-q", "uninstall", "-y", "oss2")
        locale()
    elif suite == "python2":
        venv(suite, "pytest", "pytest-timeout", "requests", "aiohttp", "crcmod-plus", "pycryptodome")
    elif suite == "go2":
        sh("go", "test", "-tags", "integration", "-c", "-o", WORK / "go2.test", "./oss", cwd=place)
    elif suite == "java2":
        sh("mvn", "-q", "-DskipTests", "test-compile", cwd=place)
        paths = ["-Dmdep.includeScope=test", f"-Dmdep.outputFile={WORK / 'java2.classpath'}"]
        sh("mvn", "-q", "dependency:build-classpath", *paths, cwd=place)
    else:
        sh("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=place)
        sh("npx", "tsc", "-b", "tsconfig.json", "tsconfig-cjs.json", cwd=place)


def locale() -> None:
    """The language that a test of oss2 reads dates in; without the program it fails as it does anywhere else."""
    made = WORK / "locales/zh_CN.UTF-8"
    if not made.exists() and shutil.which("localedef"):
        made.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["localedef", "-i", "zh_CN", "-f", "UTF-8", str(made)], check=False)


def venv(suite: str, *packages: str) -> None:
    place = WORK / f"{suite}-venv"
    if not place.exists():
        sh(sys.executable, "-m", "venv", place)
    sh(place / "bin/pip", "-q", "install", *packages)


# Running: in a namespace of the network and of mounts.


def enter_namespace() -> None:
    if os.environ.get("FOSSE_SUITES_INSIDE"):
        return
    os.environ["FOSSE_SUITES_INSIDE"] = "1"
    command = ["unshare", "-n", "-m", "--propagation", "private", sys.executable, __file__, *sys.argv[1:]]
    os.execvp("unshare", command)


def set_up_names(folder: pathlib.Path) -> subprocess.Popen:
    sh("ip", "link", "set", "lo", "up")
    for name, text in [("resolv.conf", "nameserver 127.0.0.1\n"), ("hosts", "127.0.0.1 localhost\n")]:
        (folder / name).write_text(text)
        sh("mount", "--bind", folder / name, f"/etc/{name}")
    names = subprocess.Popen([sys.executable, HERE / "names.py"], stdout=subprocess.PIPE, text=True)
    assert names.stdout and names.stdout.readline() == "ready\n"
    return names


def certificate(folder: pathlib.Path) -> None:
    hosts = ["localhost", "*.localhost", "*.aliyuncs.com", "*.cn-hangzhou.aliyuncs.com"]
    for region in ["cn-hangzhou", "cn-beijing", "cn-shanghai", "accelerate", "accelerate-overseas"]:
        hosts += [f"*.oss-{region}.aliyuncs.com", f"*.oss-{region}-internal.aliyuncs.com"]
    (folder / "extensions").write_text("subjectAltName=IP:127.0.0.1," + ",".join(f"DNS:{host}" for host in hosts))
    quiet = {"cwd": folder, "stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    new = ["-newkey", "rsa:2048", "-nodes", "-days", "30"]
    sh("openssl", "req", "-x509", *new, "-subj", "/CN=suites", "-keyout", "ca.key", "-out", "ca.pem", **quiet)
    sh("openssl", "req", *new[:3], "-subj", "/CN=fosse", "-keyout", "server.key", "-out", "server.csr", **quiet)
    sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "extensions"]
    sh("openssl", "x509", "-req", "-in", "server.csr", *sign, "-out", "server.pem", **quiet)
    store = ["-keystore", "trust.p12", "-storetype", "PKCS12", "-storepass", "changeit"]
    if shutil.which("keytool"):
        sh("keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", "ca.pem", *store, **quiet)


def trusted() -> pathlib.Path:
    """The folder of the certificate. Its authority lasts, and joins the bundles that some clients bring along."""
    folder = WORK / "tls"
    made = folder / "server.pem"
    if not made.exists() or time.time() - made.stat().st_mtime > 20 * 86400:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "trust.p12").unlink(missing_ok=True)
        certificate(folder)
    authority = (folder / "ca.pem").read_text()
    for bundle in WORK.glob("*-venv/lib/*/site-packages/**/cacert.pem"):
        if authority not in (text := bundle.read_text()):
            bundle.write_text(text + authority)
    return folder


def start_server(suite: str, binary: str, folder: pathlib.Path, tls: pathlib.Path, log: pathlib.Path) -> subprocess.Popen:
    environment = dict(os.environ, FOSSE_ROOT_ACCESS_KEY_ID=ROOT_KEY[0], FOSSE_ROOT_ACCESS_KEY_SECRET=ROOT_KEY[1])
    command = [binary, "serve", "--data-dir", folder / "data", "--listen", "127.0.0.1:80", "--listen-tls", "127.0.0.1:443"]
    command += ["--tls-cert", tls / "server.pem", "--tls-key", tls / "server.key", "--console", "127.0.0.1:9001"]
    command += ["--extranet-endpoint", "oss-cn-hangzhou.aliyuncs.com", "--accelerate-endpoint", "oss-accelerate.aliyuncs.com"]
    command += ["--intranet-endpoint", "oss-cn-hangzhou-internal.aliyuncs.com", "--max-buckets", "1000"]
    command += ["--region-endpoints", "cn-chengdu=oss-cn-chengdu.aliyuncs.com"]
    command += ["--callback-allow", "127.0.0.2", "--callback-allow", "*", "--domain-check", "127.0.0.1:53"]
    # Long enough for a suite to see a restore in progress.
    command += ["--restore-seconds", "60", *SETTINGS.get(suite, [])]
    server = subprocess.Popen(command, env=environment, stderr=log.open("w"), stdout=subprocess.DEVNULL)
    for _ in range(600):
        if "admin on" in log.read_text():
            return server
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")


def environment(tls: pathlib.Path, who: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    trust = f"-Djavax.net.ssl.trustStore={tls}/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit"
    authority = str(tls / "ca.pem")
    return kept | {
        "SSL_CERT_FILE": authority,
        "REQUESTS_CA_BUNDLE": authority,
        "NODE_EXTRA_CA_CERTS": authority,
        "JAVA_TOOL_OPTIONS": trust,
        # Tests compare dates in the local time of their authors.
        "TZ": "Asia/Shanghai",
        "LOCPATH": str(WORK / "locales"),
        "OSS_TEST_REGION": "cn-hangzhou",
        "OSS_TEST_ENDPOINT": "https://oss-cn-hangzhou.aliyuncs.com",
        "OSS_TEST_ACCESS_KEY_ID": who["id"],
        "OSS_TEST_ACCESS_KEY_SECRET": who["secret"],
        "OSS_TEST_RAM_ROLE_ARN": who["role"],
        "OSS_TEST_RAM_UID": who["account"],
        "OSS_TEST_UID": who["account"],
        "OSS_TEST_USER_ID": who["account"],
        "OSS_TEST_STS_ID": who["id"],
        "OSS_TEST_STS_KEY": who["secret"],
        "OSS_TEST_STS_ARN": who["role"],
        "OSS_TEST_PATHSTYLE_BUCKET": PATH_STYLE_BUCKET,
        "OSS_TEST_PATHSTYLE_REGION": "cn-hangzhou",
        "OSS_TEST_PAYER_UID": who["payer_account"],
        "OSS_TEST_PAYER_ACCESS_KEY_ID": who["payer_id"],
        "OSS_TEST_PAYER_ACCESS_KEY_SECRET": who["payer_secret"],
        "ALI_SDK_OSS_ID": who["id"],
        "ALI_SDK_OSS_SECRET": who["secret"],
        "ALI_SDK_OSS_REGION": "oss-cn-hangzhou",
        "ALI_SDK_STS_ID": who["id"],
        "ALI_SDK_STS_SECRET": who["secret"],
        "ALI_SDK_STS_ROLE": who["role"],
        "ALI_SDK_STS_BUCKET": "ali-oss-sts-suite",
    }


def make_buckets(binary: str, variables: dict[str, str]) -> None:
    """The buckets that suites expect to be there."""
    keys = ["-i", variables["OSS_TEST_ACCESS_KEY_ID"], "-k", variables["OSS_TEST_ACCESS_KEY_SECRET"]]
    place = ["-e", "http://oss-cn-hangzhou.aliyuncs.com", "--region", "cn-hangzhou"]
    for bucket in (variables["ALI_SDK_STS_BUCKET"], PATH_STYLE_BUCKET):
        sh(binary, "mb", f"oss://{bucket}", *keys, *place, stdout=subprocess.DEVNULL, env=variables)


# Each suite gives: test name -> (outcome, message).
Outcomes = dict[str, tuple[str, str]]


def junit(files: list[pathlib.Path]) -> Outcomes:
    outcomes: Outcomes = {}
    for file in files:
        for case in ElementTree.parse(file).getroot().iter("testcase"):
            name = f"{case.get('classname', '').split('.')[-1]}.{case.get('name')}"
            fault = next((child for child in case if child.tag in ("failure", "error")), None)
            if fault is not None:
                outcomes[name] = ("failed", (fault.get("message") or fault.text or "")[:1500])
            elif case.find("skipped") is not None:
                outcomes.setdefault(name, ("skipped", ""))
            else:
                outcomes.setdefault(name, ("passed", ""))
    return outcomes


def pytest(suite: str, path: list[str], only: str | None, env: dict[str, str], log) -> Outcomes:
    report = RESULTS / f"{suite}.xml"
    command = [WORK / f"{suite}-venv/bin/python", "-m", "pytest", "-q", "--tb=short", f"--timeout={TEST_SECONDS}"]
    command += ["-p", "no:cacheprovider", "-p", "no:logging", f"--junitxml={report}", *path, *(["-k", only] if only else [])]
    place = WORK / suite
    subprocess.run([str(c) for c in command], cwd=place, env=env | {"PYTHONPATH": str(place)}, stdout=log, stderr=log)
    return junit([report])


def oss2(only, env, log) -> Outcomes:
    # The suite takes the endpoint's scheme as given and cleans up over plain HTTP.
    return pytest("oss2", ["tests"], only, env | {"OSS_TEST_ENDPOINT": "http://oss-cn-hangzhou.aliyuncs.com"}, log)


def python2(only, env, log) -> Outcomes:
    left_out = [f"--ignore=tests/integration/{name}" for name in ("vector", "tables", "datapocess")]
    return pytest("python2", ["tests/integration", *left_out], only, env, log)


def go2(only, env, log) -> Outcomes:
    place = WORK / "go2/oss"
    source = (place / "client_integration_test.go").read_text()
    outcomes: Outcomes = {}
    for name in re.findall(r"^func (Test\w+)\(t \*testing", source, re.M):
        if only and not re.search(only, name):
            continue
        command = [str(WORK / "go2.test"), "-test.run", f"^{name}$", "-test.v", f"-test.timeout={TEST_SECONDS}s"]
        done = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, errors="replace")
        text = done.stdout + done.stderr
        log.write(text)
        if done.returncode:
            outcomes[name] = ("failed", text[:3000])
        else:
            outcomes[name] = ("skipped" if f"--- SKIP: {name}" in text else "passed", "")
    return outcomes


def java2(only, env, log) -> Outcomes:
    place = WORK / "java2"
    root = place / "src/it/java"
    classpath = f"{place}/target/classes:{place}/target/test-classes:{(WORK / 'java2.classpath').read_text().strip()}"
    outcomes: Outcomes = {}
    for file in sorted(root.rglob("Client*Test*.java")):
        if set(file.parts) & {"vectors", "tables", "dataprocess"} or (only and not re.search(only, file.stem)):
            continue
        name = ".".join(file.relative_to(root).with_suffix("").parts)
        command = ["java", "-cp", classpath, "org.junit.runner.JUnitCore", name]
        try:
            done = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, timeout=CLASS_SECONDS)
            text = done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            text = f"There was 1 failure:\n1) whole class({name})\nno end after {CLASS_SECONDS} seconds\n"
        log.write(text)
        outcomes |= junit_text(file.stem, file.read_text(), text)
    return outcomes


def junit_text(stem: str, source: str, text: str) -> Outcomes:
    """What JUnit's own runner says about one class: failures by name; every other test of the source has passed."""
    tests = re.findall(r"@Test[^;{]*?void (\w+)\(", source)
    outcomes: Outcomes = {f"{stem}.{test}": ("passed", "") for test in tests if not re.search(rf"@Ignore[^;{{]*void {test}\(", source)}
    for failure in re.finditer(r"^\d+\) (.+?)\(.*\)\n((?:.*\n){1,6})", text, re.M):
        outcomes[f"{stem}.{failure[1]}"] = ("failed", failure[2][:1500])
    if "There was" in text and "whole class" in text:
        outcomes = {test: ("failed", "the class did not end") for test in outcomes}
    return outcomes


def ali_oss(only, env, log) -> Outcomes:
    place = WORK / "ali-oss"
    report = RESULTS / "ali-oss.mocha.json"
    tests = sorted(str(path.relative_to(place)) for path in (place / "test/node").rglob("*.test.js"))
    command = ["npx", "mocha", "-t", "60000", "-r", "should", "--exit", "--reporter", "json"]
    command += ["--reporter-option", f"output={report}", *(["-g", only] if only else []), *tests]
    subprocess.run(command, cwd=place, env=env, stdout=log, stderr=log)
    run = json.loads(report.read_text())
    outcomes: Outcomes = {case["fullTitle"]: ("passed", "") for case in run["passes"]}
    outcomes |= {case["fullTitle"]: ("skipped", "") for case in run["pending"]}
    # A failed hook is a failure too, and takes tests with it that never run.
    for case in run["failures"]:
        outcomes[case["fullTitle"]] = ("failed", str(case["err"].get("message") or case["err"])[:1500])
    return outcomes


SUITES = {"oss2": oss2, "python2": python2, "go2": go2, "java2": java2, "ali-oss": ali_oss}


def reason(known: list[dict], suite: str, test: str, message: str) -> str | None:
    """Why a failure is expected, as known.toml says."""
    for entry in known:
        named = re.search(entry.get("tests", ""), test) and re.search(entry.get("message", ""), message)
        if suite in entry["suites"] and named:
            return entry["reason"]
    return None


def report(suite: str, outcomes: Outcomes, known: list[dict]) -> bool:
    (RESULTS / f"{suite}.json").write_text(json.dumps(outcomes, indent=1))
    count = collections.Counter(outcome for outcome, _ in outcomes.values())
    reasons: collections.Counter[str] = collections.Counter()
    unexplained = []
    for test, (outcome, message) in outcomes.items():
        if outcome != "failed":
            continue
        why = reason(known, suite, test, message)
        if why:
            reasons[why] += 1
        else:
            unexplained.append((test, message))
    tried = count["passed"] + len(unexplained)
    share = 100 * count["passed"] / tried if tried else 0
    print(f"{suite}: {sum(count.values())} run, {count['passed']} passed, {count['skipped']} skipped by the suite, ", end="")
    print(f"{count['failed']} failed, {len(unexplained)} of them unexplained: {share:.1f} % of those in scope pass")
    for why, number in reasons.most_common():
        print(f"    {number:4} {why}")
    for test, message in unexplained:
        print(f"  FAILED {test}: {' '.join(message.split())[:300]}")
    return not unexplained


def run(options: argparse.Namespace) -> bool:
    enter_namespace()
    tls = trusted()
    RESULTS.mkdir(parents=True, exist_ok=True)
    known = tomllib.loads((HERE / "known.toml").read_text())["known"]
    fine = True
    for suite in options.suites or SUITES:
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            names = set_up_names(folder)
            server_log = RESULTS / f"{suite}.server.log"
            server = start_server(suite, options.binary, folder, tls, server_log)
            try:
                who = identities.make(options.binary, str(folder / "data"), ROOT_KEY)
                variables = environment(tls, who)
                make_buckets(options.binary, variables)
                with (RESULTS / f"{suite}.log").open("w") as log:
                    outcomes = SUITES[suite](options.only, variables, log)
            finally:
                server.terminate()
                server.wait(30)
                names.kill()
                sh("umount", "/etc/resolv.conf")
                sh("umount", "/etc/hosts")
            fine &= report(suite, outcomes, known)
            if "panicked" in server_log.read_text():
                print(f"  the server panicked: see {server_log}")
                fine = False
    return fine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    first = commands.add_parser("prepare", help="check out, install and compile the suites")
    first.add_argument("--mirror", type=pathlib.Path, help="folder of OWNER+NAME/repo git directories to take them from")
    second = commands.add_parser("run", help="run suites")
    second.add_argument("--binary", default=str(ROOT / "target/release/fosse"))
    second.add_argument("--only", help="pattern of test names, in the language of the suite's runner")
    for command in (first, second):
        command.add_argument("suites", nargs="*", choices=[*SUITES, []], metavar="SUITE")
    options = parser.parse_args()
    if options.command == "prepare":
        for suite in options.suites or SUITES:
            prepare(suite, options.mirror)
    elif not run(options):
        sys.exit(1)


if __name__ == "__main__":
    main()
