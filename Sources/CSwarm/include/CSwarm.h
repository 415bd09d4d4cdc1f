// SPDX-License-Identifier: GPL-3.0-or-later
//
// CSwarm: BitTorrent over libtorrent-rasterbar, as plain C. No C++ type or
// exception crosses this header. `docs/disk-io-contract.md` is the contract
// in words; the comments here are its terms.
//
// Results: 0 is success, a negative value is -errno. A function that takes a
// `csw_message` fills it with one sentence when it fails.
//
// Threads: every function may be called from any thread, except that
// csw_session_destroy must not run beside another call on the same session.
// The piece-store callbacks run on the session's worker threads, several at
// once, never on libtorrent's network thread.

#ifndef DIECAST_CSWARM_H
#define DIECAST_CSWARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csw_session csw_session;

/// A sentence, always NUL-terminated, cut if it does not fit.
typedef struct csw_message {
    char text[512];
} csw_message;

/// Torrents are named by a small number that a session hands out; never reused.
typedef int32_t csw_torrent_id;

/// Where a torrent's pieces live. See `docs/disk-io-contract.md`.
typedef struct csw_piece_store {
    /// Passed to every callback. The shim owns one reference to it from a
    /// successful or failed csw_session_add on, and gives it back by calling
    /// `release` exactly once, after the last other callback has returned.
    void *context;

    /// Fills `buffer` with exactly `length` bytes of `piece`.
    /// Returns 0, or -errno and a sentence.
    int (*read)(void *context, int32_t piece, uint8_t *buffer, size_t length, csw_message *message);

    /// Takes exactly `length` verified bytes of `piece`, valid until it
    /// returns. Called at most once at a time for one piece, and only with
    /// bytes whose Merkle root (or SHA-1, for a v1 torrent) was checked.
    /// Returns 0 once the bytes are where they belong, or -errno and a
    /// sentence; an error stops the torrent.
    int (*write)(void *context, int32_t piece, const uint8_t *bytes, size_t length, csw_message *message);

    void (*release)(void *context);
} csw_piece_store;

typedef struct csw_session_config {
    /// "address:port", "[v6]:port", several joined by commas; port 0 lets the kernel choose.
    const char *listen;
    /// Sent to peers and trackers as the client's name.
    const char *user_agent;
    /// Threads that assemble, hash and call the piece stores. At least 1.
    int32_t worker_threads;
    /// Bytes of partly downloaded pieces held in memory. Above it no new piece
    /// is begun; above it by half, peers are not read from until it falls.
    uint64_t arena_bytes;
    /// Bytes of verified whole pieces kept for serving.
    uint64_t cache_bytes;
    int32_t connections_limit;
    int32_t unchoke_slots;
    /// Bytes a second; 0 is unlimited.
    int32_t upload_rate_limit;
    int32_t download_rate_limit;
    /// Local service discovery (BEP 14).
    bool local_discovery;
} csw_session_config;

/// Starts a session. `*out` is NULL on failure.
int csw_session_create(const csw_session_config *config, csw_session **out, csw_message *message);

/// Stops everything, waits for running callbacks, releases every piece-store
/// context, frees the session. NULL is allowed.
void csw_session_destroy(csw_session *session);

/// The TCP port that the session listens on, or 0 while it has none.
uint16_t csw_session_listen_port(csw_session *session);

typedef struct csw_add_options {
    /// A .torrent file: v2, v1 or hybrid.
    const uint8_t *torrent;
    size_t torrent_length;
    /// One bit a piece, most significant first (as BEP 3's bitfield): pieces
    /// that the store has already. NULL: none. Ignored when `seed` is set.
    const uint8_t *have;
    size_t have_length;
    /// One byte a piece, 0 (do not fetch) to 7; NULL: 4 for all.
    const uint8_t *priorities;
    size_t priorities_length;
    /// The store has every piece.
    bool seed;
    /// Tracker URLs beside those in the torrent.
    const char *const *trackers;
    size_t tracker_count;
} csw_add_options;

/// Adds a torrent and starts it. A hostile torrent is an error (-EINVAL),
/// never a crash. On any outcome the shim owns one reference to
/// `store.context`.
int csw_session_add(csw_session *session, const csw_add_options *options, csw_piece_store store,
                    csw_torrent_id *out, csw_message *message);

/// Removes a torrent; its context is released once no callback can run.
int csw_session_remove(csw_session *session, csw_torrent_id torrent);

/// Connects to a peer at a numeric address.
int csw_torrent_add_peer(csw_session *session, csw_torrent_id torrent, const char *address, uint16_t port);

/// Replaces all piece priorities (0 to 7, one byte a piece).
int csw_torrent_set_priorities(csw_session *session, csw_torrent_id torrent, const uint8_t *priorities,
                               size_t count);

typedef struct csw_torrent_status {
    int32_t pieces_total;
    int32_t pieces_have;
    int32_t peers;
    int32_t seeds;
    /// Every wanted piece was written.
    bool finished;
    /// The torrent is stopped by an error; the event said which.
    bool failed;
    /// Payload bytes since the torrent was added, and per second now.
    uint64_t downloaded;
    uint64_t uploaded;
    uint64_t download_rate;
    uint64_t upload_rate;
    /// Bytes held by partly downloaded pieces, and by the cache, session-wide.
    uint64_t arena_bytes;
    uint64_t cache_bytes;
    /// Pieces that were fetched from the store for peers, and requests that
    /// the cache answered, session-wide.
    uint64_t store_reads;
    uint64_t cache_hits;
    /// Pieces whose hash was wrong, from any peer.
    uint64_t hash_failures;
} csw_torrent_status;

int csw_torrent_get_status(csw_session *session, csw_torrent_id torrent, csw_torrent_status *out);

/// Copies the have-bitfield (most significant bit first). Returns the number
/// of pieces, or -errno; writes at most `capacity` bytes.
int32_t csw_torrent_get_have(csw_session *session, csw_torrent_id torrent, uint8_t *bits, size_t capacity);

typedef struct csw_peer {
    /// Numeric address without port.
    char address[48];
    uint16_t port;
    bool connected;
    /// Payload bytes from and to this address since the torrent was added,
    /// kept after it disconnects. Ports of one address are added together.
    uint64_t downloaded;
    uint64_t uploaded;
} csw_peer;

/// Copies at most `capacity` peers; returns how many there are, or -errno.
int32_t csw_torrent_get_peers(csw_session *session, csw_torrent_id torrent, csw_peer *out, size_t capacity);

typedef enum csw_event_kind {
    csw_event_none = 0,
    /// Every wanted piece is there (again, after priorities changed).
    csw_event_finished = 1,
    /// The torrent stopped: `code` is -errno, `message` names what failed.
    csw_event_torrent_error = 2,
    /// A store could not read a piece; peers were told and the swarm goes on.
    csw_event_read_error = 3,
    csw_event_listen_failed = 4,
    csw_event_listening = 5,
    csw_event_tracker_error = 6,
    csw_event_tracker_reply = 7,
    /// A peer was dropped or banned for what it sent; `message` names it.
    csw_event_peer_banned = 8,
    csw_event_hash_failed = 9,
} csw_event_kind;

typedef struct csw_event {
    csw_event_kind kind;
    csw_torrent_id torrent;
    int32_t code;
    int32_t piece;
    csw_message message;
} csw_event;

/// Waits at most `timeout_ms` for an event. Returns 1 and fills `out`, or 0.
int csw_session_next_event(csw_session *session, int32_t timeout_ms, csw_event *out);

/// The Merkle root (BEP 52) of `length` bytes over 16 KiB blocks, the leaf
/// count padded with zero hashes to a power of two, as the shim itself
/// computes it; for tests that compare it with Swift's.
void csw_pieces_root(const uint8_t *bytes, size_t length, uint8_t out[32]);

/// "2.0.8.0": the libtorrent that is linked.
const char *csw_libtorrent_version(void);

#ifdef __cplusplus
}
#endif

#endif
