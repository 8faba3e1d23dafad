#!/bin/sh
# A worker: reads the paths of files, one to a line, and answers with how many files and lines there are.
set -eu
files=0 lines=0
while IFS= read -r path; do
  files=$((files + 1))
  lines=$((lines + $(wc -l <"$path")))
done
echo "{\"files\":$files,\"lines\":$lines}"
