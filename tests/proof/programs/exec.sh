# Works for as long as the first word of the message says, in seconds, and answers with the second.
read -r seconds key
sleep "$seconds"
printf %s "$key"
