/*
 * Blobs of entries, against values made apart from this code with Python's
 * hashlib and PyNaCl (the head's bytes too), and what does not open.
 */
#include "daemon/core/trust/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#define PADDED 256

struct sample {
	uint8_t key[KEY_SIZE], vault_id[ID_SIZE];
	uint8_t author[DEVICE_ID_SIZE];
	uint8_t group[GROUP_ID_SIZE], record[RECORD_ID_SIZE], kid[KID_SIZE];
	uint8_t nonce[NONCE_SIZE], commitment[COMMITMENT_SIZE];
	uint8_t fresh[KEY_SIZE], nonce_secret[KEY_SIZE];
	Fob__Head head;
	Fob__Entry entry;
	uint8_t blob[PLAIN_MAX + TAG_SIZE];
	uint8_t packed[HEAD_MAX];
	uint8_t plain[PLAIN_MAX];
};

static const struct bytes hello = { (const uint8_t *)"hello", 5 };

static void expect_hex(const uint8_t *p, size_t n, const char *want)
{
	char hex[2 * 64 + 1];

	assert_true(n <= 64);
	assert_string_equal(sodium_bin2hex(hex, sizeof(hex), p, n), want);
}

#define DATA(a) ((ProtobufCBinaryData){ sizeof(a), (a) })

static void fill(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	for (uint8_t i = 0; i < KEY_SIZE; i++)
		s->key[i] = i;
	crypto_generichash(s->kid, KID_SIZE, (const uint8_t *)"fob/1 kid", 10,
			   s->key, KEY_SIZE);
	memset(s->vault_id, 0x11, sizeof(s->vault_id));
	memset(s->record, 0x33, sizeof(s->record));
	memset(s->author, 0x44, sizeof(s->author));
	memset(s->fresh, 0x55, sizeof(s->fresh));
	memset(s->nonce_secret, 0x66, sizeof(s->nonce_secret));
	fob__head__init(&s->head);
	fob__entry__init(&s->entry);
	s->head.kind = FOB__KIND__ENTRY;
	s->head.author = DATA(s->author);
	s->head.time = 5;
	s->head.entry = &s->entry;
	s->entry.group = DATA(s->group);
	s->entry.record = DATA(s->record);
	s->entry.kid = DATA(s->kid);
	s->entry.nonce = DATA(s->nonce);
	s->entry.commitment = DATA(s->commitment);
}

/* Seals bytes that are padded already. */
static void seal(struct sample *s, const uint8_t *padded, size_t n)
{
	uint8_t keys[2 * KEY_SIZE];

	assert_int_equal(seal_nonce(s->nonce, &s->head, hello, s->fresh,
				    s->nonce_secret),
			 0);
	seal_keys(keys, &s->head, s->vault_id, s->key);
	memcpy(s->commitment, keys + KEY_SIZE, COMMITMENT_SIZE);
	memmove(s->blob, padded, n);
	assert_int_equal(seal_encrypt(s->blob, n, &s->head, keys), 0);
}

static int unseal(struct sample *s, size_t padded, size_t *ret_len)
{
	struct seal_entry entry = {
		.head = &s->head,
		.head_bytes = { s->packed,
				fob__head__pack(&s->head, s->packed) },
		.blob = { s->blob, padded + TAG_SIZE },
	};

	return seal_decrypt(s->plain, ret_len, &entry, s->vault_id, s->key);
}

static void seal_hello(struct sample *s)
{
	uint8_t padded[PADDED];

	memcpy(padded, hello.p, hello.n);
	seal_pad(padded, hello.n, sizeof(padded));
	seal(s, padded, sizeof(padded));
}

static void test_known(UNUSED void **state)
{
	static struct sample s;
	uint8_t hash[ID_SIZE];

	fill(&s);
	seal_hello(&s);
	expect_hex(s.nonce, NONCE_SIZE,
		   "6ad85dec77a010c90bfd6834fa0bbf535bf37fe006f26818");
	expect_hex(s.commitment, COMMITMENT_SIZE,
		   "90f0ad98638593a938b7f0cb751440f3b90291a5ab61af1824a77de2"
		   "1dffb906");
	crypto_generichash(hash, sizeof(hash), s.blob, PADDED + TAG_SIZE, NULL,
			   0);
	expect_hex(hash, sizeof(hash),
		   "3f849bb61674b932863b975bdec58acb0b9f5ee77801aa861a93bf40"
		   "d0fc0a9f");
}

static void test_opens(UNUSED void **state)
{
	static struct sample s;
	size_t n;

	fill(&s);
	seal_hello(&s);
	assert_int_equal(unseal(&s, PADDED, &n), 0);
	assert_int_equal(n, hello.n);
	assert_memory_equal(s.plain, hello.p, n);
	s.key[0] ^= 1;
	assert_int_equal(unseal(&s, PADDED, &n), SEAL_ERR_FORGED);
	s.key[0] ^= 1;
	s.vault_id[0] ^= 1;
	assert_int_equal(unseal(&s, PADDED, &n), SEAL_ERR_FORGED);
	s.vault_id[0] ^= 1;
	assert_int_equal(unseal(&s, PADDED - 1, &n), SEAL_ERR_FORGED);
	s.entry.nonce.len--;
	assert_int_equal(unseal(&s, PADDED, &n), SEAL_ERR_FORGED);
}

/* The cipher is content, the commitment is not: such a blob has two keys. */
static void test_commitment(UNUSED void **state)
{
	static struct sample s;
	uint8_t keys[2 * KEY_SIZE];
	size_t n;

	fill(&s);
	seal_hello(&s);
	seal_keys(keys, &s.head, s.vault_id, s.key);
	memset(s.blob, 0, PADDED);
	seal_pad(s.blob, 0, PADDED);
	s.commitment[7] ^= 1;
	assert_int_equal(seal_encrypt(s.blob, PADDED, &s.head, keys), 0);
	assert_int_equal(unseal(&s, PADDED, &n), SEAL_ERR_FORGED);
}

/* What the key does not depend on is bound by the associated data. */
static void test_head_is_bound(UNUSED void **state)
{
	static struct sample s;
	size_t n;

	fill(&s);
	seal_hello(&s);
	s.head.time++;
	assert_int_equal(unseal(&s, PADDED, &n), SEAL_ERR_FORGED);
	s.head.time--;
	s.head.prev = DATA(s.vault_id);
	assert_int_equal(unseal(&s, PADDED, &n), SEAL_ERR_FORGED);
	s.head.prev.len = 0;
	assert_int_equal(unseal(&s, PADDED, &n), 0);
}

static void test_sizes(UNUSED void **state)
{
	assert_int_equal(seal_padded(0), 256);
	assert_int_equal(seal_padded(255), 256);
	assert_int_equal(seal_padded(256), 512);
	assert_int_equal(seal_padded(511), 512);
	assert_int_equal(seal_padded(512), 1024);
	assert_int_equal(seal_padded(1023), 1024);
	assert_int_equal(seal_padded(1024), 2048);
	assert_int_equal(seal_padded(PLAIN_MAX - 1), PLAIN_MAX);
	assert_int_equal(seal_padded(PLAIN_MAX), 0);
	assert_int_equal(seal_padded(SIZE_MAX), 0);
}

static void expect_plain_error(const uint8_t *padded, size_t size)
{
	static struct sample s;
	size_t n = 77;

	fill(&s);
	seal(&s, padded, size);
	assert_int_equal(unseal(&s, size, &n), SEAL_ERR_PLAIN);
	assert_int_equal(n, 77);
}

/* One plaintext, one padding: no other may say the same. */
static void test_strict_padding(UNUSED void **state)
{
	uint8_t p[1024] = { 0 };

	expect_plain_error(p, 256); /* nothing but zeros */
	memcpy(p, "hello", 5);
	expect_plain_error(p, 256); /* no mark */
	seal_pad(p, 5, 512);
	expect_plain_error(p, 512); /* fits into 256 */
	seal_pad(p, 300, 1024);
	expect_plain_error(p, 1024); /* fits into 512 */
	seal_pad(p, 5, 300);
	expect_plain_error(p, 300); /* no size of ours */
	seal_pad(p, 5, 256);
	p[255] = 1;
	expect_plain_error(p, 256); /* something behind the mark */
	expect_plain_error(p, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_opens),
		cmocka_unit_test(test_commitment),
		cmocka_unit_test(test_head_is_bound),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_strict_padding),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
