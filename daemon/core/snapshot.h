/*
 * The format of snapshot files (proto/README.md, "Snapshots").
 *
 * All carried items and their blobs, encrypted to the recovery key, in chunks
 * that may be made and read one after another; whole and unaltered, or
 * refused with the reason. Bytes only: a writer is fed with packed parts and
 * gives bytes, a reader is fed with bytes and gives parts. What the parts say
 * is their owner's business. Both hold keys, belong into secret memory, and
 * never move.
 */
#ifndef FOB_CORE_SNAPSHOT_H
#define FOB_CORE_SNAPSHOT_H

#include <sodium.h>

#include "daemon/core/set/reconcile.h"
#include "daemon/core/trust/kit.h"
#include "proto/base.h"
#include "proto/limits.h"
#include "proto/snapshot.pb-c.h"

enum {
	SNAPSHOT_ERR_FOREIGN = 1, /* not a snapshot */
	SNAPSHOT_ERR_VERSION,	  /* of a newer fob */
	SNAPSHOT_ERR_WORDS,	  /* sealed for another kit than this */
	SNAPSHOT_ERR_ALTERED,	  /* does not verify */
	SNAPSHOT_ERR_CUT,	  /* ends too early */
	SNAPSHOT_ERR_LONG,	  /* goes on behind its end */
	SNAPSHOT_ERR_CONTENT,	  /* it verifies, and says nonsense */
};

/* "it is cut short", ...: for people. */
const char *snapshot_error_text(int error);

#define SNAPSHOT_VERSION 1
#define SNAPSHOT_MAGIC "fob snapshot" /* 12 bytes */
#define SNAPSHOT_HEADER (12 + 4 + 32 + 4 + 32 + 32 + 24)
#define SNAPSHOT_TAG crypto_secretstream_xchacha20poly1305_ABYTES
#define SNAPSHOT_SEALED (SNAPSHOT_PLAIN + SNAPSHOT_TAG)
#define SNAPSHOT_END (4 + 32) /* a length of 0, and the hash */
/* What one call of snapshot_write() may give. */
#define SNAPSHOT_OUT (SNAPSHOT_HEADER + 4 + SNAPSHOT_SEALED + SNAPSHOT_END)
#define SNAPSHOT_ENTROPY 64
/* Room for a state of libsodium's that wants to lie at a multiple of 64. */
#define SNAPSHOT_HASH (sizeof(crypto_generichash_state) + 63)

/* What stands outside, for everybody to read. */
struct snapshot_header {
	uint8_t vault_id[ID_SIZE];
	uint32_t generation;
	uint8_t recipient[KEY_SIZE]; /* the kit's X25519 key */
};

struct snapshot_writer {
	crypto_secretstream_xchacha20poly1305_state stream;
	uint8_t hash[SNAPSHOT_HASH]; /* of all bytes so far */
	uint8_t header[SNAPSHOT_HEADER];
	bool begun;
	uint8_t plain[SNAPSHOT_PLAIN]; /* parts that wait */
	size_t n;
};

/* entropy: SNAPSHOT_ENTROPY fresh bytes. 0; 1: the key is of low order. */
int snapshot_writer_init(struct snapshot_writer *writer,
			 const struct snapshot_header *header,
			 const uint8_t entropy[static SNAPSHOT_ENTROPY]);
void snapshot_writer_wipe(struct snapshot_writer *writer);
/* False: it does not fit any more, write first. The part is then untouched. */
bool snapshot_add(struct snapshot_writer *writer,
		  const Fob__SnapshotPart *part);
/* The parts so far as bytes of the file; last: and its end. */
size_t snapshot_write(struct snapshot_writer *writer, bool last,
		      uint8_t ret[static SNAPSHOT_OUT]);

enum snapshot_stage {
	SNAPSHOT_AT_HEADER,
	SNAPSHOT_AT_LENGTH,
	SNAPSHOT_AT_CHUNK,
	SNAPSHOT_AT_HASH,
	SNAPSHOT_AT_END,
};

struct snapshot_reader {
	bool opens;				    /* there is a kit */
	uint8_t secret[KEY_SIZE], public[KEY_SIZE]; /* its X25519 keys */
	enum snapshot_stage stage;
	struct snapshot_header header; /* from AT_LENGTH on */
	uint8_t raw[SNAPSHOT_HEADER];
	crypto_secretstream_xchacha20poly1305_state stream;
	uint8_t hash[SNAPSHOT_HASH];
	bool first, final; /* chunks: none was read; the last one was */
	size_t have, want;
	uint8_t sealed[SNAPSHOT_SEALED];
	uint8_t plain[SNAPSHOT_PLAIN];
	size_t n_plain, at;	       /* parts not yet given */
	struct id_list ids[CLASS_MAX]; /* of the items in it */
	uint64_t n_items;
};

/* kit NULL: only what can be seen from outside is looked at. */
void snapshot_reader_init(struct snapshot_reader *reader,
			  const struct kit *kit);
void snapshot_reader_deinit(struct snapshot_reader *reader); /* NULL is fine */

/*
 * Takes bytes until a chunk has been opened or *in is empty; then all parts
 * are to be taken with snapshot_next(). 0 or SNAPSHOT_ERR_*.
 */
int snapshot_feed(struct snapshot_reader *reader, struct bytes *in);
/* A packed SnapshotPart, valid until the next feed; false: none waits. */
bool snapshot_next(struct snapshot_reader *reader, struct bytes *ret);
/* An item of it; told by whoever has parsed it. 0 or -ENOMEM. */
int snapshot_note(struct snapshot_reader *reader, unsigned class,
		  const uint8_t id[static ID_SIZE]);
/* The file has ended: was that its end? 0 or SNAPSHOT_ERR_*. */
int snapshot_ended(const struct snapshot_reader *reader);

/* What the device that made it has signed. */
struct snapshot_made {
	uint8_t device[DEVICE_ID_SIZE];
	uint64_t time, count;
	uint8_t root[ID_SIZE];
};
/* Are the items noted those that were signed? 0 or SNAPSHOT_ERR_CONTENT. */
int snapshot_complete(struct snapshot_reader *reader,
		      const struct snapshot_made *made);

#endif
