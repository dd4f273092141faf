#!/bin/sh
# make-secrets.sh FOLDER: makes the secrets that docker-compose.yml reads, those that are not there yet. A file left empty
# stands for a secret that is not used. The folder keeps other users out; containers, each with a user of its own, read the files.
set -eu
folder=${1:?where the secrets are to be, such as ./secrets}
mkdir -p "$folder"
chmod 0700 "$folder"
cd "$folder"
random() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
keep() { # NAME CONTENT: never overwrites
  if [ -e "$1" ]; then return; fi
  printf '%s\n' "$2" >"$1"
  chmod 0444 "$1"
}
keep postgres_password "$(random)"
keep temporal_password "$(random)"
keep vesper_password "$(random)"
keep temporal_databases "$(for name in temporal temporal_visibility; do
  printf 'postgres://temporal:%s@postgres:5432/%s ' "$(cat temporal_password)" "$name"
done | sed 's/ $//; s/ /,/')"
keep webhook_secret "whsec_$(head -c 24 /dev/urandom | base64)"
for name in ic_secret fsc_secret fsc_webhook_secret smtp_url; do
  if [ ! -e "$name" ]; then
    : >"$name"
    chmod 0444 "$name"
  fi
done
if [ ! -e temporal_ui_login ]; then
  echo "still to be made: $folder/temporal_ui_login, a line NAME HASH with a hash of 'caddy hash-password' (docs/production.md)"
fi
