#!/bin/sh
# An MCP server over standard input and output that does what its first argument says. Its second, where there is one, is a
# file that gets a line at each start.
mode=$1
[ -n "$2" ] && echo $$ >>"$2"
echo "It also says something here." >&2

say() { printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$1"; }
text() { say "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"$1\"}]}"; }
hang() { while :; do sleep 1; done; }

[ "$mode" = errors ] && yes "an endless complaint" | head -c 3000000 >&2
while IFS= read -r line; do
  id=${line#*\"id\":}
  id=${id%%[,\}]*}
  case $line in
  *'"method":"server/discover"'*)
    [ "$mode" = hang-at-start ] && hang
    say '"error":{"code":-32601,"message":"There is no such method."}'
    ;;
  *'"method":"initialize"'*)
    say '"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"sh","version":"1"}}'
    ;;
  *'"method":"tools/list"'*)
    [ "$mode" = flood-the-list ] && exec yes 'no list'
    say '"result":{"tools":[{"name":"do","description":"Does it.","inputSchema":{"type":"object"}}]}'
    ;;
  *'"method":"notifications/cancelled"'*)
    echo cancelled >>"$2"
    ;;
  *'"method":"tools/call"'*)
    case $mode in
    environment) text "$(env | cut -d= -f1 | sort | tr '\n' ' ')" ;;
    process)
      sleep 600 >/dev/null 2>&1 &
      text "$$ $!"
      ;;
    hang) ;;
    one-line) yes | tr -d '\n' ;;
    many-lines) exec yes '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}' ;;
    requests) exec yes '{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{}}' ;;
    die) exit 3 ;;
    last-words)
      text "the last words"
      exit 0
      ;;
    garbage) say '"result":5' ;;
    changed)
      echo '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
      text "changed"
      ;;
    *) text "done" ;;
    esac
    ;;
  esac
done
