#!/bin/sh
# An MCP server over standard input and output for the crash test. Its first argument is a file that gets a line for each call
# that it executes: the tool and the call's key. Its others are its tools: look only reads, add counts, note counts too.
# A call takes a moment before and after its line, and is made beside others.
file=$1
shift
list=
for tool; do
  hints=
  [ "$tool" = look ] && hints=',"annotations":{"readOnlyHint":true}'
  list="$list${list:+,}{\"name\":\"$tool\",\"description\":\"Does it.\",\"inputSchema\":{\"type\":\"object\"}$hints}"
done

say() { printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$1"; }

execute() {
  tool=${line#*\"name\":\"}
  tool=${tool%%\"*}
  key=${line#*\"cote/key\":\"}
  key=${key%%\"*}
  sleep 0.05
  echo "$tool $key" >>"$file"
  sleep 0.05
  say "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"$tool $key\"}]}"
}

while IFS= read -r line; do
  id=${line#*\"id\":}
  id=${id%%[,\}]*}
  case $line in
  *'"method":"server/discover"'*) say '"error":{"code":-32601,"message":"There is no such method."}' ;;
  *'"method":"initialize"'*)
    say '"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"sh","version":"1"}}'
    ;;
  *'"method":"tools/list"'*) say "\"result\":{\"tools\":[$list]}" ;;
  *'"method":"tools/call"'*) execute & ;;
  esac
done
