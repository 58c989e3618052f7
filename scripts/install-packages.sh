#!/bin/sh
# Installs the Debian packages of scripts/packages.txt that are missing, and of scripts/packages-NAME.txt for every NAME that is given (mpi).
# Needs root or sudo only when one is.
set -eu
unset CDPATH
cd "$(dirname "$0")"

fail() {
  echo "install-packages: $*" >&2
  exit 1
}

lists=packages.txt
for name; do
  [ -f "packages-$name.txt" ] || fail "there is no list '$name'; allowed:$(ls packages-*.txt | sed 's/^packages-/ /; s/\.txt$//' | tr -d '\n')"
  lists="$lists packages-$name.txt"
done
wanted=$(sed 's/#.*//' $lists)
command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
  fail "this is not Debian or Ubuntu; install what corresponds to:" $wanted

missing=
for package in $wanted; do
  case $(dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null) in
  *"ok installed"*) ;;
  *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

# root: no prefix; else sudo, which may ask for a password when somebody sits there
if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
  as_root=sudo
else
  fail "packages are missing and this is neither root nor allowed to use sudo; as root: apt-get install$missing"
fi

echo "install-packages: installing$missing"
apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"; }
apt -qq update || fail "apt-get update failed (no network?)"
apt -q -y --no-install-recommends install $missing || fail "apt-get could not install$missing"
