#!/bin/sh
# A worker that is started for each message: the body is on stdin, what it prints is the answer.
set -eu
export LC_ALL=C # bytes, not characters

read -r run piece file offset length path || [ -n "$path" ]
[ "$run" = "$CENSUS_RUN" ] || exit 0 # left over from an earlier census: nobody waits for the answer
path=$CENSUS_DIR/$path
[ -r "$path" ] || { echo "cannot read $path" >&2 && exit 1; }

# One word to a line; digits alone are no identifier.
count=$(tail -c +$((offset + 1)) "$path" | head -c "$length" | tr -cs 'A-Za-z0-9_$' '\n' |
  awk '/[A-Za-z_$]/ { n++ } END { print n + 0 }')
echo "$run $piece $file $count"
