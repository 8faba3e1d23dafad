# The same by commands of skep: it claims, works and acks until nothing is given out any more. An ack that is killed is
# repeated, for nobody knows what became of it; one that comes too late is not.
while line=$(skep recv --wait 10s 2>/dev/null) || [ $? = 3 ]; do
  [ -n "$line" ] || continue
  receipt=${line#*\"receipt\":\"} receipt=${receipt%%\"*}
  body=${line#*\"body\":\"} body=${body%%\"*}
  echo "$receipt" >>"$RECEIPTS"
  sleep "${body% *}"
  until skep ack "$receipt" --reply "${body#* }" >/dev/null || [ $? = 5 ]; do :; done
done
