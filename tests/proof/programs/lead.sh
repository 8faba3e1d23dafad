# A coordinator: answers at once, but for "hold NAME", which the agent of that name keeps for itself.
while read -r line; do
  receipt=${line#*\"receipt\":\"} receipt=${receipt%%\"*}
  body=${line#*\"body\":\"} body=${body%%\"*}
  [ "$body" = "hold $SKEP_AGENT" ] || echo "{\"ack\":\"$receipt\"}"
done
