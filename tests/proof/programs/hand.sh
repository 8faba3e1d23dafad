# A worker: tells its coordinator of each message.
while read -r line; do
  receipt=${line#*\"receipt\":\"} receipt=${receipt%%\"*}
  echo "{\"ack\":\"$receipt\",\"send\":[{\"to\":\"@coordinator\",\"body\":\"from $SKEP_AGENT\"}]}"
done
