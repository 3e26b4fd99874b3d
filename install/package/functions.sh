# The mail servers that we know, as USER:HOME. Whatever the scripts of the packages and the generator of the unit know of
# them they know from here.
servers="zimbra:/opt/zimbra zextras:/opt/zextras"

# Where an administrator of Zimbra looks for commands: a link of ours, never in place of somebody's file.
link_command() {
    for server in $servers; do
        bin=${server#*:}/bin
        if [ -d "$bin" ] && [ ! -e "$bin/zmfirewall" ] && [ ! -L "$bin/zmfirewall" ]; then
            ln -s /usr/bin/zmfirewall "$bin/zmfirewall"
        fi
    done
}

unlink_command() {
    for server in $servers; do
        bin=${server#*:}/bin
        if [ "$(readlink "$bin/zmfirewall" 2>/dev/null)" = /usr/bin/zmfirewall ]; then
            rm -f "$bin/zmfirewall"
        fi
    done
}

# The one of this host: sets $user and $home. Where there are both, the one that is whole (its configuration and the
# command that the other does not bring) and not what the other left. Fails: 1 there is none, 2 it cannot be told.
find_server() {
    found=
    whole=
    for server in $servers; do
        user=${server%%:*}
        home=${server#*:}
        case $user in
            zimbra) command=bin/zmprov ;;
            *) command=bin/carbonio ;;
        esac
        if [ -d "$home" ] && getent passwd "$user" >/dev/null; then
            found="$found $server"
            if [ -f "$home/conf/localconfig.xml" ] && [ -f "$home/$command" ]; then
                whole="$whole $server"
            fi
        fi
    done
    # shellcheck disable=SC2086
    set -- $found
    if [ $# -gt 1 ]; then
        # shellcheck disable=SC2086
        set -- $whole
        if [ $# -ne 1 ]; then
            echo "zmfirewall: which of$found is the mail server of this host cannot be told; neither is taken" >&2
            return 2
        fi
    fi
    [ $# -eq 1 ] || return 1
    user=${1%%:*}
    home=${1#*:}
}

# State and log of the mail server's user. That user may own the folders above: mkdir without -p and chown -h follow
# no link that it could have put there.
make_state() {
    find_server || return 0
    if [ -d "$home/data" ] && mkdir -m 0750 "$home/data/zmfirewall" 2>/dev/null; then
        chown -h "$user:" "$home/data/zmfirewall"
    fi
    if [ ! -e /var/log/zmfirewall/recompute.log ] && [ -d /var/log/zmfirewall ]; then
        (umask 0137 && : >/var/log/zmfirewall/recompute.log)
        chown -h "$user:" /var/log/zmfirewall/recompute.log
    fi
}

# Rules that root has confirmed are not the package's to unload: a host must not be open because of apt-get remove.
warn_of_rules() {
    if [ -e /var/lib/zmfirewall/confirmed ] || [ -L /var/lib/zmfirewall/confirmed ]; then
        echo "zmfirewall: the rules that were confirmed stay loaded; \"zmfirewall remove\" would have taken them away" >&2
    fi
}

# All that the command and this script made. What is loaded in the kernel stays until the next boot.
remove_state() {
    for server in $servers; do
        rm -rf "${server#*:}/data/zmfirewall"
    done
    rm -rf /var/log/zmfirewall /var/lib/zmfirewall
    rm -f /etc/systemd/system/zmfirewall.service /etc/systemd/system/sysinit.target.wants/zmfirewall.service
    rm -f /etc/systemd/system/zmfirewall-rollback.service
    rm -f /etc/systemd/system/multi-user.target.wants/zmfirewall-rollback.service
}

# After packages of the mail server have changed: does not wait, the service waits for the end of the upgrade.
after_upgrade() {
    link_command
    make_state
    if [ -d /run/systemd/system ] && find_server &&
        systemctl --quiet is-enabled zmfirewall-recompute.timer 2>/dev/null; then
        # The generator of the unit may find another user, or a queue for mail, than before.
        systemctl daemon-reload || true
        systemctl start --no-block zmfirewall-recompute.service || true
    fi
}
