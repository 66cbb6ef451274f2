#include "daemon/core/snapshot.h"

#include <stdlib.h>
#include <string.h>

#define STREAM_HEADER crypto_secretstream_xchacha20poly1305_HEADERBYTES

_Static_assert(STREAM_HEADER == 24, "it is part of the header");
_Static_assert(SNAPSHOT_OUT + 64 < FRAME_MAX, "a part goes to a client whole");

static const uint8_t label_key[] = "fob/1 snapshot"; /* with its NUL */

const char *snapshot_error_text(int error)
{
	static const char *const text[] = {
		[SNAPSHOT_ERR_FOREIGN] = "it is not a snapshot",
		[SNAPSHOT_ERR_VERSION] = "it was made by a newer fob",
		[SNAPSHOT_ERR_WORDS] = "these words do not open it: it was "
				       "made for another kit",
		[SNAPSHOT_ERR_ALTERED] = "it is damaged or was altered",
		[SNAPSHOT_ERR_CUT] = "it is cut short",
		[SNAPSHOT_ERR_LONG] = "it goes on behind its end",
		[SNAPSHOT_ERR_CONTENT] = "it does not hold what its maker "
					 "has signed",
	};

	REQUIRE(error > 0 && (size_t)error < ARRAY_SIZE(text));
	return text[error];
}

/* --- what both sides share ------------------------------------------------------ */

/* Memory for secrets is aligned to 16 only. */
static crypto_generichash_state *hash_of(uint8_t room[static SNAPSHOT_HASH])
{
	return (crypto_generichash_state *)(((uintptr_t)room + 63) &
					    ~(uintptr_t)63);
}

static void put_u32(uint8_t *to, size_t value)
{
	to[0] = (uint8_t)(value >> 24);
	to[1] = (uint8_t)(value >> 16);
	to[2] = (uint8_t)(value >> 8);
	to[3] = (uint8_t)value;
}

static size_t get_u32(const uint8_t *from)
{
	return (size_t)from[0] << 24 | (size_t)from[1] << 16 |
	       (size_t)from[2] << 8 | from[3];
}

/* Where things are in the header. */
enum {
	AT_VERSION = 12,
	AT_VAULT = 16,
	AT_GENERATION = 48,
	AT_RECIPIENT = 52,
	AT_EPHEMERAL = 84,
	AT_STREAM = 116,
};

/*
 * init_push() of libsodium would draw its header from the system; a header of
 * our own makes the same state through init_pull(), which is symmetric.
 */
static int stream_start(crypto_secretstream_xchacha20poly1305_state *stream,
			const uint8_t header[static SNAPSHOT_HEADER],
			const uint8_t secret[static KEY_SIZE],
			const uint8_t public[static KEY_SIZE])
{
	crypto_generichash_state state;
	uint8_t shared[KEY_SIZE], key[KEY_SIZE];

	if (crypto_scalarmult(shared, secret, public))
		return 1;
	crypto_generichash_init(&state, shared, sizeof(shared), sizeof(key));
	crypto_generichash_update(&state, label_key, sizeof(label_key));
	crypto_generichash_update(&state, header, SNAPSHOT_HEADER);
	crypto_generichash_final(&state, key, sizeof(key));
	crypto_secretstream_xchacha20poly1305_init_pull(
		stream, header + AT_STREAM, key);
	sodium_memzero(&state, sizeof(state));
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(key, sizeof(key));
	return 0;
}

/* --- writing ------------------------------------------------------------------- */

int snapshot_writer_init(struct snapshot_writer *writer,
			 const struct snapshot_header *header,
			 const uint8_t entropy[static SNAPSHOT_ENTROPY])
{
	uint8_t *raw = writer->header;

	memset(writer, 0, sizeof(*writer));
	memcpy(raw, SNAPSHOT_MAGIC, AT_VERSION);
	put_u32(raw + AT_VERSION, SNAPSHOT_VERSION);
	memcpy(raw + AT_VAULT, header->vault_id, ID_SIZE);
	put_u32(raw + AT_GENERATION, header->generation);
	memcpy(raw + AT_RECIPIENT, header->recipient, KEY_SIZE);
	crypto_scalarmult_base(raw + AT_EPHEMERAL, entropy);
	memcpy(raw + AT_STREAM, entropy + KEY_SIZE, STREAM_HEADER);
	crypto_generichash_init(hash_of(writer->hash), NULL, 0, 32);
	return stream_start(&writer->stream, raw, entropy, header->recipient);
}

void snapshot_writer_wipe(struct snapshot_writer *writer)
{
	if (writer)
		sodium_memzero(writer, sizeof(*writer));
}

bool snapshot_add(struct snapshot_writer *writer, const Fob__SnapshotPart *part)
{
	size_t n = fob__snapshot_part__get_packed_size(part);

	if (writer->n + 4 + n > sizeof(writer->plain))
		return false;
	put_u32(writer->plain + writer->n, n);
	fob__snapshot_part__pack(part, writer->plain + writer->n + 4);
	writer->n += 4 + n;
	return true;
}

size_t snapshot_write(struct snapshot_writer *writer, bool last,
		      uint8_t ret[static SNAPSHOT_OUT])
{
	unsigned long long sealed = 0;
	size_t n = 0;

	if (!writer->begun) {
		memcpy(ret, writer->header, SNAPSHOT_HEADER);
		n = SNAPSHOT_HEADER;
	}
	writer->begun = true;
	crypto_secretstream_xchacha20poly1305_push(
		&writer->stream, ret + n + 4, &sealed, writer->plain, writer->n,
		NULL, 0,
		last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
	put_u32(ret + n, (size_t)sealed);
	n += 4 + (size_t)sealed;
	sodium_memzero(writer->plain, writer->n);
	writer->n = 0;
	if (last) {
		put_u32(ret + n, 0);
		n += 4;
	}
	crypto_generichash_update(hash_of(writer->hash), ret, n);
	if (!last)
		return n;
	crypto_generichash_final(hash_of(writer->hash), ret + n, 32);
	return n + 32;
}

/* --- reading ------------------------------------------------------------------- */

void snapshot_reader_init(struct snapshot_reader *reader, const struct kit *kit)
{
	memset(reader, 0, sizeof(*reader));
	reader->opens = kit != NULL;
	if (kit) {
		memcpy(reader->secret, kit->wrap_secret, KEY_SIZE);
		memcpy(reader->public, kit->wrap_public, KEY_SIZE);
	}
	reader->first = true;
	reader->want = SNAPSHOT_HEADER;
	crypto_generichash_init(hash_of(reader->hash), NULL, 0, 32);
}

void snapshot_reader_deinit(struct snapshot_reader *reader)
{
	if (!reader)
		return;
	for (unsigned i = 0; i < CLASS_MAX; i++)
		id_list_deinit(&reader->ids[i]);
	sodium_memzero(reader, sizeof(*reader));
}

static void reader_go(struct snapshot_reader *reader, enum snapshot_stage stage,
		      size_t want)
{
	reader->stage = stage;
	reader->have = 0;
	reader->want = want;
}

static int read_header(struct snapshot_reader *reader)
{
	const uint8_t *raw = reader->sealed;
	struct snapshot_header *header = &reader->header;

	memcpy(reader->raw, raw, SNAPSHOT_HEADER);
	if (memcmp(raw, SNAPSHOT_MAGIC, AT_VERSION) != 0)
		return SNAPSHOT_ERR_FOREIGN;
	if (get_u32(raw + AT_VERSION) != SNAPSHOT_VERSION)
		return SNAPSHOT_ERR_VERSION;
	memcpy(header->vault_id, raw + AT_VAULT, ID_SIZE);
	header->generation = (uint32_t)get_u32(raw + AT_GENERATION);
	memcpy(header->recipient, raw + AT_RECIPIENT, KEY_SIZE);
	reader_go(reader, SNAPSHOT_AT_LENGTH, 4);
	if (!reader->opens)
		return 0;
	if (memcmp(header->recipient, reader->public, KEY_SIZE) != 0)
		return SNAPSHOT_ERR_WORDS;
	if (stream_start(&reader->stream, raw, reader->secret,
			 raw + AT_EPHEMERAL))
		return SNAPSHOT_ERR_ALTERED;
	return 0;
}

static int read_length(struct snapshot_reader *reader)
{
	size_t n = get_u32(reader->sealed);

	if (n == 0) {
		if (reader->first || (reader->opens && !reader->final))
			return SNAPSHOT_ERR_ALTERED;
		reader_go(reader, SNAPSHOT_AT_HASH, 32);
		return 0;
	}
	if (n < SNAPSHOT_TAG || n > SNAPSHOT_SEALED || reader->final)
		return SNAPSHOT_ERR_ALTERED;
	reader_go(reader, SNAPSHOT_AT_CHUNK, n);
	return 0;
}

static int read_chunk(struct snapshot_reader *reader)
{
	unsigned long long n = 0;
	unsigned char tag = 0;

	reader->first = false;
	if (reader->opens && crypto_secretstream_xchacha20poly1305_pull(
				     &reader->stream, reader->plain, &n, &tag,
				     reader->sealed, reader->want, NULL, 0))
		return SNAPSHOT_ERR_ALTERED;
	reader->n_plain = (size_t)n;
	reader->at = 0;
	reader->final = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	reader_go(reader, SNAPSHOT_AT_LENGTH, 4);
	return 0;
}

static int read_hash(struct snapshot_reader *reader)
{
	uint8_t hash[32];

	crypto_generichash_final(hash_of(reader->hash), hash, sizeof(hash));
	if (sodium_memcmp(hash, reader->sealed, sizeof(hash)) != 0)
		return SNAPSHOT_ERR_ALTERED;
	reader_go(reader, SNAPSHOT_AT_END, 0);
	return 0;
}

static int read_piece(struct snapshot_reader *reader)
{
	enum snapshot_stage stage = reader->stage;

	if (stage != SNAPSHOT_AT_HASH)
		crypto_generichash_update(hash_of(reader->hash), reader->sealed,
					  reader->want);
	switch (stage) {
	case SNAPSHOT_AT_HEADER:
		return read_header(reader);
	case SNAPSHOT_AT_LENGTH:
		return read_length(reader);
	case SNAPSHOT_AT_CHUNK:
		return read_chunk(reader);
	default:
		return read_hash(reader);
	}
}

int snapshot_feed(struct snapshot_reader *reader, struct bytes *in)
{
	int r = 0;

	while (r == 0 && in->n > 0 && reader->at == reader->n_plain) {
		size_t n = size_min(in->n, reader->want - reader->have);

		if (reader->stage == SNAPSHOT_AT_END)
			return SNAPSHOT_ERR_LONG;
		memcpy(reader->sealed + reader->have, in->p, n);
		reader->have += n;
		*in = (struct bytes){ in->p + n, in->n - n };
		if (reader->have == reader->want)
			r = read_piece(reader);
	}
	return r;
}

/* What does not fill a chunk exactly is an empty part, which is none. */
bool snapshot_next(struct snapshot_reader *reader, struct bytes *ret)
{
	size_t left = reader->n_plain - reader->at, n;

	if (!left)
		return false;
	n = left >= 4 ? get_u32(reader->plain + reader->at) : SIZE_MAX;
	if (left < 4 || n > left - 4) {
		reader->at = reader->n_plain;
		*ret = (struct bytes){ NULL, 0 };
		return true;
	}
	*ret = (struct bytes){ reader->plain + reader->at + 4, n };
	reader->at += 4 + n;
	return true;
}

int snapshot_note(struct snapshot_reader *reader, unsigned class,
		  const uint8_t id[static ID_SIZE])
{
	REQUIRE(class < CLASS_MAX);
	reader->n_items++;
	return id_list_add(&reader->ids[class], id);
}

int snapshot_ended(const struct snapshot_reader *reader)
{
	return reader->stage == SNAPSHOT_AT_END ? 0 : SNAPSHOT_ERR_CUT;
}

static int by_id(const void *a, const void *b)
{
	return memcmp(a, b, ID_SIZE);
}

int snapshot_complete(struct snapshot_reader *reader,
		      const struct snapshot_made *made)
{
	crypto_generichash_state state;
	uint8_t root[ID_SIZE];

	crypto_generichash_init(&state, NULL, 0, sizeof(root));
	for (unsigned i = 0; i < CLASS_MAX; i++) {
		struct id_list *list = &reader->ids[i];

		if (!list->n)
			continue;
		qsort(list->ids, list->n, ID_SIZE, by_id);
		crypto_generichash_update(&state, list->ids, list->n * ID_SIZE);
	}
	crypto_generichash_final(&state, root, sizeof(root));
	if (made->count != reader->n_items ||
	    memcmp(root, made->root, sizeof(root)) != 0)
		return SNAPSHOT_ERR_CONTENT;
	return 0;
}
