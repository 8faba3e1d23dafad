# Answers each message like exec.sh, and leaves a child behind in a session of its own that wants to outlive everybody.
# Every receipt that it gets goes into the file RECEIPTS, for whoever wants to show it too late.
setsid sleep 100000 &
while read -r line; do
  receipt=${line#*\"receipt\":\"} receipt=${receipt%%\"*}
  body=${line#*\"body\":\"} body=${body%%\"*}
  echo "$receipt" >>"$RECEIPTS"
  sleep "${body% *}"
  echo "{\"ack\":\"$receipt\",\"reply\":\"${body#* }\"}"
done
