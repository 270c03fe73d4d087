# shellcheck shell=bash disable=SC2034
# What every image is made of: a Debian root, a kernel with few modules, initrds, the dom0's own files.
# Sourced by deploy/image/build (the three systems) and tests/lab/build-image (the lab's quick dom0).
# It uses and sets: work, out, tree (folders), release (of the kernel), kernel_package.
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C

image_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dom0=$image_dir/dom0
builds=${XDG_CACHE_HOME:-$HOME/.cache}/domfleet

alpine_release=3.19.1
guest_disk_size=64M
hypervisor_package=xen-hypervisor-4.17-amd64

dom0_packages=(
    kmod xen-utils-4.17 xen-utils-common xenstore-utils lvm2 thin-provisioning-tools
    qemu-utils qemu-system-xen iproute2 bridge-utils util-linux e2fsprogs dosfstools
    busybox-static dropbear-bin ca-certificates
)
# Never a file that dom0 does not read.
excluded_paths=(
    '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/info/*' '/usr/share/locale/*'
    '/usr/share/iso-codes/*' '/usr/share/lintian/*' '/usr/share/bug/*' '/usr/share/icons/*'
    '/usr/lib/udev/hwdb.d/*' '/usr/lib/ipxe/*' '/usr/share/qemu/*' '/usr/share/seabios/*'
    '/usr/lib/x86_64-linux-gnu/gconv/*'
)
# qemu refuses to start as a disk backend without its key maps.
included_paths=('/usr/share/qemu/keymaps/*')

dom0_modules=(
    xenfs xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xen-blkback xen-netback xen_wdt
    virtio_pci virtio_blk virtio_net virtio_scsi e1000 bridge 8021q tun veth
    loop dm-mod dm-thin-pool dm-snapshot dm-crypt ahci ata_piix sd_mod sg sr_mod
    xhci_pci ehci_pci usb-storage uas i6300esb ext4 vfat exfat nls_cp437 nls_ascii nls_utf8 squashfs overlay
    crc32c_generic crc32c-intel crct10dif_generic crc64-rocksoft crc64_rocksoft_generic
)
guest_initrd_modules=(xen-blkfront xen-netfront)

say() { echo "${build_name:-image}: $*" >&2; }
die() { say "$*"; exit 1; }
step() { say "$SECONDS s: $*"; }

# Versions of what an image is made of, by apt's lists; sets kernel_package and versions.
resolve_versions() { # PACKAGE...
    kernel_package=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-6\.1\..*-amd64$/ { print $2; exit }')
    [[ -n $kernel_package ]] || die "apt knows no linux-image-6.1 for amd64"
    versions=$(apt-cache policy "$kernel_package" "$hypervisor_package" "$@" |
        awk '/^[^ ]/ { sub(":$", ""); name = $0 } /Candidate:/ { print name, $2 }')
    if grep -q '(none)' <<<"$versions"; then
        die "not to be had from apt: $(awk '$2 == "(none)" { print $1 }' <<<"$versions" | xargs)"
    fi
}

# Ends the script with the folder where this state of scripts and packages has been built before.
# Otherwise takes the lock and makes a work folder; `keep_build` moves what is in $out to its place.
begin_build() { # CACHE FILE-OR-FOLDER... (what the result depends on, beside the packages)
    local cache=$1
    shift
    build_cache=$cache
    result=$cache/$({ find "$@" -type f -print0 | sort -z | xargs -0 cat; echo "$versions"; } | sha256sum | cut -c1-16)
    hand_over_if_built
    [[ $(id -u) -eq 0 ]] || die "building an image needs root (running it does not)"
    mkdir -p "$cache"
    exec 9>"$cache/lock"
    flock 9
    hand_over_if_built # another build was faster
    work=$(mktemp -d "$cache/building.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    out=$work/out tree=$work/tree
    mkdir "$out" "$tree"
    SECONDS=0
}

hand_over_if_built() {
    [[ -d $result ]] || return 0
    touch "$result"
    echo "$result"
    exit 0
}

keep_build() {
    printf '%s\n' "$versions" ${release:+"kernel_release $release"} >>"$out/versions"
    chmod 755 "$out"
    mv "$out" "$result"
    # Older states that nobody has used for two weeks, and what killed builds left.
    find "$build_cache" -mindepth 1 -maxdepth 1 -type d -mtime +14 -exec rm -rf {} +
    step "done, $(du -sh "$result" | cut -f1)"
    echo "$result"
}

# Packages' files without their installation: no scripts are run, no dependencies followed.
unpack_packages() { # FOLDER PACKAGE...
    local folder=$1 debs deb
    shift
    debs=$(mktemp -d "$work/debs.XXXXXX")
    (cd "$debs" && apt-get -q -o APT::Sandbox::User=root download "$@" >&2)
    mkdir -p "$folder"
    # Not dpkg -x: it would put a folder in the place of the link /sbin of a merged /usr.
    for deb in "$debs"/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$folder"; done
    rm -rf "$debs"
}

# xen, vmlinuz and vmlinux in $out; the modules stay in $work/unpacked.
fetch_kernel() {
    unpack_packages "$work/unpacked" "$kernel_package" "$hypervisor_package"
    release=$(basename "$work"/unpacked/lib/modules/*)
    gunzip -c "$work"/unpacked/boot/xen-4.17-amd64.gz >"$out/xen"
    cp "$work/unpacked/boot/vmlinuz-$release" "$work/vmlinuz"
    # Xen would take 20 s of every boot to unpack the kernel itself.
    python3 "$dom0/extract-vmlinux.py" "$work/vmlinuz" "$out/vmlinux"
}

make_tree() { # PACKAGE...
    local sources path dpkg_options=()
    sources=$(apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        grep -E ' bookworm(-updates|-security)? main$' | sort -u)
    for path in "${excluded_paths[@]}"; do dpkg_options+=("--dpkgopt=path-exclude=$path"); done
    for path in "${included_paths[@]}"; do dpkg_options+=("--dpkgopt=path-include=$path"); done
    mmdebstrap --quiet --mode=root --variant=minbase "${dpkg_options[@]}" \
        --include="$(IFS=,; echo "$*")" bookworm "$tree" - <<<"$sources" >&2
    rm -rf "$tree"/usr/share/perl/* "$tree"/usr/lib/x86_64-linux-gnu/perl/* "$tree"/var/cache/* "$tree"/var/lib/apt/lists/*
}

# Files of modules with all they depend on, in loading order; a module built in prints nothing.
with_dependencies() { # MODULE...
    local module
    for module in "$@"; do
        chroot "$tree" modprobe -S "$release" --ignore-install --show-depends "$module" |
            awk '$1 == "insmod" { print $2 }'
    done | awk '!seen[$0]++'
}

all_modules() {
    mkdir -p "$tree/lib/modules"
    cp -a "$work/unpacked/lib/modules/$release" "$tree/lib/modules/$release"
    chroot "$tree" depmod "$release"
}

# Leaves these modules in the tree and no others: to be called when all initrds are made.
keep_modules() { # MODULE...
    local modules=$tree/lib/modules/$release
    with_dependencies "$@" >"$work/kept"
    find "$modules/kernel" -name '*.ko' | sed "s|^$tree||" | grep -vxFf <(sed 's|^/usr||' "$work/kept") |
        sed "s|^|$tree|" | xargs -d '\n' rm -f
    find "$modules/kernel" -name '*.ko' -exec strip --strip-debug {} +
    find "$modules/kernel" -type d -empty -delete
    chroot "$tree" depmod "$release"
    say "$(find "$modules" -name '*.ko' | wc -l) modules for $release"
}

# A folder that `pack_initrd` makes an initrd of: busybox, an init, modules and the order to load them in.
initrd_folder() { # FOLDER INIT MODULE...
    local folder=$1 init=$2 path
    shift 2
    mkdir -p "$folder"/{bin,sbin,proc,sys,dev,mnt,run,lib/modules}
    cp "$tree/bin/busybox" "$folder/bin/busybox"
    install -m 755 "$init" "$folder/init"
    for path in $(with_dependencies "$@"); do
        strip --strip-debug -o "$folder/lib/modules/$(basename "$path")" "$tree$path"
        basename "$path" >>"$folder/lib/modules/order"
    done
}

# Programs of the tree, each at its own path, with the libraries that they are linked to.
add_programs() { # FOLDER PROGRAM...
    local folder=$1 program file linked
    shift
    for program in "$@"; do
        [[ -e $tree$program ]] || die "no $program in the tree"
        linked=$(chroot "$tree" ldd "$program")
        [[ $linked != *'not found'* ]] || die "$program lacks a library: $(grep 'not found' <<<"$linked")"
        for file in "$program" $(grep -oE '/[^ )]+' <<<"$linked"); do
            [[ -e $folder$file ]] || install -D -m 755 "$(chrooted "$file")" "$folder$file"
        done
    done
}

# Where a path inside the tree leads to, its links followed inside the tree.
chrooted() { echo "$tree$(chroot "$tree" readlink -f "$1")"; }

# The recovery's own scripts, as they lie in its initrd.
recovery_files() { # FOLDER
    local script
    install -D -m 755 "$image_dir/recovery/init" "$1/init"
    for script in lay-out disks.sh start-system; do
        install -D -m 755 "$image_dir/recovery/$script" "$1/usr/lib/domfleet/$script"
    done
}

cpio_of() { (cd "$1" && find . | sort | cpio --quiet -o -H newc -R 0:0); }
pack_initrd() { cpio_of "$2" | gzip -9n >"$1"; } # FILE FOLDER

guest_initrd() { # FILE
    initrd_folder "$work/guest" "$dom0/guest-init" "${guest_initrd_modules[@]}"
    install -m 755 "$dom0/guest-poweroff" "$work/guest/sbin/poweroff"
    pack_initrd "$1" "$work/guest"
}

# The dom0's start scripts and settings, and what an Alpine dom0 has that Debian's tree does not.
configure_dom0() { # LOGIN-KEY
    local applet folder found host_key
    place() { install -D -m "$1" "$dom0/$2" "$tree$3"; }
    place 755 lab-rc /etc/lab-rc
    place 755 lab-down /etc/lab-down
    place 644 inittab /etc/inittab
    place 755 rootsh /usr/local/sbin/rootsh
    place 644 lvmlocal.conf /etc/lvm/lvmlocal.conf
    ln -sf bin/busybox "$tree/linuxrc"
    mkdir -p "$tree"/{opt/domfleet,var/lib/domfleet,var/lib/guests,etc/xen/guests,etc/xen/auto,boot}
    printf '127.0.0.1 localhost xenlab\n10.0.2.2 host\n' >"$tree/etc/hosts"
    echo nameserver 10.0.2.3 >"$tree/etc/resolv.conf"
    echo xenlab >"$tree/etc/hostname"
    for applet in $("$tree/bin/busybox" --list); do
        found=
        for folder in bin sbin usr/bin usr/sbin; do [[ -e $tree/$folder/$applet || -L $tree/$folder/$applet ]] && found=1; done
        [[ -n $found ]] || ln -s /bin/busybox "$tree/usr/bin/$applet"
    done
    describe_packages
    mkdir -p "$tree/etc/dropbear"
    host_key=$(chroot "$tree" dropbearkey -t ed25519 -f /etc/dropbear/host_key | grep '^ssh-ed25519')
    echo "domfleet-lab ${host_key% *}" >"$out/known_hosts"
    ssh-keygen -q -t ed25519 -N '' -C lab -f "$1"
    install -D -m 600 "$1.pub" "$tree/root/.ssh/authorized_keys"
    chmod 700 "$tree/root" "$tree/root/.ssh"
}

add_guest() { # ROOT CONFIG: a guest's configuration and its blank qcow2 disk, in the layout of 1.x
    local name
    name=$(basename "$2" .cfg)
    install -D -m 644 "$2" "$1/etc/xen/guests/$name.cfg"
    qemu-img create -q -f qcow2 "$1/var/lib/guests/$name.qcow2" "$guest_disk_size"
}

# What the agent reads to learn which appliance this is: an Alpine dom0 with these packages.
describe_packages() {
    installed() { chroot "$tree" dpkg-query -W -f '${Version}' "$1" | sed -E 's/^[0-9]+://; s/[-+].*//'; }
    apk_entry() { printf 'P:%s\nV:%s-r0\nA:x86_64\nS:1\nI:1\nT:%s\n\n' "$1" "$2" "$1"; }
    echo "$alpine_release" >"$tree/etc/alpine-release"
    mkdir -p "$tree/lib/apk/db"
    {
        apk_entry alpine-base "$alpine_release"
        apk_entry busybox "$(installed busybox-static)"
        apk_entry linux-lts "$(awk -v name="$kernel_package" '$1 == name { sub(/-.*/, "", $2); print $2 }' <<<"$versions")"
        apk_entry lvm2 "$(installed lvm2)"
        apk_entry qemu-img "$(installed qemu-utils)"
        apk_entry qemu-system-x86_64 "$(installed qemu-system-xen)"
        apk_entry xen "$(installed xen-utils-4.17)"
        apk_entry xen-hypervisor "$(installed xen-utils-4.17)"
    } >"$tree/lib/apk/db/installed"
}
