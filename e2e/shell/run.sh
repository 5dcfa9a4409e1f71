#!/usr/bin/env bash
# The fosse command, curl and wget against the server of the runner (see e2e/README.md). Prints TAP.
set -u

fosse=$FOSSE_E2E_BIN
port=$FOSSE_E2E_PORT
work=$(mktemp -d)
export OSS_ACCESS_KEY_ID=$FOSSE_E2E_ACCESS_KEY_ID
export OSS_ACCESS_KEY_SECRET=$FOSSE_E2E_ACCESS_KEY_SECRET
export OSS_ENDPOINT=$FOSSE_E2E_ENDPOINT
export OSS_REGION=$FOSSE_E2E_REGION
export HOME=$work
unset OSSUTIL_CONFIG_FILE OSSUTIL_PROFILE OSS_SESSION_TOKEN
cd "$work" || exit 2

clock() {
  # Replaced, not rewritten, so that no read sees half of it.
  echo "$1" >"$FOSSE_E2E_CLOCK.new" && mv "$FOSSE_E2E_CLOCK.new" "$FOSSE_E2E_CLOCK"
}
trap 'clock 0; [ -z "${own:-}" ] || kill "$own" 2>/dev/null; rm -rf "$work"' EXIT

number=0
failures=0
# result NAME STATUS: one line of TAP; on failure what was seen.
result() {
  number=$((number + 1))
  if [ "$2" = 0 ]; then
    echo "ok $number - $1"
  else
    failures=$((failures + 1))
    echo "not ok $number - $1"
    sed 's/^/# /' seen 2>/dev/null
  fi
}
# is NAME WANTED GOT
is() {
  printf 'wanted: %s\ngot:    %s\n' "$2" "$3" >seen
  [ "$2" = "$3" ]
  result "$1" $?
}
# has NAME PART TEXT
has() {
  printf 'wanted in the text: %s\ngot: %s\n' "$2" "$3" >seen
  case $3 in *"$2"*) result "$1" 0 ;; *) result "$1" 1 ;; esac
}

# url ARGUMENTS...: the presigned URL, which is the first line.
url() { "$fosse" presign "$@" | head -n 1; }
# get URL [CURL OPTIONS]: body, then the status on a line of its own.
get() {
  local address=$1
  shift
  curl --silent --show-error --globoff --path-as-is --max-time 30 --write-out '\n%{http_code}' "$@" "$address"
}
status() { get "$@" | tail -n 1; }
# fetched URL: the same by wget.
fetched() { wget --quiet --tries=1 --timeout=30 --output-document=- "$1"; }
# encoded TEXT: percent-encoded, as --encoding-type url takes a key.
encoded() {
  local LC_ALL=C text=$1 i c
  for ((i = 0; i < ${#text}; i++)); do
    c=${text:i:1}
    case $c in
      [a-zA-Z0-9._~/-]) printf '%s' "$c" ;;
      *) printf '%%%02X' "'$c" | sed 's/%FFFFFFFFFFFFFF/%/' ;;
    esac
  done
}

# Buckets and objects with the command.
"$fosse" mb oss://sh-main >out 2>seen
result "mb makes a bucket" $?
has "ls names it" "oss://sh-main" "$("$fosse" ls 2>&1)"
printf 'the private object' >file.txt
"$fosse" cp file.txt oss://sh-main/dir/file.txt >out 2>seen
result "cp uploads a file" $?
is "cat prints it" "the private object" "$("$fosse" cat oss://sh-main/dir/file.txt --quiet)"
"$fosse" cp oss://sh-main/dir/file.txt back.txt >out 2>seen && cmp file.txt back.txt
result "cp downloads it" $?
printf 'from a pipe' | "$fosse" cp - oss://sh-main/piped >out 2>seen
result "cp takes standard input" $?
is "cp writes standard output" "from a pipe" "$("$fosse" cp oss://sh-main/piped - --quiet)"
etag=$(md5sum file.txt | cut -d' ' -f1 | tr a-f A-F)
has "stat knows the ETag" "$etag" "$("$fosse" stat oss://sh-main/dir/file.txt)"
has "ls lists it" "oss://sh-main/dir/file.txt" "$("$fosse" ls oss://sh-main/dir/)"
head -c 3000000 /dev/urandom >large.bin
"$fosse" cp large.bin oss://sh-main/large.bin >out 2>seen && "$fosse" cp oss://sh-main/large.bin large.back >out 2>seen &&
  cmp large.bin large.back
result "a larger file survives the way there and back" $?
"$fosse" cat oss://sh-main/absent >out 2>err
is "a missing object is exit code 2" 2 $?
has "and says NoSuchKey" "NoSuchKey" "$(cat err)"
"$fosse" presign oss://sh-main >out 2>seen
is "presign without a key is exit code 1" 1 $?

# Presigned by the command, used by curl and wget.
for version in v4 v1; do
  link=$(url oss://sh-main/dir/file.txt --sign-version "$version" --expires-duration 10m)
  is "$version: curl downloads" "the private object
200" "$(get "$link")"
  is "$version: wget downloads" "the private object" "$(fetched "$link")"
  is "$version: HEAD by a GET URL is refused" 403 "$(status "$link" --head)"
  is "$version: PUT by a GET URL is refused" 403 "$(status "$link" --upload-file file.txt)"
  is "$version: another key is refused" 403 "$(status "${link/file.txt/file.txu}")"
  has "$version: a changed signature is refused" "<Code>SignatureDoesNotMatch</Code>" \
    "$(get "$(sed -E 's/([?&](x-oss-signature|Signature)=)(.)/\1Z/' <<<"$link")")"
  has "$version: an added override is refused" "<Code>SignatureDoesNotMatch</Code>" \
    "$(get "$link&response-content-type=text%2Fhtml")"
  clock 500
  is "$version: good after 500 of 600 seconds" 200 "$(status "$link")"
  clock 602
  has "$version: expired for curl" "<Message>Request has expired.</Message>" "$(get "$link")"
  is "$version: expired is 403" 403 "$(status "$link")"
  fetched "$link" >out 2>seen
  is "$version: expired for wget (server error)" 8 $?
  clock 0

  link=$(url oss://sh-main/up/"$version" --sign-version "$version" --method PUT \
    --header "Content-Type:text/x-signed" --header "x-oss-meta-colour:blue")
  is "$version: PUT without the signed headers is refused" 403 "$(status "$link" --upload-file file.txt)"
  is "$version: PUT with them" 200 \
    "$(status "$link" --upload-file file.txt --header "Content-Type: text/x-signed" --header "x-oss-meta-colour: blue")"
  seen=$("$fosse" stat oss://sh-main/up/"$version")
  has "$version: the type is stored" "text/x-signed" "$seen"
  has "$version: the metadata is stored" "blue" "$seen"

  link=$(url oss://sh-main/dir/file.txt --sign-version "$version" \
    --query-param "response-content-disposition=attachment; filename*=UTF-8''%E6%8A%A5%E5%91%8A.txt" \
    --query-param response-content-type=application/x-report)
  get "$link" --dump-header headers >out
  has "$version: overridden type" "application/x-report" "$(cat headers)"
  has "$version: overridden file name" "filename*=UTF-8''%E6%8A%A5%E5%91%8A.txt" "$(cat headers)"
  curl --silent --show-error --remote-name --remote-header-name "$link" >out 2>seen && [ -s "$(ls -t | head -n 1)" ]
  result "$version: curl saves under a name of the answer" $?
  is "$version: versionId null" 200 \
    "$(status "$(url oss://sh-main/dir/file.txt --sign-version "$version" --version-id null)")"
done

# Lifetimes.
"$fosse" presign oss://sh-main/dir/file.txt --expires-duration 8d >out 2>err
is "presign refuses more than 7 days with V4" 3 $?
has "and says so" "expires should be not greater than 604800" "$(cat err)"
link=$("$fosse" sign oss://sh-main/dir/file.txt --timeout 2592000 | head -n 1)
has "sign makes a V1 URL" "OSSAccessKeyId=" "$link"
clock 2591900
is "30 days with V1" 200 "$(status "$link")"
clock 2592010
is "and no longer" 403 "$(status "$link")"
clock 0
link=$("$fosse" sign oss://sh-main/dir/file.txt --timeout 2592000 --sign-version v4 2>/dev/null | head -n 1)
has "sign leaves 30 days with V4 to the server, which refuses" "<Code>InvalidArgument</Code>" "$(get "$link")"

# Addresses.
link=$(url oss://sh-main/dir/file.txt --endpoint "http://localhost:$port")
has "the command takes localhost for an address" "http://localhost:$port/sh-main/dir/file.txt?" "$link"
link=http://sh-main.localhost:$port/${link#*/sh-main/}
is "the URL is good on the bucket's own name as well" 200 "$(status "$link" --resolve "sh-main.localhost:$port:127.0.0.1")"
regional=oss-$FOSSE_E2E_REGION.localhost
link=$(url oss://sh-main/dir/file.txt --endpoint "http://$regional:$port" --addressing-style virtual)
is "virtual-hosted on the regional name" 200 "$(status "$link" --resolve "sh-main.$regional:$port:127.0.0.1")"
link=$(url oss://sh-main/dir/file.txt --endpoint "http://$FOSSE_E2E_DOMAIN:$port")
is "virtual-hosted on an own domain" 200 "$(status "$link" --resolve "sh-main.$FOSSE_E2E_DOMAIN:$port:127.0.0.1")"
link=$(url oss://sh-main/dir/file.txt --endpoint "$FOSSE_E2E_ENDPOINT_V6")
is "IPv6" 200 "$(status "$link")"
is "IPv6 with wget" "the private object" "$(fetched "$link")"
link=$(url oss://sh-main/dir/file.txt --endpoint "$FOSSE_E2E_TLS")
is "HTTPS" 200 "$(status "$link" --cacert "$FOSSE_E2E_CA")"
is "HTTPS with wget" "the private object" \
  "$(wget --quiet --tries=1 --ca-certificate="$FOSSE_E2E_CA" --output-document=- "$link")"

# Keys.
long=$(printf 'k%.0s' {1..1023})
for key in 'a b' 'a+b' 'a%20b' '中文/文件.txt' 'a//b' './a' '../b' 'a?b#c' "~'()*!" "$long"; do
  name=${key:0:20}
  printf 'body of %s' "$name" >body
  "$fosse" cp body "oss://sh-main/$key" >out 2>seen
  result "key $name: cp" $?
  is "key $name: cat" "body of $name" "$("$fosse" cat "oss://sh-main/$key" --quiet)"
  link=$(url "oss://sh-main/$key")
  is "key $name: curl" "body of $name
200" "$(get "$link")"
  is "key $name: presigned from its encoded form" 200 \
    "$(status "$(url "oss://sh-main/$(encoded "$key")" --encoding-type url)")"
  case $key in
    ./* | ../*)
      # wget resolves dot segments before it sends, so another key arrives, which was not signed.
      fetched "$link" >out 2>seen
      is "key $name: wget cannot send it" 8 $?
      ;;
    *) is "key $name: wget" "body of $name" "$(fetched "$link")" ;;
  esac
  has "key $name: ls" "oss://sh-main/$key" "$("$fosse" ls "oss://sh-main/$key" --short-format)"
  "$fosse" rm "oss://sh-main/$key" --force >out 2>seen
  result "key $name: rm" $?
  is "key $name: gone" 404 "$(status "$link")"
done

# What an operator looks at.
is "health" 200 "$(status "$FOSSE_E2E_ADMIN/healthz")"
is "readiness" 200 "$(status "$FOSSE_E2E_ADMIN/readyz")"
has "metrics" "fosse_" "$(get "$FOSSE_E2E_ADMIN/metrics")"

# A first start without any setting, a crash, and further AccessKeys.
own=
start_own() {
  "$fosse" serve --data-dir "$work/own" --listen 127.0.0.1:0 --console off >welcome 2>log &
  own=$!
  for _ in $(seq 300); do
    grep -q 'listening on' log && break
    sleep 0.1
  done
  OSS_ENDPOINT=$(sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' log | head -n 1)
}
stop_own() { kill "-$1" "$own" && wait "$own" 2>/dev/null; }
start_own
for _ in $(seq 50); do
  grep -q OSS_ACCESS_KEY_SECRET welcome && break
  sleep 0.1
done
has "a first start prints the root key" "export OSS_ACCESS_KEY_SECRET=" "$(cat welcome)"
root_id=$(sed -n 's/^export OSS_ACCESS_KEY_ID=//p' welcome)
root_secret=$(sed -n 's/^export OSS_ACCESS_KEY_SECRET=//p' welcome)
OSS_ACCESS_KEY_ID=$root_id OSS_ACCESS_KEY_SECRET=$root_secret
"$fosse" mb oss://sh-own >out 2>seen && "$fosse" cp file.txt oss://sh-own/file.txt >out 2>seen &&
  "$fosse" cp large.bin oss://sh-own/large.bin >out 2>seen
result "and it is good" $?
case $(cat log) in *"$root_secret"*) false ;; esac
result "the secret is not in the log" $?
"$fosse" admin access-key list --data-dir "$work/own" >out 2>seen
is "a directory in use is left alone" 3 $?
stop_own KILL
start_own
is "after kill -9 the object is there" "the private object" "$("$fosse" cat oss://sh-own/file.txt --quiet)"
"$fosse" cp oss://sh-own/large.bin large.own >out 2>seen && cmp large.bin large.own
result "and the large one" $?
is "the key is printed once only" "" "$(grep SECRET welcome)"
stop_own TERM
is "SIGTERM ends with success" 0 $?
eval "$("$fosse" admin access-key create --comment second --data-dir "$work/own" | grep '^export')"
second=$OSS_ACCESS_KEY_ID
[ "$second" != "$root_id" ]
result "admin makes a second key" $?
start_own
is "which is good as well" "the private object" "$("$fosse" cat oss://sh-own/file.txt --quiet)"
link=$(url oss://sh-own/file.txt)
is "and signs URLs" 200 "$(status "$link")"
stop_own TERM
"$fosse" admin access-key disable "$second" --data-dir "$work/own" >out 2>seen
result "admin disables it" $?
start_own
has "then its requests are refused" "<Code>InvalidAccessKeyId</Code>" \
  "$(get "${link/http:\/\/*\/sh-own/$OSS_ENDPOINT/sh-own}")"
stop_own TERM

echo "1..$number"
[ "$failures" = 0 ]
