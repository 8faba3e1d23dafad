#!/bin/sh
# A worker that calls skep itself: receive a delivery, count, acknowledge with the answer, for ever.
set -eu
export LC_ALL=C # bytes, not characters

while :; do
  code=0
  delivery=$(skep recv --wait 30s) || code=$?
  case $code in
    0) ;;
    3) continue ;; # nothing came
    4) exit 0 ;;   # the swarm drains
    *) exit $code ;;
  esac
  # A body of ours holds no quotes and no backslashes, so sed can read this JSON.
  read -r receipt run piece file offset length path <<EOF
$(printf '%s\n' "$delivery" | sed 's/.*"receipt":"\([^"]*\)".*"body":"\([^"]*\)".*/\1 \2/')
EOF
  code=0
  if [ "$run" != "$CENSUS_RUN" ]; then # left over from an earlier census: nobody waits for the answer
    skep ack "$receipt" >/dev/null || code=$?
  elif path=$CENSUS_DIR/$path && [ -r "$path" ]; then
    # One word to a line; digits alone are no identifier.
    count=$(tail -c +$((offset + 1)) "$path" | head -c "$length" | tr -cs 'A-Za-z0-9_$' '\n' |
      grep -c '[A-Za-z_$]') || [ "$count" = 0 ]
    skep ack "$receipt" --reply "$run $piece $file $count" >/dev/null || code=$?
  else
    skep nack "$receipt" --reason "cannot read $path" >/dev/null || code=$?
  fi
  [ $code = 0 ] || [ $code = 5 ] || exit $code # 5: the lease ran out, somebody else has it now
done
