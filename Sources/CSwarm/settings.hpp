// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <libtorrent/ip_filter.hpp>
#include <libtorrent/settings_pack.hpp>

#include "CSwarm.h"

namespace cswarm {

/// libtorrent's settings for one machine room: few, fast, friendly peers on one
/// network. Throws std::invalid_argument on a malformed config.
libtorrent::settings_pack make_settings(csw_session_config const& config);

/// Puts all addresses under the limits and unchoke slots that were asked for.
libtorrent::ip_filter one_class_for_all();

}  // namespace cswarm
