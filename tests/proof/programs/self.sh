# The same by commands of skep: it claims, works and acks until nothing is given out any more.
while line=$(skep recv --wait 10s 2>/dev/null) || [ $? = 3 ]; do
  [ -n "$line" ] || continue
  receipt=${line#*\"receipt\":\"} receipt=${receipt%%\"*}
  body=${line#*\"body\":\"} body=${body%%\"*}
  echo "$receipt" >>"$RECEIPTS"
  sleep "${body% *}"
  skep ack "$receipt" --reply "${body#* }" >/dev/null || echo "not acked: $?"
done
