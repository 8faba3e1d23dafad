# The same by commands of skep: it claims, works and acks until nothing is given out any more, which a bus that is
# only busy does not say. An ack that is killed is repeated, for nobody knows what became of it; one that comes too late is not.
while line=$(skep recv --wait 10s --json 2>&1) || case $?$line in 3* | 4*E_BUSY*) ;; *) false ;; esac; do
  case $line in *'"receipt"'*) ;; *) continue ;; esac
  receipt=${line#*\"receipt\":\"} receipt=${receipt%%\"*}
  body=${line#*\"body\":\"} body=${body%%\"*}
  echo "$receipt" >>"$RECEIPTS"
  sleep "${body% *}"
  until skep ack "$receipt" --reply "${body#* }" >/dev/null || [ $? = 5 ]; do :; done
done
