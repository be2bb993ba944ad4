#!/usr/bin/env bash
# Runs the README's two commands, npm start and npm test, with nothing but what the README requires: a
# clean clone of HEAD in a new Debian base system with Node.js. Needs root, debootstrap and a mirror.
#
#   scripts/bare-root.sh [--suite bookworm] [--as user|root] [--node PATH] [--mirror URL] [--base DIR]
#
# --node is the node program of another version; --base is a folder that debootstrap filled before, which
# is copied. Without --mirror, the mirror of this machine's apt is used.
set -euo pipefail
cd "$(dirname "$0")/.."

suite=bookworm as=user node=$(command -v node) mirror='' base=''
while [[ $# -gt 0 ]]; do
  case $1 in
    --suite) suite=$2 ;;
    --as) as=$2 ;;
    --node) node=$2 ;;
    --mirror) mirror=$2 ;;
    --base) base=$2 ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
  shift 2
done
[[ $(id -u) -eq 0 ]] || { echo 'Run it as root: it creates a root file system and changes into it.'; exit 1; }

root=$(mktemp -d /var/tmp/runfleet-bare-XXXXXX)
# The user of the suite must be able to enter it.
chmod 755 "$root"
trap 'rm -rf --one-file-system "$root"' EXIT

if [[ -n $base ]]; then
  cp -a "$base/." "$root/"
else
  mirror=${mirror:-$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' |
    awk '$1 == "Debian" && $2 == "Debian" && !seen++ { print $3 }')}
  [[ -n $mirror ]] || { echo 'apt lists no Debian mirror: run apt-get update, or give --mirror.'; exit 1; }
  debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" || { tail "$root.log"; exit 1; }
  rm "$root.log"
fi

# Node.js in the layout of its archive; npm is the one of this machine.
install -D "$node" "$root/usr/local/bin/node"
mkdir -p "$root/usr/local/lib/node_modules"
cp -a "$(npm root --global)/npm" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"

# The settings with which this machine reaches its mirrors.
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
settings=("npm_config_registry=$(npm config get registry)")
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
  [[ -z ${!name-} ]] || settings+=("$name=${!name}")
done
if [[ -n ${NODE_EXTRA_CA_CERTS-} ]]; then
  install -D -m 0644 "$NODE_EXTRA_CA_CERTS" "$root/etc/extra-ca.crt"
  settings+=('NODE_EXTRA_CA_CERTS=/etc/extra-ca.crt')
fi

home=/root
if [[ $as != root ]]; then
  chroot "$root" useradd --create-home "$as"
  home=/home/$as
fi
git clone --quiet --no-hardlinks . "$root$home/runfleet"
chroot "$root" chown -R "$as" "$home/runfleet"

# Process and mount namespaces of its own: all processes end with it.
inside() {
  unshare --mount --pid --fork --kill-child bash -euc '
    root=$1 as=$2 home=$3; shift 3
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" 2>/dev/null || { mkdir -p "$root/dev/shm"; mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"; }
    exec chroot --userspec="$as:$as" "$root" env -i "HOME=$home" PATH=/usr/local/bin:/usr/bin:/bin "$@"
  ' bash "$root" "$as" "$home" "${settings[@]}" sh -c "cd ~/runfleet && $1"
}

echo "== $suite, $("$node" --version), as $as: npm start"
inside 'npm start -- --ephemeral --prompt Hello'
echo "== $suite, $("$node" --version), as $as: npm test"
inside 'npm test'
