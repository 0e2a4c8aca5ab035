#!/bin/sh
# Puts this package onto a device with systemd: /opt/modelfleet-agent, the command, the user and the unit. Run as root.
# DESTDIR=/image installs into a system image instead, and leaves users and services to it.
set -eu
here=$(dirname "$(readlink -f "$0")")
target="${DESTDIR:-}/opt/modelfleet-agent"
fresh="$target.new"

rm -rf "$fresh"
mkdir -p "$(dirname "$target")" "${DESTDIR:-}/usr/bin" "${DESTDIR:-}/etc/systemd/system"
cp -R "$here" "$fresh"
# The program that runs keeps its open files; its runners are started from the new folder from now on.
rm -rf "$target.old"
[ ! -e "$target" ] || mv "$target" "$target.old"
mv "$fresh" "$target"
rm -rf "$target.old"
ln -sfn /opt/modelfleet-agent/bin/modelfleet-agent "${DESTDIR:-}/usr/bin/modelfleet-agent"
cp "$target/systemd/modelfleet-agent.service" "${DESTDIR:-}/etc/systemd/system/modelfleet-agent.service"
if [ -n "${DESTDIR:-}" ]; then
  echo "installed into $DESTDIR; its image needs the user modelfleet, and Node 20.19 or later"
  exit 0
fi

if [ ! -x "$target/bin/node" ] && ! command -v node >/dev/null; then
  echo 'there is no Node here: install 20.19 or later, or pack the agent with --node' >&2
fi

if ! id modelfleet >/dev/null 2>&1; then
  useradd --system --home-dir /var/lib/modelfleet-agent --shell /usr/sbin/nologin modelfleet
fi
systemctl daemon-reload
systemctl enable modelfleet-agent
echo 'installed; enrol it, then start it:'
echo "  install -d -m 0700 -o modelfleet -g modelfleet /var/lib/modelfleet-agent"
echo "  runuser -u modelfleet -- modelfleet-agent enrol 'mf1:…' --data /var/lib/modelfleet-agent"
echo '  systemctl start modelfleet-agent'
