# Works on nothing before the file GO is there; then on one message after the other, 50 ms on each.
until [ -e "$GO" ]; do sleep 0.05; done
while read -r line; do
  receipt=${line#*\"receipt\":\"} receipt=${receipt%%\"*}
  sleep 0.05
  echo "{\"ack\":\"$receipt\"}"
done
