#!/bin/sh
# Any language, over HTTP: submit a document, ask until it has ended, print the result. Here with curl alone.
#
#   EXTRACTOR_SERVER_KEY=KEY sh examples/service_http.sh [ADDRESS]
set -eu

address=${1:-http://127.0.0.1:8080}
url=${address%/}/v1/extractions
key=${EXTRACTOR_SERVER_KEY:?set it to the key that "extractor dev" prints}
receipt=$(dirname -- "$0")/documents/receipts/grocer.txt

# What is refused says why in the body.
call() {
  body=$(curl --silent --show-error --fail-with-body --header "Authorization: Bearer $key" "$@") || {
    printf '%s\n' "$body" >&2
    return 1
  }
  printf '%s\n' "$body"
}

# The first string of this name in a JSON object, before anything nested.
member() {
  sed -n "s/^{[^{]*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"
}

accepted=$(
  printf '{"document": {"base64": "%s", "name": "grocer.txt"}, "schema": "receipt"}' "$(base64 <"$receipt" | tr -d '\n')" |
    call --header 'Content-Type: application/json' --data-binary @- "$url"
)
id=$(printf '%s\n' "$accepted" | member id)

# The server answers as soon as it has ended, after 30 seconds at most.
while :; do
  result=$(call "$url/$id?wait=30")
  status=$(printf '%s\n' "$result" | member status)
  case $status in
    queued | running | deferred) sleep 1 ;;
    *) break ;;
  esac
done

printf '%s\n' "$result"
[ "$status" = succeeded ]
