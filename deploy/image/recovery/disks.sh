# shellcheck shell=sh
# Which disk is which. Names (sda, sdb) change from boot to boot, so a disk is told by its WWID alone.
# Sourced by init, lay-out and start-system.

# One blank for each run of them, none at either end: SCSI pads its names.
normalised() { tr -s '[:space:]' ' ' | sed 's/^ //; s/ $//'; }

# wwid_of /sys/block/NAME: empty where the disk has none, as most USB sticks.
wwid_of() {
    for file in "$1/device/wwid" "$1/wwid" "$1/serial"; do
        # A stick has the file, and reading it is an error.
        id=$(cat "$file" 2>/dev/null) || continue
        id=$(printf '%s' "$id" | normalised)
        [ -z "$id" ] || break
    done
    printf '%s' "$id"
}

# disks: the names of all that are no partition, no volume and no memory.
disks() { for block in /sys/block/sd* /sys/block/vd* /sys/block/nvme*n*; do [ -e "$block" ] && echo "${block##*/}"; done; }

# disk_of WWID: /dev/NAME of the one disk that has it. None and two are both an error.
disk_of() {
    wanted=$(printf '%s' "$1" | normalised)
    [ -n "$wanted" ] || return 1
    found=
    for name in $(disks); do
        [ "$(wwid_of "/sys/block/$name")" = "$wanted" ] || continue
        [ -z "$found" ] || return 2
        found=$name
    done
    [ -n "$found" ] && echo "/dev/$found"
}

# partition_of /dev/NAME NUMBER
partition_of() {
    for one in "/sys/block/${1#/dev/}/${1#/dev/}"*/partition; do
        [ -e "$one" ] || continue
        [ "$(cat "$one")" = "$2" ] || continue
        one=${one%/partition}
        echo "/dev/${one##*/}"
        return
    done
    return 1
}
