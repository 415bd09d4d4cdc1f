// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cerrno>

#include <boost/asio/error.hpp>
#include <libtorrent/error_code.hpp>

namespace cswarm {

inline libtorrent::storage_error make_error(int code, libtorrent::operation_t operation) {
    // libtorrent takes these for passing conditions (ENOENT: a file not begun,
    // for which it then needs a file index), does not stop the torrent
    // and then waits for a piece that never comes. The event keeps the store's own code.
    if (code == ENOMEM || code == ECANCELED || code == ENOENT || code <= 0) code = EIO;
    return libtorrent::storage_error(libtorrent::error_code(code, boost::system::generic_category()), operation);
}

/// libtorrent ignores an answer with this error: the torrent or the session is going away.
inline libtorrent::storage_error aborted(libtorrent::operation_t operation) {
    return libtorrent::storage_error(libtorrent::error_code(boost::asio::error::operation_aborted), operation);
}

}  // namespace cswarm
