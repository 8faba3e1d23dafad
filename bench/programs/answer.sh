# Answers each message with a word, as an agent of the runner `stream` does: no process but the shell itself.
while read -r line; do
  receipt=${line#*\"receipt\":\"} receipt=${receipt%%\"*}
  echo "{\"ack\":\"$receipt\",\"reply\":\"done\"}"
done
