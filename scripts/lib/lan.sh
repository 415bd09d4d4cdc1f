#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A small LAN of network namespaces on a bridge: machine 0 is the server, 1..N
# are nodes, 10.67.0.(10 + machine). Where namespaces cannot be made (without
# root, in most containers), each machine is a loopback address of its own.

_lan_prefix=dc$$
_lan_size=-1
_lan_namespaces=

lan_up() {
  _lan_size=$1
  [ "$(id -u)" = 0 ] || return 0
  _lan_namespaces=yes
  # A container may allow some of the steps only: then take them back.
  if ! _lan_make 2>/dev/null; then lan_down; fi
}

# No set -e in here, since the caller asks whether it worked.
_lan_make() {
  local machine name
  ip netns add "$_lan_prefix-lan" &&
    ip -n "$_lan_prefix-lan" link add br0 type bridge stp_state 0 forward_delay 0 &&
    ip -n "$_lan_prefix-lan" link set br0 up || return 1
  for machine in $(seq 0 "$_lan_size"); do
    name=$_lan_prefix-$machine
    ip netns add "$name" &&
      ip -n "$name" link set lo up &&
      ip -n "$name" link add eth0 type veth peer name "v$machine" netns "$_lan_prefix-lan" &&
      ip -n "$_lan_prefix-lan" link set "v$machine" master br0 up &&
      ip -n "$name" addr add "10.67.0.$((10 + machine))/24" dev eth0 &&
      ip -n "$name" link set eth0 up || return 1
  done
}

lan_down() {
  [ -n "$_lan_namespaces" ] || return 0
  local machine
  for machine in $(seq 0 "$_lan_size"); do ip netns del "$_lan_prefix-$machine" 2>/dev/null || true; done
  ip netns del "$_lan_prefix-lan" 2>/dev/null || true
  _lan_namespaces=
}

# Where each machine is, for people.
lan_kind() { if [ -n "$_lan_namespaces" ]; then echo "in a network namespace of its own"; else echo "at a loopback address of its own"; fi; }

lan_address() { if [ -n "$_lan_namespaces" ]; then echo "10.67.0.$((10 + $1))"; else echo "127.67.0.$((10 + $1))"; fi; }

# Runs a command on a machine.
lan_run() {
  local machine=$1
  shift
  if [ -n "$_lan_namespaces" ]; then exec ip netns exec "$_lan_prefix-$machine" "$@"; else exec "$@"; fi
}
